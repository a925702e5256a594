"""What the sync of issues takes of a key."""

from collections.abc import Iterator

from sync_assets.connectors.base import Probe
from sync_assets.connectors.linear.client import LinearClient
from sync_assets.connectors.linear.feeds import place_of
from sync_assets.connectors.linear.nodes import Identified, page_of


def probes(client: LinearClient) -> Iterator[Probe]:
    """One call each."""

    def key() -> str:
        told = client.viewer()
        return f"a key of {told.viewer.display_name} in {told.organization.name}"

    def issues() -> str:
        data = client.sweep(None, 1).data
        place = place_of(data, client.scope)
        newest = page_of(data, "issues", Identified).nodes
        where = f"team {place.key}" if place.key else "the workspace"
        told = f"the newest issue is {newest[0].identifier}" if newest else "no issue yet"
        return f"{where}: {told}"

    yield Probe("key", "a personal API key (lin_api_), or an OAuth token: the permission Read", key)
    yield Probe(
        "issues", "the permission Read, and the team among those that the key may see", issues
    )
