"""What an App asks with its own signature: its installation, and a token of it.

https://docs.github.com/rest/apps/apps
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.access import api_token
from sync_assets.sandbox.github.answers import failure, not_found
from sync_assets.sandbox.github.apps import SUSPENDED, Apps
from sync_assets.sandbox.github.gate import REST

if TYPE_CHECKING:
    from jwt.types import Options

_LONGEST_SIGNATURE = timedelta(minutes=10)
_PERMISSIONS = {"contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read"}


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
        app = self._signed_by(request)
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
            "permissions": _PERMISSIONS,
            "repository_selection": "selected",
        }
        return JSONResponse(shown, 201)

    def _of_repository(self, request: Request) -> Response:
        app = self._signed_by(request)
        if isinstance(app, Response):
            return app
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        for each in self.apps.installations.values():
            if each.app == app and any(fnmatchcase(name, pattern) for pattern in each.repositories):
                return JSONResponse({"id": each.number, "app_slug": "sync-assets"})
        return not_found()

    def _signed_by(self, request: Request) -> str | Response:
        """The App whose signature this is, by the sandbox's clock."""
        import jwt

        token = api_token(request.headers.get("authorization")) or ""
        try:
            app: str = jwt.decode(token, options={"verify_signature": False})["iss"]
            # Its own clock is the machine's, which the sandbox's need not be.
            unclocked: Options = {"verify_exp": False, "verify_iat": False}
            claims = jwt.decode(token, self.apps.keys[app], algorithms=["RS256"], options=unclocked)
        except (jwt.InvalidTokenError, KeyError):
            return failure(401, "A JSON web token could not be decoded")
        return app if self._timely(claims) else failure(401, "'Expiration time' claim ('exp')")

    def _timely(self, claims: Mapping[str, Any]) -> bool:
        now, longest = self.apps.clock().timestamp(), _LONGEST_SIGNATURE.total_seconds()
        return claims["iat"] <= now < claims["exp"] <= now + longest
