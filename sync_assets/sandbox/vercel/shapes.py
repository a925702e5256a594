"""Pure: the world's objects as Vercel's API writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from sync_assets.sandbox.vercel.world import Deployment, Project, Variable

Json = dict[str, Any]
_CREATOR = {"uid": "usr_mara", "email": "mara@acme.example", "username": "mara"}


def failure(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as every endpoint shapes it."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def listed(deployment: Deployment, now: int) -> Json:
    """An item of the list."""
    state = deployment.state(now)
    return _present(
        {
            "uid": deployment.id,
            "name": deployment.project.name,
            "projectId": deployment.project.id,
            "url": f"{deployment.project.name}-{deployment.id[4:12]}.vercel.app",
            "created": deployment.created,
            "createdAt": deployment.created,
            "state": state,
            "readyState": state,
            "source": deployment.source,
            "type": "LAMBDAS",
            "creator": _CREATOR,
            "meta": dict(deployment.meta),
            "target": deployment.target,
            "aliasAssigned": deployment.reached("READY", now),
            "inspectorUrl": f"https://vercel.com/acme/{deployment.project.name}/{deployment.id}",
            **_progress(deployment, now),
            "deleted": deployment.deleted,
            "softDeletedByRetention": deployment.soft_deleted or None,
        }
    ) | {"target": deployment.target}


def detail(deployment: Deployment, now: int) -> Json:
    """The whole deployment, as a member of its team sees it."""
    state = deployment.state(now)
    return _present(
        {
            "id": deployment.id,
            "name": deployment.project.name,
            "projectId": deployment.project.id,
            "url": f"{deployment.project.name}-{deployment.id[4:12]}.vercel.app",
            "createdAt": deployment.created,
            "readyState": state,
            "status": state,
            "source": deployment.source,
            "type": "LAMBDAS",
            "version": 2,
            "creator": _CREATOR,
            "meta": dict(deployment.meta),
            "alias": list(deployment.aliases),
            "aliasAssigned": bool(deployment.reached("READY", now)),
            "inspectorUrl": f"https://vercel.com/acme/{deployment.project.name}/{deployment.id}",
            **_progress(deployment, now),
            "buildErrorAt": deployment.reached("ERROR", now),
            "canceledAt": deployment.canceled,
            "deletedAt": deployment.deleted,
            "softDeletedByRetention": deployment.soft_deleted or None,
            "bootedAt": deployment.created,
            "buildSkipped": False,
            "public": False,
            "regions": ["iad1"],
            "build": {"env": []},
            "env": [each.key for each in deployment.project.variables],
            "isInConcurrentBuildsQueue": False,
            "isInSystemBuildsQueue": False,
            "projectSettings": {},
            "plan": "pro",
            "createdIn": "sfo1",
            "ownerId": "team_acme",
            "routes": [],
        }
    ) | {"target": deployment.target, "routes": None}


def events(deployment: Deployment, now: int) -> list[Json]:
    """What the build has said so far, in both shapes that the endpoint knows, in turns."""
    begun = deployment.reached("BUILDING", now)
    lines = deployment.log if begun is not None else ()
    if deployment.state(now) == "BUILDING":
        lines = lines[: len(lines) // 2]
    return [_event(deployment, number, line) for number, line in enumerate(lines)]


def tree(paths: Sequence[str]) -> list[Json]:
    """The uploaded tree, from paths."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        head, slash, rest = path.partition("/")
        folders.setdefault(head if slash else "", []).append(rest if slash else path)
    files: list[Json] = [
        {"name": name, "type": "file", "uid": name, "mode": 33188} for name in folders.pop("", [])
    ]
    return files + [
        {"name": name, "type": "directory", "mode": 16877, "children": tree(below)}
        for name, below in folders.items()
    ]


def project(each: Project) -> Json:
    """A project, as far as it is described as required."""
    resources: Json = {"functionDefaultRegions": ["iad1"], "fluid": True}
    return {
        "id": each.id,
        "name": each.name,
        "accountId": "team_acme",
        "directoryListing": False,
        "nodeVersion": "22.x",
        "resourceConfig": resources,
        "defaultResourceConfig": resources,
    }


def variable(each: Variable) -> Json:
    """With its value, as Vercel sends it."""
    return {
        "id": f"env_{each.key.lower()}",
        "key": each.key,
        "value": each.value,
        "type": each.type,
        "target": list(each.target),
        "createdAt": 1,
        "updatedAt": 1,
    }


def _event(deployment: Deployment, number: int, line: str) -> Json:
    at = deployment.created + number
    said = {
        "deploymentId": deployment.id,
        "id": f"{number}",
        "date": at,
        "serial": f"{at}",
        "text": line,
        "info": {"type": "build", "name": "bld"},
    }
    if number % 2:
        return {"type": "stdout", "created": at, "payload": said}
    return {"type": "stdout", "created": at, **said}


def _progress(deployment: Deployment, now: int) -> Json:
    """What both shapes tell of its way."""
    failed = deployment.error if deployment.state(now) == "ERROR" else None
    ready = deployment.reached("READY", now)
    return {
        "buildingAt": deployment.reached("BUILDING", now) or deployment.created,
        "ready": ready,
        "readySubstate": deployment.substate if ready else None,
        "errorCode": failed and failed[0],
        "errorMessage": failed and failed[1],
    }


def _present(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
