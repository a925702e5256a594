"""Conditional requests: an answer that we have already is not sent again (ETag, RFC 9110, 13).

A vendor is asked every time, so that nothing is ever out of date. Only requests that name in
`extensions["keep"]` what they are about take part; whoever hears that it moved may let
`HttpClients.forget` forget all that is kept about it.
"""

from http import HTTPStatus

import httpx

from sync_assets.http.dialect import Dialect
from sync_assets.http.kept import Kept, KeptAnswers, key_of
from sync_assets.http.public import origin

LARGEST_ANSWER = 4_000_000
_DESCRIBING = ("content-type", "etag", "last-modified", "link")
"""Headers that a 304 need not repeat; all others are those of the newest answer: its date."""
_OF_A_BODY = frozenset({*_DESCRIBING, "content-encoding", "content-length", "transfer-encoding"})


class ConditionalTransport(httpx.BaseTransport):
    """Over `inner`; for one credential at one origin."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        dialect: Dialect,
        base_url: httpx.URL,
        *,
        credential: str,
        kept: KeptAnswers,
    ) -> None:
        self._inner = inner
        self._dialect = dialect
        self._origin = origin(base_url)
        self._credential = credential
        self._kept = kept

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        subject = request.extensions.get("keep")
        if subject is None or request.method != "GET" or origin(request.url) != self._origin:
            return self._inner.handle_request(request)
        key = key_of(self._credential, str(request.url), request.headers.get("accept", ""))
        kept = self._kept.get(key)
        # After a redirect it would be that of the other address.
        request.headers.pop("if-none-match", None)
        if kept is not None:
            request.headers["if-none-match"] = kept.etag
        response = self._inner.handle_request(request)
        if kept is not None and response.status_code == HTTPStatus.NOT_MODIFIED:
            return _whole(request, response, kept)
        if self._keepable(response):
            self._kept.put(key, subject, _kept(response))
        return response

    def _keepable(self, response: httpx.Response) -> bool:
        return (
            response.status_code == HTTPStatus.OK
            and "etag" in response.headers
            and len(response.content) <= LARGEST_ANSWER
            and not self._dialect.may_grow_unseen(response)
        )

    def close(self) -> None:
        self._inner.close()


def _kept(response: httpx.Response) -> Kept:
    headers = {name: response.headers[name] for name in _DESCRIBING if name in response.headers}
    return Kept(response.headers["etag"], headers, response.content)


def _whole(request: httpx.Request, unchanged: httpx.Response, kept: Kept) -> httpx.Response:
    """The answer as it would have come."""
    fresh = {name: value for name, value in unchanged.headers.items() if name not in _OF_A_BODY}
    return httpx.Response(
        HTTPStatus.OK,
        headers=fresh | kept.headers,
        content=kept.body,
        request=request,
        extensions=unchanged.extensions,
    )
