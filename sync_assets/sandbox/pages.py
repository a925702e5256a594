"""The page behind a permalink: one file at one commit, as plain text."""

import subprocess
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.repositories import Repositories


@dataclass(frozen=True, slots=True)
class FilePages:
    """`/owner/name/blob/COMMIT/PATH` of public repositories, where GitHub has it too."""

    repositories: Repositories

    def routes(self) -> list[Route]:
        """One."""
        return [Route("/{owner}/{name}/blob/{commit}/{path:path}", self._page, methods=["GET"])]

    def _page(self, request: Request) -> Response:
        facts = request.path_params
        repository = self.repositories.find(f"{facts['owner']}/{facts['name']}")
        if repository is None or repository.private:
            return PlainTextResponse("Not Found", status_code=404)
        shown = subprocess.run(
            ["git", "cat-file", "blob", f"{facts['commit']}:{facts['path']}"],
            cwd=repository.path,
            capture_output=True,
            check=False,
        )
        if shown.returncode:
            return PlainTextResponse("Not Found", status_code=404)
        return Response(shown.stdout, media_type="text/plain; charset=utf-8")
