"""What the sync of deployments takes of a token."""

from collections.abc import Iterator

from sync_assets.connectors.base import Probe
from sync_assets.connectors.vercel.client import VercelClient

_TEAM = "a token whose scope is the account or team that the source names"


def probes(client: VercelClient) -> Iterator[Probe]:
    """One call each, two for the build log; the last of them of the newest deployment."""
    named = client.scope.project

    def project() -> str:
        found = client.get_project(named) if named else next(client.list_projects(), None)
        return f"project {found.name}" if found else "no project yet"

    def deployments() -> str:
        newest = client.list_deployments(1).deployments
        return f"the newest is {newest[0].id}" if newest else "no deployment yet"

    def log() -> str:
        newest = client.list_deployments(1).deployments
        if not newest:
            return "no deployment yet"
        return f"{len(client.get_deployment_events(newest[0].id))} events of {newest[0].id}"

    def variables() -> str:
        found = client.get_project(named) if named else next(client.list_projects(), None)
        if found is None:
            return "no project yet"
        return f"{len(client.list_project_env(found.name))} names; values are not read"

    yield Probe("project", _TEAM, project)
    yield Probe("deployments", _TEAM, deployments)
    yield Probe("build logs", _TEAM, log)
    yield Probe("environment", f"{_TEAM}; its owner may see variables", variables)
