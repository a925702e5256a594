"""One vendor's client: an `httpx.Client` over the governed transport."""

import os
import ssl
import urllib.request
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Any

import httpx

from sync_assets.control.database import Clock
from sync_assets.errors import UnexpectedPayload
from sync_assets.http.conditional import ConditionalTransport
from sync_assets.http.credentials import Credential
from sync_assets.http.dialect import Dialect
from sync_assets.http.kept import KeptAnswers
from sync_assets.http.public import called, keep_logs_clean
from sync_assets.http.rate_limit import Governor
from sync_assets.http.transport import GovernedTransport

USER_AGENT = f"sync-assets/{version('sync-assets')}"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# As many as calls: the governor bounds those, and what it let through must not wait again.
CONNECTIONS = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=30)


_READ = httpx.ByteStream(b"")


class Client(httpx.Client):
    """Follows redirects, but not one whose status the caller accepts as an answer."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - as httpx has them
        accept = request.extensions.get("accept", ())
        if _REDIRECTS.intersection(accept):
            options["follow_redirects"] = False
        try:
            response = super().send(request, **options)
        except httpx.TooManyRedirects:
            raise UnexpectedPayload(f"{called(request)}: redirects without end") from None
        if response.is_closed:
            # Its stream refers back to it: bodies would pile up until a collection of everything.
            response.stream = _READ
        return response


def open_client(
    dialect: Dialect,
    base_url: str,
    credential: Credential,
    *,
    governor: Governor,
    clock: Clock,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    timeout_seconds: float,
    kept: KeptAnswers | None = None,
) -> httpx.Client:
    """A client that is open, for any number of threads. It speaks HTTP/1.1, over a pool of
    connections (docs/adr/0007).
    """
    keep_logs_clean()
    transport: httpx.BaseTransport = GovernedTransport(
        httpx.HTTPTransport(
            _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
            limits=CONNECTIONS,
            proxy=_proxy(httpx.URL(base_url)),
        ),
        dialect,
        httpx.URL(base_url),
        credential=credential.key,
        governor=governor,
        clock=clock,
        monotonic=monotonic,
        sleep=sleep,
    )
    if kept is not None:
        transport = ConditionalTransport(
            transport, dialect, httpx.URL(base_url), credential=credential.key, kept=kept
        )
    return Client(
        base_url=base_url,
        auth=credential.auth,
        headers={"User-Agent": USER_AGENT, **dialect.headers},
        timeout=timeout_seconds,
        follow_redirects=True,
        transport=transport,
        trust_env=False,  # proxies stand under our transport, and no token comes from a .netrc
    )


@cache
def _trusted(file: str | None, folder: str | None) -> ssl.SSLContext:
    """The authorities that the environment names, or those that httpx brings: read once for all
    clients, since that takes longer than any call to a vendor takes us.
    """
    return httpx.create_ssl_context()


def _proxy(url: httpx.URL) -> str | None:
    """The proxy that the environment names for that address: HTTPS_PROXY and its kin."""
    if urllib.request.proxy_bypass(url.host):
        return None
    return urllib.request.getproxies().get(url.scheme)
