"""Archives: the API redirects to the host that serves them, and git makes them.

https://docs.github.com/rest/repos/contents#download-a-repository-archive-tar
"""

import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from sync_assets.sandbox.github.answers import base_url, not_found
from sync_assets.sandbox.github.gate import Gate
from sync_assets.sandbox.github.objects import Objects
from sync_assets.sandbox.repositories import Repository, git_environment

_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Archives:
    """Links to private archives carry their own permission and need no token."""

    gate: Gate
    objects: Objects
    _links: set[str] = field(default_factory=set[str])

    def routes(self) -> list[Route]:
        """The redirect below a repository, and the archive at its own address."""
        routes = self.gate.routes
        place = "/codeload/{owner}/{name}/legacy.tar.gz/{ref:path}"
        return [
            *routes("/tarball", self._redirect),
            *routes("/tarball/{ref:path}", self._redirect),
            Route(place, self._archive, methods=["GET"]),
        ]

    def _redirect(self, request: Request, repository: Repository) -> Response:
        ref = request.path_params.get("ref", "HEAD")
        if self.objects.commit(repository, ref) is None:
            return not_found()
        url = f"{base_url(request)}/codeload/{repository.name}/legacy.tar.gz/{ref}"
        if repository.private:
            link = secrets.token_hex(8)
            self._links.add(link)
            url += f"?token={link}"
        return Response(status_code=302, headers={"location": url})

    def _archive(self, request: Request) -> Response:
        facts = request.path_params
        repository = self.gate.repositories.find(f"{facts['owner']}/{facts['name']}")
        if repository is None:
            return PlainTextResponse("404: Not Found", 404)
        if repository.private and request.query_params.get("token") not in self._links:
            return PlainTextResponse("404: Not Found", 404)
        commit = self.objects.commit(repository, facts["ref"])
        if commit is None:
            return PlainTextResponse("404: Not Found", 404)
        return StreamingResponse(_archived(repository, commit), media_type="application/x-gzip")


def _archived(repository: Repository, commit: str) -> Iterator[bytes]:
    """`git archive`, with the folder that GitHub puts around everything."""
    folder = f"{repository.name.replace('/', '-')}-{commit[:7]}/"
    process = subprocess.Popen(
        ["git", "archive", "--format=tar.gz", f"--prefix={folder}", commit],
        cwd=repository.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=git_environment(),
    )
    with process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            while data := process.stdout.read(_PIECE_BYTES):
                yield data
        finally:
            process.kill()
