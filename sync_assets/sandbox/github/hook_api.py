"""REST over a repository's webhooks.

https://docs.github.com/en/rest/repos/webhooks
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.access import Tokens, api_token, refusal
from sync_assets.sandbox.github.answers import base_url, failure, not_found
from sync_assets.sandbox.github.courier import Courier
from sync_assets.sandbox.github.gate import REST
from sync_assets.sandbox.github.hook_log import HookLog
from sync_assets.sandbox.github.hooks import MOST_HOOKS, Hook, Hooks
from sync_assets.sandbox.github.rest_pages import page_of
from sync_assets.sandbox.github.times import time_text
from sync_assets.sandbox.repositories import Repositories, Repository
from sync_assets.sandbox.traffic import request_of

_APP_EVENTS = frozenset({"installation", "installation_repositories"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who may administer the repository."""

    request: Request
    repository: Repository
    body: Mapping[str, Any]
    hooks: Hooks
    courier: Courier

    @property
    def api(self) -> str:
        """The repository's address in the API."""
        return f"{base_url(self.request)}{REST}/repos/{self.repository.name}"

    @property
    def hook(self) -> Hook | None:
        """The hook that is asked for."""
        return self.hooks.find(self.repository.number, self.request.path_params["hook"])

    def shape(self, hook: Hook) -> dict[str, object]:
        """A hook, without its secret."""
        url = f"{self.api}/hooks/{hook.number}"
        last = hook.attempts[-1].outcome if hook.attempts else None
        return {
            "type": "Repository",
            "id": hook.number,
            "name": "web",
            "active": hook.active,
            "events": list(hook.events),
            "config": hook.config,
            "created_at": time_text(hook.created_at),
            "updated_at": time_text(hook.updated_at),
            "url": url,
            "test_url": f"{url}/test",
            "ping_url": f"{url}/pings",
            "deliveries_url": f"{url}/deliveries",
            "last_response": {
                "code": None if last is None else last.status,
                "status": "unused" if last is None else "active",
                "message": None if last is None else last.text,
            },
        }


Endpoint = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class HookApi:
    """`Request.service` is the name given here to each endpoint."""

    repositories: Repositories
    tokens: Tokens
    hooks: Hooks
    courier: Courier

    def routes(self) -> list[Route]:
        """All below a repository."""
        one, log = "/hooks/{hook:int}", "/hooks/{hook:int}/deliveries"
        endpoints: Sequence[tuple[str, str, str, Endpoint]] = (
            ("/hooks", "GET", "hooks", _list),
            ("/hooks", "POST", "create-hook", _create),
            (one, "GET", "hook", _of_hook(_show)),
            (one, "PATCH", "update-hook", _of_hook(_update)),
            (one, "DELETE", "delete-hook", _of_hook(_delete)),
            (f"{one}/pings", "POST", "ping-hook", _of_hook(_ping)),
            (log, "GET", "deliveries", _log(HookLog.page)),
            (f"{log}/{{delivery:int}}", "GET", "delivery", _log(HookLog.delivery)),
            (f"{log}/{{delivery:int}}/attempts", "POST", "redeliver", _log(HookLog.redeliver)),
        )
        place = f"{REST}/repos/{{owner}}/{{name}}"
        return [
            Route(place + path, self._endpoint(service, endpoint), methods=[method])
            for path, method, service, endpoint in endpoints
        ]

    def _endpoint(self, service: str, endpoint: Endpoint) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            request_of(request.scope).service = service
            admitted = self._admit(request)
            if isinstance(admitted, Response):
                return admitted
            try:
                body: object = json.loads(await request.body() or b"{}")
            except ValueError:
                return failure(400, "Problems parsing JSON")
            if not isinstance(body, dict):
                return failure(400, "Body should be a JSON object")
            fields = cast("dict[str, Any]", body)
            call = Call(request, admitted, fields, self.hooks, self.courier)
            return endpoint(call)

        return answer

    def _admit(self, request: Request) -> Repository | Response:
        """Hooks are for administrators: those whose token names the repository."""
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        token = api_token(request.headers.get("authorization"))
        if token is None:
            return failure(401, "Requires authentication")
        if token not in self.tokens:
            return failure(401, "Bad credentials")
        found = self.repositories.find(name) or self.repositories.moved(name)
        if found is None or refusal(self.tokens, token, found.name, private=True):
            return not_found()
        if token in self.hooks.forbidden:
            return failure(403, "Resource not accessible by personal access token")
        return found


def _list(call: Call) -> Response:
    hooks = call.hooks.of(call.repository.number)
    place = call.request.url.path
    return page_of(call.request, place, hooks, call.shape)


def _create(call: Call) -> Response:
    config = _config(call.body)
    url, events = config.get("url"), call.body.get("events", ["push"])
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return _invalid("config", "url is missing or no address")
    if wrong := _APP_EVENTS.intersection(events):
        return _invalid("events", f"not for a repository's hook: {', '.join(sorted(wrong))}")
    there = call.hooks.of(call.repository.number)
    if any(hook.url == url and set(hook.events) == set(events) for hook in there):
        return _invalid("hook", "Hook already exists on this repository")
    full = [event for event in events if sum(hook.hears(event) for hook in there) >= MOST_HOOKS]
    if full:
        return _invalid("hook", f'The "{full[0]}" event cannot have more than {MOST_HOOKS} hooks')
    hook = call.hooks.add(
        call.repository.number,
        url,
        secret=config.get("secret"),
        events=events,
        content_type=config.get("content_type", "form"),
    )
    hook.active = call.body.get("active", True)
    shown = call.shape(hook)
    call.courier.ping(hook, call.repository, shown)
    return JSONResponse(shown, 201)


def _show(call: Call, hook: Hook) -> Response:
    return JSONResponse(call.shape(hook))


def _update(call: Call, hook: Hook) -> Response:
    """A `config` replaces the whole one, its secret too."""
    if "config" in call.body:
        config = _config(call.body)
        hook.url, hook.secret = config.get("url", hook.url), config.get("secret")
        hook.content_type = config.get("content_type", "form")
    events = call.body.get("events", hook.events)
    added = [*events, *call.body.get("add_events", ())]
    dropped = call.body.get("remove_events", ())
    hook.events = tuple(dict.fromkeys(event for event in added if event not in dropped))
    hook.active = call.body.get("active", hook.active)
    hook.updated_at = call.hooks.now
    return JSONResponse(call.shape(hook))


def _delete(call: Call, hook: Hook) -> Response:
    call.hooks.remove(hook)
    return Response(status_code=204)


def _ping(call: Call, hook: Hook) -> Response:
    call.courier.ping(hook, call.repository, call.shape(hook))
    return Response(status_code=204)


def _of_hook(endpoint: Callable[[Call, Hook], Response]) -> Endpoint:
    def answer(call: Call) -> Response:
        return not_found() if call.hook is None else endpoint(call, call.hook)

    return answer


def _log(answer: Callable[[HookLog], Response]) -> Endpoint:
    return _of_hook(lambda call, hook: answer(HookLog(call.request, call.hooks, hook)))


def _config(body: Mapping[str, Any]) -> Mapping[str, Any]:
    config: object = body.get("config")
    return cast("dict[str, Any]", config) if isinstance(config, dict) else {}


def _invalid(field: str, message: str) -> Response:
    shown = {
        "message": "Validation Failed",
        "errors": [{"resource": "Hook", "code": "custom", "field": field, "message": message}],
        "documentation_url": "https://docs.github.com/rest/repos/webhooks#create-a-repository-webhook",
        "status": "422",
    }
    return JSONResponse(shown, 422)
