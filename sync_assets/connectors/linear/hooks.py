"""The calls about Linear's webhooks, named after its operations. For administrators.

https://linear.app/developers/webhooks
"""

from typing import TYPE_CHECKING, Any, Final

from sync_assets.connectors.linear.cost import complexity
from sync_assets.connectors.linear.nodes import Node, page_of
from sync_assets.connectors.linear.webhook import RESOURCES
from sync_assets.errors import UnexpectedPayload
from sync_assets.http.pagination import Seen

if TYPE_CHECKING:
    from pydantic import SecretStr

    from sync_assets.http.graphql import GraphQLClient

PAGE: Final = 50
WEBHOOKS: Final = """query Webhooks($first: Int!, $after: String) {
  webhooks(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { id url }
  }
}
"""
CREATE: Final = """mutation CreateWebhook($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { success webhook { id } }
}
"""
UPDATE: Final = """mutation UpdateWebhook($id: String!, $input: WebhookUpdateInput!) {
  webhookUpdate(id: $id, input: $input) { success webhook { id } }
}
"""


class LinearHook(Node):
    """A webhook; Linear tells its secret to its maker alone."""

    id: str
    url: str | None = None


class LinearHookClient:
    """Webhooks of the workspace. SourceRejectedUs for who is no administrator."""

    def __init__(self, graphql: "GraphQLClient") -> None:
        self._graphql = graphql

    def hook_at(self, url: str) -> LinearHook | None:
        """The webhook that calls this address."""
        after, seen = None, Seen("Linear's webhooks")
        while True:
            data = self._run(WEBHOOKS, {"first": PAGE, "after": after})
            page = page_of(data, "webhooks", LinearHook)
            for hook in page.nodes:
                if hook.url == url:
                    return hook
            if page.page_info is None or not page.page_info.has_next_page:
                return None
            after = page.page_info.end_cursor
            seen.add(after or "")

    def create_hook(self, url: str, secret: "SecretStr") -> None:
        """One for all teams that are public."""
        wanted = {**_wanted(secret), "url": url, "allPublicTeams": True, "label": "sync_assets"}
        self._done(self._run(CREATE, {"input": wanted}), "webhookCreate")

    def update_hook(self, hook: LinearHook, secret: "SecretStr") -> None:
        """All that we want of it, its secret too."""
        variables = {"id": hook.id, "input": {**_wanted(secret), "enabled": True}}
        self._done(self._run(UPDATE, variables), "webhookUpdate")

    def _run(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        return self._graphql.run(query, variables, cost=complexity(query, variables)).data

    @staticmethod
    def _done(data: dict[str, Any], name: str) -> None:
        if not (data.get(name) or {}).get("success"):
            raise UnexpectedPayload(f"Linear's {name} did not succeed, and does not say why")


def _wanted(secret: "SecretStr") -> dict[str, Any]:
    return {"resourceTypes": [*RESOURCES], "secret": secret.get_secret_value()}
