"""A deploy hook, and what became of the deployment that it started.

The hook answers with a job only, so the deployment is found in the list by the hook's id; a
deployment that fails or is cancelled is told at once, not after a time-out.
https://vercel.com/docs/deploy-hooks
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from sync_assets.connectors.vercel.client import VercelClient
from sync_assets.connectors.vercel.payloads import Deployment
from sync_assets.errors import InvalidSettings, SourceGone, SourceUnavailable
from sync_assets.models import DeploymentOutcome

LONGEST: Final = timedelta(minutes=30)
POLL_SECONDS: Final = 5.0
_CLOCKS_APART_MS: Final = 60_000
_RECENT: Final = 20

Clock = Callable[[], datetime]
Sleep = Callable[[float], None]


def hook_of(hooks: SecretStr, project_id: str) -> str:
    """The hook's URL for a project, out of those that the setting lists, separated by commas.

    Raises InvalidSettings; the URLs are secrets, and no message repeats one.
    """
    for url in filter(None, (each.strip() for each in hooks.get_secret_value().split(","))):
        parts = urlsplit(url).path.split("/")
        if "deploy" in parts and parts[parts.index("deploy") + 1 :][:1] == [project_id]:
            return url
    raise InvalidSettings(
        f"SYNC_ASSETS_VERCEL_DEPLOY_HOOKS has no hook of {project_id}: create one in the"
        " project's settings, under Git, and set its URL"
    )


def trigger(
    client: VercelClient,
    hook_url: str,
    *,
    clock: Clock,
    sleep: Sleep,
    build_cache: bool = True,
    longest: timedelta = LONGEST,
    progress: Callable[[str], None] = lambda _: None,
) -> DeploymentOutcome:
    """Start a deployment and follow it to its end.

    Raises SourceUnavailable where it has not ended in time; it goes on at Vercel.
    """
    begun = clock()
    job = client.post_deploy_hook(hook_url, build_cache=build_cache)
    hook_id = urlsplit(hook_url).path.rpartition("/")[2]
    found: Deployment | None = None
    shown = ""
    while clock() - begun < longest:
        found = _started(client, hook_id, job.created) if found is None else _again(client, found)
        state = "waiting for Vercel" if found is None else found.state.lower()
        if state != shown:
            progress(state)
            shown = state
        if found is not None and not found.is_running:
            return _outcome(found, (clock() - begun).total_seconds())
        sleep(POLL_SECONDS)
    named = "no deployment" if found is None else f"{found.id} ({found.state.lower()})"
    raise SourceUnavailable(f"After {longest} the deploy hook has {named}; look at Vercel")


def _started(client: VercelClient, hook_id: str, since: int) -> Deployment | None:
    """The deployment that the hook started. Two triggers of one hook are told apart by their time:
    the first that is not older than the job.
    """
    recent = client.list_deployments(_RECENT).deployments
    ours = [
        each
        for each in recent
        if each.meta.get("deployHookId") == hook_id and each.created >= since - _CLOCKS_APART_MS
    ]
    not_older = [each for each in ours if each.created >= since]
    return min(not_older or ours, key=lambda each: each.created, default=None)


def _again(client: VercelClient, known: Deployment) -> Deployment:
    found = client.get_deployment(known.id)
    if found is None or found.is_deleted:
        raise SourceGone(f"{known.id} was deleted while it was followed")
    return found


def _outcome(found: Deployment, seconds: float) -> DeploymentOutcome:
    error = " ".join(part for part in (found.error_code, found.error_message) if part)
    return DeploymentOutcome(
        deployment=found.id,
        url=found.inspector_url or f"https://{found.url}",
        state=found.state.lower(),
        error=error or None,
        seconds=round(seconds, 1),
    )
