"""The calls to Linear's GraphQL, named after their operations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sync_assets.connectors.linear import queries
from sync_assets.connectors.linear.cost import MOST, complexity, largest_page
from sync_assets.connectors.linear.dialect import LINEAR
from sync_assets.connectors.linear.nodes import Comment, Page, Present, Viewer, page_of
from sync_assets.connectors.linear.queries import Detail, Feed
from sync_assets.errors import PageTooLarge
from sync_assets.http.credentials import Credential, token_credential
from sync_assets.http.graphql import GraphQLAnswer, GraphQLClient
from sync_assets.http.payload import checked

if TYPE_CHECKING:
    from pydantic import SecretStr

    from sync_assets.http.clients import HttpClients
    from sync_assets.settings import Settings

T = TypeVar("T")
MOST_ROWS: Final = 250
"""Of any page: more are refused."""
NESTED: Final = {"many": 10, "few": 5}
"""Comments, and nodes of every other connection, that are read with their issue."""
_PERSONAL: Final = "lin_api_"


@dataclass(frozen=True, slots=True)
class Scope:
    """A team by its key or id, or, without one, the whole workspace."""

    team: str | None = None

    @property
    def by_id(self) -> bool:
        """Whether the team is named by its id, which stays when its key changes."""
        return self.team is not None and "-" in self.team

    @property
    def filter(self) -> dict[str, Any]:
        """Of the team itself."""
        return {"id" if self.by_id else "key": {"eq": self.team}}

    @property
    def issues(self) -> dict[str, Any]:
        """Of its issues."""
        return {"team": self.filter} if self.team else {}

    @property
    def variables(self) -> dict[str, Any]:
        """What every listing's query says of it."""
        return {"team": self.filter} if self.team else {}


class LinearClient:
    """Issues of one team, or of the workspace."""

    def __init__(self, graphql: GraphQLClient, scope: Scope) -> None:
        self._graphql = graphql
        self.scope = scope

    def changes(
        self, since: datetime, after: Mapping[Feed, str | None], first: int
    ) -> GraphQLAnswer:
        """A page of each of these feeds. The one of issues has those of all teams, so that one
        that was moved away is seen; the one of attachments cannot be had by team.
        """
        later = {"updatedAt": {"gte": since.isoformat()}}
        of_issue = self.scope.issues or {"null": False}
        filters: Mapping[Feed, Any] = {
            "issues": later,
            "comments": {**later, "issue": of_issue},
            "attachments": later,
        }
        variables = {"first": first, **self.scope.variables}
        for feed, cursor in after.items():
            variables |= {feed: filters[feed], f"{feed}After": cursor}
        return self._run(queries.changes_query(after, team=bool(self.scope.team)), variables)

    @cached_property
    def largest_sweep(self) -> int:
        """How many issues with their facts one query may ask for."""
        return largest_page(self._sweep_query, NESTED, MOST_ROWS)

    @cached_property
    def _sweep_query(self) -> str:
        return queries.sweep_query(team=bool(self.scope.team))

    def sweep(self, after: str | None, first: int) -> GraphQLAnswer:
        """A page of all issues, with their facts."""
        variables = {"filter": self.scope.issues, **self.scope.variables, **NESTED}
        return self._run(self._sweep_query, {**variables, "first": first, "after": after})

    def issues(self, ids: Sequence[str], detail: Detail) -> list[dict[str, Any]]:
        """Issues by id, in any order and not checked; what is not there is left out."""
        query, found = queries.issues_query(detail), list[dict[str, Any]]()
        size = largest_page(query, NESTED, MOST_ROWS)
        for batch in in_batches(ids, size):
            answer = self._run(query, {"ids": batch, "first": len(batch), **NESTED})
            found += page_of(answer.data, "issues", dict[str, Any]).nodes
        return found

    def comments_of(
        self, issues: Sequence[str], detail: Detail, after: str | None, first: int
    ) -> Page[Comment]:
        """A page of the comments of these issues."""
        wanted = {"issue": {"id": {"in": [*issues]}}}
        variables = {"filter": wanted, "first": first, "after": after}
        answer = self._run(queries.comments_query(detail), variables)
        return page_of(answer.data, "comments", Comment)

    def rest_of(
        self, issue: str, connection: str, detail: Detail, after: str | None, first: int
    ) -> Mapping[str, Any]:
        """A page of one connection below one issue. Raises SourceGone where there is no issue."""
        variables = {"id": issue, "first": first, "after": after}
        answer = self._run(queries.rest_query(connection, detail), variables)
        return checked(dict[str, Any], answer.data.get("issue"), "Linear's issue")

    def present(self, wanted: Mapping[str, Any], first: int) -> list[Present]:
        """Which of the issues that fit this filter there are."""
        variables = {"filter": wanted, "first": first}
        answer = self._run(queries.PRESENT_QUERY, variables)
        return page_of(answer.data, "issues", Present).nodes

    def viewer(self) -> Viewer:
        """Whose key it is, and of which workspace."""
        return checked(Viewer, self._run(queries.VIEWER_QUERY, {}).data, "Linear's answer")

    def _run(self, query: str, variables: Mapping[str, Any]) -> GraphQLAnswer:
        points = complexity(query, variables)
        if points > MOST:
            raise PageTooLarge(f"Linear would refuse a query of {points:,} points")
        return self._graphql.run(query, variables, cost=points)


def in_batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Pieces of at most that size."""
    return (items[start : start + size] for start in range(0, len(items), size))


def linear_credential(key: "SecretStr") -> Credential:
    """A personal key is sent alone, an OAuth token as `Bearer`."""
    personal = key.get_secret_value().startswith(_PERSONAL)
    return token_credential(key, "" if personal else "Bearer")


def graphql_client(settings: "Settings", http: "HttpClients") -> GraphQLClient:
    """The API by the settings' key."""
    url = str(settings.linear_api_url)
    client = http.client(LINEAR, url, linear_credential(settings.linear_api_key))
    return GraphQLClient(client, url, LINEAR)


def open_client(settings: "Settings", http: "HttpClients", scope: Scope) -> LinearClient:
    """The client of the settings' key."""
    return LinearClient(graphql_client(settings, http), scope)
