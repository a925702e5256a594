"""What Linear's feeds show to have moved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sync_assets.connectors.base import Size
from sync_assets.connectors.linear.client import MOST_ROWS, LinearClient, Scope
from sync_assets.connectors.linear.nodes import (
    AttachmentRow,
    CommentRow,
    IssueRow,
    KnownTeam,
    Touched,
    WithId,
    page_of,
)
from sync_assets.connectors.linear.queries import FEEDS, Feed
from sync_assets.connectors.linear.reading import next_page, sized
from sync_assets.connectors.linear.watermark import Mark, Watermark
from sync_assets.errors import SourceGone, UnexpectedPayload
from sync_assets.http.graphql import GraphQLAnswer
from sync_assets.http.pagination import Seen
from sync_assets.http.payload import checked

_ROWS: Mapping[Feed, type[Touched]] = {
    "issues": IssueRow,
    "comments": CommentRow,
    "attachments": AttachmentRow,
}


@dataclass(frozen=True, slots=True)
class Place:
    """The team (`key`) or workspace that is synced, by its id."""

    id: str
    key: str | None

    def holds(self, team: str) -> bool:
        """Whether issues of the team of this id belong here."""
        return self.key is None or team == self.id


@dataclass(slots=True)
class Moved:
    """Rows of the feeds: those about issues that may be here, and about issues that are gone from
    here; by the time of the server's first answer.
    """

    date: datetime
    place: Place
    present: list[Mark] = field(default_factory=list[Mark])
    gone: list[Mark] = field(default_factory=list[Mark])


def place_of(data: Mapping[str, Any], scope: Scope) -> Place:
    """What every listing's answer says of the place. Raises SourceGone where there is none."""
    if scope.team is None:
        return Place(checked(WithId, data.get("organization"), "Linear's organization").id, None)
    teams = page_of(data, "teams", KnownTeam).nodes
    if not teams:
        raise SourceGone(
            f"Linear has no team {scope.team}: its key has changed, it was deleted, or is private"
            " and the key's owner is not in it"
        )
    # A key that an archived team had may be given to another one.
    team = next((each for each in teams if each.archived_at is None), teams[0])
    return Place(team.id, team.key)


def moved_since(client: LinearClient, since: Watermark, pages: Size) -> Moved | None:
    """What the three feeds show; None where the place is another one than the watermark's.

    Newest first by creation, which is never changed: what is touched meanwhile is behind us, and
    in the feeds of the next time.
    """
    after: dict[Feed, str | None] = dict.fromkeys(FEEDS)
    guards = {feed: Seen(f"Linear's {feed}") for feed in FEEDS}
    moved: Moved | None = None
    while after:
        first, answer = sized(pages, MOST_ROWS, partial(client.changes, since.at, after))
        if moved is None:
            moved = _begun(answer, client.scope)
            if moved.place.id != since.place:
                return None
        for feed in tuple(after):
            page = page_of(answer.data, feed, _ROWS[feed])
            for row in page.nodes:
                _sort(row, moved)
            cursor = next_page(page, first, guards[feed])
            if cursor is None:
                del after[feed]
            else:
                after[feed] = cursor
    if moved is None:
        raise UnexpectedPayload("Linear has no feeds")
    return moved


def _begun(answer: GraphQLAnswer, scope: Scope) -> Moved:
    return Moved(answer.date, place_of(answer.data, scope))


def _sort(row: Touched, moved: Moved) -> None:
    place = moved.place
    if isinstance(row, CommentRow):
        moved.present.append(Mark(row.issue.id, row.id, row.updated_at))
    elif isinstance(row, AttachmentRow):
        if place.holds(row.issue.team.id):
            moved.present.append(Mark(row.issue.id, row.id, row.updated_at))
    elif isinstance(row, IssueRow):
        if not place.holds(row.team.id):
            if row.was_in(place.key or ""):
                moved.gone.append(Mark(row.id, row.id, row.updated_at))
        elif row.trashed:
            moved.gone.append(Mark(row.id, row.id, row.updated_at))
        else:
            moved.present.append(Mark(row.id, row.id, row.updated_at))
        if row.parent:  # which names its sub-issues
            moved.present.append(Mark(row.parent.id, row.id, row.updated_at))
