"""The same tracker where GraphQL is not allowed: by REST, a few calls an item.

REST tells neither whether a thread is resolved nor what GitHub itself links: closing references
are read from the words that make them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from sync_assets.connectors.base import Size
from sync_assets.connectors.github.client import TrackerClient
from sync_assets.connectors.github.comments import comment_kind, comment_mark, looked
from sync_assets.connectors.github.facts import version
from sync_assets.connectors.github.nodes import Item, checked, field_of
from sync_assets.connectors.github.queries import Kind
from sync_assets.connectors.github.reading import Room
from sync_assets.connectors.github.rest_shapes import Below, item_of
from sync_assets.connectors.github.sighting import Listed, Sighting, Tracker, Whole
from sync_assets.connectors.github.watermark import Mark, Watermark, touched, watermark_at
from sync_assets.errors import SourceError
from sync_assets.http.payload import date_of, json_of

_ABSENT: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_PLACES: Final[Mapping[Kind, str]] = {"Issue": "issues", "PullRequest": "pulls"}
Row = Mapping[str, Any]


class RestTracker(Tracker):
    """By REST. A sweep asks for the reviews of each pull request."""

    by = "rest"

    def __init__(self, client: TrackerClient) -> None:
        self._client = client

    def changes(
        self,
        since: Watermark,
        kinds: Collection[Kind],
        pages: Size,  # noqa: ARG002 - REST's pages are light
    ) -> Sighting | None:
        begun, identity, name = self._repository()
        if not since.continues(identity, name, self.by):
            return None
        found: dict[Mark, Kind] = {}
        asked = {"state": "all", "sort": "created", "direction": "asc"}
        asked["since"] = f"{since.at:%Y-%m-%dT%H:%M:%SZ}"
        for row in self._client.rows(f"repos/{name}/issues", asked):
            kind: Kind = "PullRequest" if "pull_request" in row else "Issue"
            updated_at = checked(datetime, row.get("updated_at"), "issue's updated_at")
            found[Mark(field_of(row, "number"), field_of(row, "node_id"), updated_at)] = kind
        for row in self._client.issue_comments(name, since.at):
            found[comment_mark(row)] = comment_kind(row)
        if "PullRequest" in kinds:
            for row in self._client.pull_comments(name, since.at):
                found[comment_mark(row)] = "PullRequest"
        wanted = [mark for mark, kind in found.items() if kind in kinds]
        items = [
            listed
            for number, kind in touched({mark: found[mark] for mark in wanted}, since).items()
            for listed in self._listed_alone(name, kind, number)
        ]
        return Sighting(items, watermark_at(begun, identity, name, self.by, wanted))

    def probe(
        self, since: Watermark, kind: Kind, numbers: Sequence[int]
    ) -> Sequence[Listed] | None:
        _, identity, name = self._repository()
        if not since.continues(identity, name, self.by):
            return None
        return [each for number in numbers for each in self._listed_alone(name, kind, number)]

    def sweep(self, kind: Kind, pages: Size) -> Sighting:  # noqa: ARG002 - as above
        begun, identity, name = self._repository()
        comments, inline = _below(self._client.issue_comments(name, None)), _below(())
        if kind == "PullRequest":
            inline = _below(self._client.pull_comments(name, None))
        items: list[Listed] = []
        asked = {"state": "all", "sort": "created", "direction": "asc"}
        for row in self._client.rows(f"repos/{name}/{_PLACES[kind]}", asked):
            if kind == "Issue" and "pull_request" in row:
                continue
            number: int = field_of(row, "number")
            reviews = self._reviews(name, number) if kind == "PullRequest" else ()
            below = Below(comments[number], inline[number], reviews)
            items.append(_listed(item_of(kind, row, identity, name, below)))
        return Sighting(items, watermark_at(begun, identity, name, self.by))

    def read(
        self, kind: Kind, items: Sequence[tuple[str, int]]
    ) -> Iterator[Whole | SourceError | None]:
        _, identity, name = self._repository()
        for node_id, number in items:
            item = self._item(identity, name, kind, number, whole=True)
            if item is None or item.id != node_id:
                yield None
            else:
                yield Whole(item, _version(item))

    def look(self, name: str, number: int) -> tuple[int, str | None]:
        return looked(self._client.issue(name, number))

    def _repository(self) -> tuple[datetime, str, str]:
        """The server's time, the repository's node id and its name now."""
        response = self._client.get(f"repos/{self._client.repository}")
        row = json_of(response)
        return date_of(response), field_of(row, "node_id"), field_of(row, "full_name")

    def _listed_alone(self, name: str, kind: Kind, number: int) -> Iterator[Listed]:
        item = self._item("", name, kind, number, whole=False)
        if item is not None:
            yield _listed(item)

    def _item(
        self, identity: str, name: str, kind: Kind, number: int, *, whole: bool
    ) -> Item | None:
        response = self._client.get(f"repos/{name}/{_PLACES[kind]}/{number}", *_ABSENT)
        if response.status_code in _ABSENT:
            return None
        row: Row = json_of(response)
        if field_of(row, "number") != number:  # it was transferred, and we were led after it
            return None
        if kind == "Issue" and "pull_request" in row:
            return None
        pull, place = kind == "PullRequest", f"repos/{name}/pulls/{number}"
        below = Below(
            comments=self._client.rows(f"repos/{name}/issues/{number}/comments"),
            inline=self._client.rows(f"{place}/comments") if pull else (),
            reviews=self._reviews(name, number) if pull else (),
            files=self._client.rows(f"{place}/files") if pull and whole else (),
            commits=self._client.rows(f"{place}/commits") if pull and whole else (),
            room=Room(),
        )
        return item_of(kind, row, identity, name, below)

    def _reviews(self, name: str, number: int) -> Iterable[Row]:
        return self._client.rows(f"repos/{name}/pulls/{number}/reviews")


def _below(rows: Iterable[Row]) -> Mapping[int, list[Row]]:
    """Comments by the number of their item; of each what facts are made of."""
    below: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        below[comment_mark(row).number].append(row)
    return below


def _listed(item: Item) -> Listed:
    return Listed(item.kind, item.id, item.number, _version(item))


def _version(item: Item) -> str:
    """From what lists show of an item: they lack some of its numbers."""
    absent = {"additions": 0, "deletions": 0, "changed_files": 0, "merge_commit": None}
    return version(item.model_copy(update=absent))
