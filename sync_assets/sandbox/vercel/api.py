"""Vercel's REST API over the world: paged, authorized, limited, in the vendor's shapes.

https://vercel.com/docs/rest-api: list v7, detail v13, events v3, files v6, projects v9 and v10,
environment v10, deploy hooks.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.traffic import request_of
from sync_assets.sandbox.vercel import shapes
from sync_assets.sandbox.vercel.world import TEAM, Project, VercelWorld

PREFIX = "/vercel"
_MINUTE = 60
_DEFAULT_PAGE = 20
Endpoint = Callable[[Request], Response]


@dataclass(slots=True)
class _Window:
    begun: float = 0.0
    used: int = 0


@dataclass(frozen=True, slots=True)
class VercelApi:
    """`/vercel/...` of the sandbox."""

    world: VercelWorld
    clock: Callable[[], float] = time.time
    _window: _Window = field(default_factory=_Window)

    def routes(self) -> list[Route]:
        """Every endpoint that we read, and the deploy hook."""
        gets: dict[str, Endpoint] = {
            "/v7/deployments": self._list,
            "/v13/deployments/{id}": self._get,
            "/v3/deployments/{id}/events": self._events,
            "/v6/deployments/{id}/files": self._files,
            "/v9/projects/{project}": self._project,
            "/v10/projects": self._projects,
            "/v10/projects/{project}/env": self._env,
        }
        reading = [Route(PREFIX + path, self._guarded(each)) for path, each in gets.items()]
        hook = Route(
            PREFIX + "/v1/integrations/deploy/{project}/{secret}", self._hook, methods=["POST"]
        )
        return [*reading, hook]

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        def guarded(request: Request) -> Response:
            request_of(request.scope).service = "vercel"
            headers = self._charge()
            if headers is not None and int(headers["x-ratelimit-remaining"]) < 0:
                headers["x-ratelimit-remaining"] = "0"
                return shapes.failure(429, "rate_limited", "Too many requests", headers)
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self.world.tokens:
                answer = shapes.failure(403, "forbidden", "Not authorized")
            elif request.query_params.get("slug", TEAM) != TEAM:
                answer = shapes.failure(404, "not_found", "Team not found")
            else:
                answer = endpoint(request)
            answer.headers.update(headers or {})
            return answer

        return guarded

    def _charge(self) -> dict[str, str] | None:
        """The budget's headers after one more request; None where there is no limit."""
        most, window, now = self.world.requests_a_minute, self._window, self.clock()
        if most is None:
            return None
        if now >= window.begun + _MINUTE:
            window.begun, window.used = now, 0
        window.used += 1
        return {
            "x-ratelimit-limit": str(most),
            "x-ratelimit-remaining": str(most - window.used),
            "x-ratelimit-reset": str(round(window.begun + _MINUTE)),
        }

    def _list(self, request: Request) -> Response:
        asked = request.query_params
        limit = min(int(asked.get("limit", _DEFAULT_PAGE)), self.world.most_a_page)
        until = int(asked["until"]) if "until" in asked else None
        project = asked.get("projectId")
        if project is not None and self.world.project(project) is None:
            return shapes.failure(404, "not_found", "Project not found")
        found = [
            each for each in self.world.listed(project) if until is None or each.created < until
        ]
        page, rest = found[:limit], found[limit:]
        if rest and self.world.lies > 0:
            self.world.lies, rest = self.world.lies - 1, []
        items = [shapes.listed(each, self.world.now) for each in page]
        return JSONResponse(
            {
                "deployments": items,
                "pagination": {
                    "count": len(items),
                    "next": page[-1].created if rest else None,
                    "prev": page[0].created if page else None,
                },
            }
        )

    def _get(self, request: Request) -> Response:
        found = self.world.find(request.path_params["id"])
        if found is None:
            return shapes.failure(404, "not_found", "Deployment not found")
        return JSONResponse(shapes.detail(found, self.world.now))

    def _events(self, request: Request) -> Response:
        found = self.world.find(request.path_params["id"])
        if found is None:
            return shapes.failure(404, "not_found", "Deployment not found")
        return JSONResponse(shapes.events(found, self.world.now))

    def _files(self, request: Request) -> Response:
        found = self.world.find(request.path_params["id"])
        if found is None or found.source != "cli":
            return shapes.failure(404, "not_found", "Files not found")
        return JSONResponse(shapes.tree(found.files))

    def _project(self, request: Request) -> Response:
        found = self._named(request)
        if found is None:
            return shapes.failure(404, "not_found", "Project not found")
        return JSONResponse(shapes.project(found))

    def _projects(self, _: Request) -> Response:
        projects = [*map(shapes.project, self.world.projects.values())]
        pagination = {"count": len(projects), "next": None, "prev": None}
        return JSONResponse({"projects": projects, "pagination": pagination})

    def _env(self, request: Request) -> Response:
        found = self._named(request)
        if found is None:
            return shapes.failure(404, "not_found", "Project not found")
        return JSONResponse({"envs": [shapes.variable(each) for each in found.variables]})

    def _hook(self, request: Request) -> Response:
        found = self._named(request)
        branch = None if found is None else found.hooks.get(request.path_params["secret"])
        if found is None or branch is None:
            return shapes.failure(404, "not_found", "Deploy hook not found")
        job = f"job{len(found.deployments)}"
        cached = request.query_params.get("buildCache") != "false"
        created = self.world.deploy(
            found.name,
            plan=found.next_plan,
            target="production",
            meta={"githubCommitRef": branch, "deployHookId": request.path_params["secret"]},
            log=["Restored build cache" if cached else "Skipping build cache", "Build completed"],
            hook=request.path_params["secret"],
        ).created
        answer = {"job": {"id": job, "state": "PENDING", "createdAt": created}}
        return JSONResponse(answer, 201)

    def _named(self, request: Request) -> Project | None:
        return self.world.project(request.path_params["project"])
