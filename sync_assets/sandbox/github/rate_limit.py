"""`GET /rate_limit`: the budgets of the token that asks, for free."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.access import Tokens, api_token
from sync_assets.sandbox.github.answers import failure
from sync_assets.sandbox.github.gate import REST
from sync_assets.sandbox.github.limits import Limits


@dataclass(frozen=True, slots=True)
class RateLimit:
    """https://docs.github.com/rest/rate-limit/rate-limit."""

    limits: Limits
    tokens: Tokens

    def routes(self) -> list[Route]:
        """One."""
        return [Route(f"{REST}/rate_limit", self._show, methods=["GET"])]

    def _show(self, request: Request) -> Response:
        token = api_token(request.headers.get("authorization"))
        if token is not None and token not in self.tokens:
            return failure(401, "Bad credentials")
        core = self.limits.state(token, "core")
        untouched = {**core, "remaining": core["limit"], "used": 0}
        graphql = self.limits.state(token, "graphql")
        resources = {"core": core, "graphql": graphql, "search": untouched}
        return JSONResponse({"resources": resources, "rate": core})
