"""The raw host: `/raw/OWNER/NAME/REF/PATH`, as raw.githubusercontent.com serves files."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.github.answers import tagged
from sync_assets.sandbox.github.gate import Gate
from sync_assets.sandbox.github.objects import Objects


@dataclass(frozen=True, slots=True)
class RawHost:
    """Files by commit or branch. What is private needs the token, as it does at GitHub at times."""

    gate: Gate
    objects: Objects

    def routes(self) -> list[Route]:
        """One."""
        return [Route("/raw/{owner}/{name}/{ref}/{path:path}", self._show, methods=["GET"])]

    def _show(self, request: Request) -> Response:
        facts = request.path_params
        repository = self.gate.repository(request)
        if isinstance(repository, Response):
            return _absent()
        commit = self.objects.commit(repository, facts["ref"])
        found = self.objects.read(repository, f"{commit}:{facts['path']}") if commit else None
        if found is None or found.kind != "blob":
            return _absent()
        answer = Response(found.data, media_type=_media_type(found.data))
        answer.headers["cache-control"] = "max-age=300"
        return tagged(request, answer, found.oid)


def _absent() -> Response:
    return PlainTextResponse("404: Not Found", status_code=404)


def _media_type(data: bytes) -> str:
    binary = b"\0" in data[:8000]
    return "application/octet-stream" if binary else "text/plain; charset=utf-8"
