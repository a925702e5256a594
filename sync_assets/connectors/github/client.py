"""The calls to GitHub's tracker, named after its endpoints."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from sync_assets.connectors.github import queries
from sync_assets.connectors.github.cost import MOST_NODES, query_cost
from sync_assets.connectors.github.nodes import field_of
from sync_assets.connectors.github.queries import Kind
from sync_assets.errors import PageTooLarge, SourceGone
from sync_assets.http.graphql import GraphQLAnswer, GraphQLClient
from sync_assets.http.pagination import linked_pages
from sync_assets.http.payload import parsed

if TYPE_CHECKING:
    import httpx

NOT_FOUND = "NOT_FOUND"
_ROWS = TypeAdapter(list[dict[str, Any]])


@dataclass(frozen=True, slots=True)
class Nested:
    """How many nodes of a connection below an item are read at once: `many`, or `few` of those
    that are short, or deeper down.
    """

    many: int

    @property
    def few(self) -> int:
        return max(1, self.many // 5)

    @property
    def variables(self) -> dict[str, int]:
        return {"many": self.many, "few": self.few}


def subject(repository: str) -> str:
    """What answers about a repository are kept under."""
    return f"github {repository.lower()}"


class TrackerClient:
    """Issues and pull requests of one repository, named `owner/name`."""

    def __init__(self, rest: "httpx.Client", graphql: GraphQLClient, repository: str) -> None:
        self.rest = rest
        self.repository = repository
        self._graphql = graphql
        owner, _, name = repository.partition("/")
        self._subject = subject(repository)
        self._place = {"owner": owner, "name": name}

    def changes(
        self,
        first: int,
        *,
        since: datetime,
        issues_after: str | None = None,
        pulls_after: str | None = None,
        issues: bool = True,
        pulls: bool = True,
    ) -> GraphQLAnswer:
        """A page of what moved of each of the two kinds, or of the one that is asked for."""
        variables: dict[str, Any] = {"first": first, **self._place}
        if issues:
            variables |= {"since": since.isoformat(), "issuesAfter": issues_after}
        if pulls:
            variables |= {"pullsAfter": pulls_after}
        return self._run(queries.changes_query(issues=issues, pulls=pulls), variables)

    def sweep(self, kind: Kind, first: int, nested: Nested, after: str | None) -> GraphQLAnswer:
        """A page of all items of a kind, with their facts."""
        variables = {"first": first, "after": after, **self._place, **nested.variables}
        return self._run(queries.sweep_query(kind), variables)

    def probe(self, items: Mapping[int, Kind], nested: Nested) -> Mapping[str, Any]:
        """`repository` with the facts of these numbers; null where there is none of that number."""
        variables = {**self._place, **nested.variables}
        answer = self._run(queries.probe_query(items), variables, accept=(NOT_FOUND,))
        found: Mapping[str, Any] | None = answer.data.get("repository")
        if found is None:
            raise SourceGone(f"GitHub shows no repository {self.repository}")
        return found

    def items(self, kind: Kind, ids: Sequence[str], nested: Nested) -> list[Any]:
        """Items by node id, whole but for the pages that follow; null where one is gone."""
        variables = {"ids": [*ids], **nested.variables}
        answer = self._run(queries.items_query(kind), variables, accept=(NOT_FOUND,))
        found: list[Any] = field_of(answer.data, "nodes")
        return found

    def rest_of(
        self,
        kind: Kind | Literal["PullRequestReviewThread"],
        node_id: str,
        connection: str,
        after: str | None,
        first: int,
    ) -> Mapping[str, Any]:
        """The next page of one connection of one node."""
        variables: dict[str, Any] = {"id": node_id, "first": first, "after": after}
        if connection == "reviewThreads":
            variables["few"] = Nested(first).few
        answer = self._run(queries.rest_query(kind, connection), variables)
        page: Mapping[str, Any] = field_of(answer.data, "node", "rest")
        return page

    def issue_comments(
        self, repository: str, since: datetime | None
    ) -> Iterator[Mapping[str, Any]]:
        """Comments below issues and pull requests, touched since, in the order of creation."""
        return self._feed(f"repos/{repository}/issues/comments", since)

    def pull_comments(self, repository: str, since: datetime | None) -> Iterator[Mapping[str, Any]]:
        """Inline comments touched since, in the order of their creation."""
        return self._feed(f"repos/{repository}/pulls/comments", since)

    def issue(self, repository: str, number: int) -> "httpx.Response":
        """An issue or pull request: 200, 410 deleted, 404 not to be seen. A repository's new name
        and an issue's new repository are both followed: the answer's `node_id` tells them apart.
        """
        return self.get(
            f"repos/{repository}/issues/{number}", HTTPStatus.NOT_FOUND, HTTPStatus.GONE
        )

    def get(self, path: str, *accept: int) -> "httpx.Response":
        """By REST; statuses in `accept` are answers, too."""
        return self.rest.get(path, extensions={"accept": accept, "keep": self._subject})

    def pages(
        self, path: str, params: Mapping[str, str | int] | None = None
    ) -> Iterator["httpx.Response"]:
        """All pages of a list, by REST."""
        asked = {"per_page": 100, **(params or {})}
        return linked_pages(self.rest, path, asked, extensions={"keep": self._subject})

    def rows(
        self, path: str, params: Mapping[str, str | int] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """All rows of a list, by REST. Raises UnexpectedPayload for an answer that is no list."""
        for page in self.pages(path, params):
            yield from parsed(page, _ROWS)

    def _feed(self, path: str, since: datetime | None) -> Iterator[Mapping[str, Any]]:
        params = {"sort": "created", "direction": "asc"}
        if since is not None:
            params["since"] = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        return self.rows(path, params)

    def _run(
        self, query: str, variables: Mapping[str, Any], accept: Sequence[str] = ()
    ) -> GraphQLAnswer:
        cost = query_cost(query, variables)
        if cost.nodes > MOST_NODES:
            raise PageTooLarge(f"GitHub would refuse a query of {cost.nodes:,} nodes")
        return self._graphql.run(query, variables, cost=cost.points, accept=accept)
