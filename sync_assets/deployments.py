"""Deployments on demand: the deploy hook of a registered Vercel source."""

import time
from collections.abc import Callable

from sync_assets.errors import InvalidSettings
from sync_assets.models import DeploymentOutcome
from sync_assets.stores import Stores


def trigger_deployment(
    stores: Stores,
    source_id: str,
    *,
    build_cache: bool = True,
    sleep: Callable[[float], None] = time.sleep,
    progress: Callable[[str], None] = lambda _: None,
) -> DeploymentOutcome:
    """Start a deployment of the source's project and follow it to its end.

    Raises InvalidSettings for a source that has no project or no hook, and SourceError.
    """
    from sync_assets.connectors.vercel.client import open_client
    from sync_assets.connectors.vercel.scope import scope_of
    from sync_assets.connectors.vercel.trigger import hook_of, trigger

    source, settings = stores.registry.get(source_id), stores.settings
    if source.connector != "vercel":
        raise InvalidSettings(f"{source_id}: only sources of vercel have deployments")
    scope = scope_of(source.scope)
    if scope.project is None:
        raise InvalidSettings(f"{source_id} is a whole team: register the project to deploy it")
    client = open_client(settings, stores.http, scope)
    hook = hook_of(settings.vercel_deploy_hooks, client.get_project(scope.project).id)
    return trigger(
        client, hook, clock=stores.clock, sleep=sleep, build_cache=build_cache, progress=progress
    )
