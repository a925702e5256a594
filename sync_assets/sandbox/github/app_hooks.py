"""REST over an App's own webhook: where it calls, and what it sent. By the App's signature.

https://docs.github.com/en/rest/apps/webhooks
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.github.answers import not_found
from sync_assets.sandbox.github.app_signature import signed_by
from sync_assets.sandbox.github.apps import Apps
from sync_assets.sandbox.github.gate import REST
from sync_assets.sandbox.github.hook_log import HookLog
from sync_assets.sandbox.github.hooks import Hook, Hooks, app_place
from sync_assets.sandbox.traffic import request_of


@dataclass(frozen=True, slots=True)
class AppHooks:
    """`Request.service` is the name given here to each endpoint. An App without a hook has none of
    them.
    """

    apps: Apps
    hooks: Hooks

    def routes(self) -> list[Route]:
        """All below the App."""
        place, log = f"{REST}/app/hook", f"{REST}/app/hook/deliveries"
        one = f"{log}/{{delivery:int}}"
        return [
            self._route(f"{place}/config", "GET", "app-hook", _config),
            Route(f"{place}/config", self._update, methods=["PATCH"]),
            self._route(log, "GET", "app-deliveries", HookLog.page),
            self._route(one, "GET", "app-delivery", HookLog.delivery),
            self._route(f"{one}/attempts", "POST", "app-redeliver", HookLog.redeliver),
        ]

    def _route(
        self, path: str, method: str, service: str, endpoint: Callable[[HookLog], Response]
    ) -> Route:
        def answer(request: Request) -> Response:
            request_of(request.scope).service = service
            hook = self._hook(request)
            return (
                hook if isinstance(hook, Response) else endpoint(HookLog(request, self.hooks, hook))
            )

        return Route(path, answer, methods=[method])

    async def _update(self, request: Request) -> Response:
        """A part of it, or all."""
        request_of(request.scope).service = "update-app-hook"
        hook = self._hook(request)
        if isinstance(hook, Response):
            return hook
        config = await request.json()
        hook.url, hook.secret = config.get("url", hook.url), config.get("secret", hook.secret)
        hook.content_type = config.get("content_type", hook.content_type)
        return JSONResponse(hook.config)

    def _hook(self, request: Request) -> Hook | Response:
        """That of the App that signed, or the answer that refuses the request."""
        app = signed_by(self.apps, request)
        if isinstance(app, Response):
            return app
        return next(iter(self.hooks.of(app_place(app))), None) or not_found()


def _config(log: HookLog) -> Response:
    return JSONResponse(log.hook.config)
