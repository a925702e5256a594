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
from sync_assets.sandbox.github.hooks import Hooks, app_place
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
            self._route(log, "GET", "app-deliveries", HookLog.page),
            self._route(one, "GET", "app-delivery", HookLog.delivery),
            self._route(f"{one}/attempts", "POST", "app-redeliver", HookLog.redeliver),
        ]

    def _route(
        self, path: str, method: str, service: str, endpoint: Callable[[HookLog], Response]
    ) -> Route:
        def answer(request: Request) -> Response:
            request_of(request.scope).service = service
            app = signed_by(self.apps, request)
            if isinstance(app, Response):
                return app
            hook = next(iter(self.hooks.of(app_place(app))), None)
            return not_found() if hook is None else endpoint(HookLog(request, self.hooks, hook))

        return Route(path, answer, methods=[method])


def _config(log: HookLog) -> Response:
    return JSONResponse(log.hook.config)
