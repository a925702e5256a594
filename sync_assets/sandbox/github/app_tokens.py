"""What an App asks with its own signature: its installation, and a token of it.

https://docs.github.com/rest/apps/apps
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.github.answers import failure, not_found
from sync_assets.sandbox.github.app_signature import signed_by
from sync_assets.sandbox.github.apps import PERMISSIONS, SUSPENDED, Apps
from sync_assets.sandbox.github.gate import REST


@dataclass(frozen=True, slots=True)
class AppTokens:
    """Two endpoints."""

    apps: Apps

    def routes(self) -> list[Route]:
        """Both need the App's signature."""
        one = f"{REST}/app/installations/{{number:int}}/access_tokens"
        of_repository = f"{REST}/repos/{{owner}}/{{name}}/installation"
        return [
            Route(one, self._access_tokens, methods=["POST"]),
            Route(of_repository, self._of_repository, methods=["GET"]),
        ]

    def _access_tokens(self, request: Request) -> Response:
        app = signed_by(self.apps, request)
        if isinstance(app, Response):
            return app
        installation = self.apps.installations.get(request.path_params["number"])
        if installation is None or installation.app != app:
            return not_found()
        if installation.suspended:
            return failure(403, SUSPENDED)
        token = self.apps.issue(installation)
        shown = {
            "token": token,
            "expires_at": f"{self.apps.issued[token].expires_at:%Y-%m-%dT%H:%M:%SZ}",
            "permissions": PERMISSIONS,
            "repository_selection": "selected",
        }
        return JSONResponse(shown, 201)

    def _of_repository(self, request: Request) -> Response:
        app = signed_by(self.apps, request)
        if isinstance(app, Response):
            return app
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        for each in self.apps.on(name):
            if each.app == app:
                return JSONResponse({"id": each.number, "app_slug": "sync-assets"})
        return not_found()
