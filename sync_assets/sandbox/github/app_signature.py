"""Which App a request is signed by.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from sync_assets.sandbox.access import api_token
from sync_assets.sandbox.github.answers import failure
from sync_assets.sandbox.github.apps import Apps

if TYPE_CHECKING:
    from jwt.types import Options

_LONGEST = timedelta(minutes=10)


def signed_by(apps: Apps, request: Request) -> str | Response:
    """The App's id, by the sandbox's clock; or the answer that refuses the request."""
    import jwt

    token = api_token(request.headers.get("authorization")) or ""
    try:
        app: str = jwt.decode(token, options={"verify_signature": False})["iss"]
        # Its own clock is the machine's, which the sandbox's need not be.
        unclocked: Options = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(token, apps.keys[app], algorithms=["RS256"], options=unclocked)
    except (jwt.InvalidTokenError, KeyError):
        return failure(401, "A JSON web token could not be decoded")
    return app if _timely(apps, claims) else failure(401, "'Expiration time' claim ('exp')")


def _timely(apps: Apps, claims: Mapping[str, Any]) -> bool:
    now, longest = apps.clock().timestamp(), _LONGEST.total_seconds()
    return claims["iat"] <= now < claims["exp"] <= now + longest
