"""What became of a request that got no answer, or an answer that is damaged. Pure."""

import json
from http import HTTPStatus

import httpx

from sync_assets.errors import SourceError, SourceRejectedUs, SourceUnavailable
from sync_assets.http.public import called

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


def network_error(request: httpx.Request, error: httpx.HTTPError) -> SourceError:
    """What became of a request that got no answer; the library's text is not repeated."""
    what = called(request)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return SourceRejectedUs(f"{what}: cannot be sent: look at the address and the token")
    if isinstance(error, httpx.TimeoutException):
        return SourceUnavailable(f"{what}: no answer in time")
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return SourceUnavailable(f"{what}: no connection")
    return SourceUnavailable(f"{what}: the answer broke off or is damaged")


def broken(response: httpx.Response) -> SourceError | None:
    """Where JSON was asked for: a page for people, or JSON that does not parse."""
    if not response.is_success or response.status_code in _BODILESS:
        return None
    what = called(response.request)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html" and "json" in response.request.headers.get("accept", ""):
        return SourceUnavailable(f"{what}: a web page came instead of JSON")
    # GitHub calls a file's own bytes `vnd.github.raw+json`.
    is_json = kind == "application/json" or (kind.endswith("+json") and ".raw" not in kind)
    if is_json and response.request.method != "HEAD":
        try:
            json.loads(response.content)
        except (ValueError, RecursionError):
            return SourceUnavailable(f"{what}: the JSON is damaged")
    return None
