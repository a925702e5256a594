"""REST's rows as the nodes that GraphQL gives. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from sync_assets.connectors.github.nodes import (
    Account,
    ChangedFile,
    CommitFacts,
    Item,
    Label,
    Milestone,
    Node,
    Page,
    PullCommit,
    Repository,
    Review,
    Said,
    Thread,
    Url,
    checked,
    field_of,
)
from sync_assets.connectors.github.queries import LATEST, Kind
from sync_assets.connectors.github.reading import Room

Row = Mapping[str, Any]
NODE_T = TypeVar("NODE_T", bound=Node)
_TIME: TypeAdapter[datetime | None] = TypeAdapter(datetime | None)
_CLOSES: Final = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b", re.IGNORECASE
)
"""https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue"""


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below an item, page after page. `room` is what of it is kept."""

    comments: Iterable[Row]
    inline: Iterable[Row] = ()
    reviews: Iterable[Row] = ()
    files: Iterable[Row] = ()
    commits: Iterable[Row] = ()
    room: Room = field(default_factory=Room)


def item_of(kind: Kind, row: Row, identity: str, name: str, below: Below) -> Item:
    """An item. Raises UnexpectedPayload where a field is missing."""
    milestone = row.get("milestone")
    item = checked(
        Item,
        {
            **_said(row),
            "__typename": kind,
            "number": row.get("number"),
            "title": row.get("title"),
            "state": _state(row),
            "state_reason": _upper(row.get("state_reason")),
            "closed_at": row.get("closed_at"),
            "repository": Repository(id=identity, name_with_owner=name),
            "milestone": milestone and Milestone(title=field_of(milestone, "title")),
            "labels": _page([checked(Label, label, "label") for label in field_of(row, "labels")]),
            "assignees": _page([_account(user) for user in field_of(row, "assignees")]),
        },
        "issue",
    )
    below.room.keep(item)
    item.comments = _page(
        _kept(below, (checked(Said, _said(each), "comment") for each in below.comments))
    )
    last = sorted(item.comments.nodes, key=lambda each: (str(each.updated_at), each.id))[-LATEST:]
    item.latest = Page[Said](total_count=item.comments.total_count, nodes=last)
    if kind == "PullRequest":
        _add_pull(item, row, name, below)
    return item


def _add_pull(item: Item, row: Row, name: str, below: Below) -> None:
    """What a pull request has that an issue has not."""
    item.is_draft = bool(row.get("draft"))
    item.merged = row.get("merged_at") is not None
    item.merged_at = checked(_TIME, row.get("merged_at"), "merged_at")
    item.head_ref_oid = field_of(row, "head", "sha")
    item.additions, item.deletions = row.get("additions", 0), row.get("deletions", 0)
    item.changed_files = row.get("changed_files", 0)
    merge = row.get("merge_commit_sha")
    item.merge_commit = CommitFacts(oid=merge) if merge and item.merged else None
    repository = item.url.removesuffix(f"/pull/{item.number}")
    numbers = sorted({int(each) for each in _CLOSES.findall(row.get("body") or "")})
    item.closing_issues_references = _page(
        [Url(url=f"{repository}/issues/{number}") for number in numbers]
    )
    item.reviews = _page(_kept(below, (_review(each) for each in below.reviews)))
    item.review_threads = _page(_threads(below))
    item.files = _page([_file(each) for each in below.files])
    item.commits = _page(_kept(below, (_commit(each) for each in below.commits)))
    item.commits.total_count = max(item.commits.total_count, row.get("commits") or 0)


def _threads(below: Below) -> list[Thread]:
    """Inline comments by the one that they answer."""
    threads: dict[int, Thread] = {}
    for row in below.inline:
        first = row.get("in_reply_to_id") or field_of(row, "id")
        said = checked(Said, _said(row), "inline comment")
        below.room.keep(said)
        if first not in threads:
            threads[first] = Thread(
                id=said.id,
                path=field_of(row, "path"),
                line=row.get("line"),
                original_line=row.get("original_line"),
                comments=_page(list[Said]()),
            )
        comments = threads[first].comments
        comments.nodes.append(said)
        comments.total_count += 1
    return [*threads.values()]


def _review(row: Row) -> Review:
    said = {**_said(row), "state": row.get("state"), "submitted_at": row.get("submitted_at")}
    return checked(Review, said, "review")


def _file(row: Row) -> ChangedFile:
    return checked(ChangedFile, {**row, "path": row.get("filename")}, "file")


def _commit(row: Row) -> PullCommit:
    message = field_of(row, "commit").get("message")
    return PullCommit(commit=CommitFacts(oid=field_of(row, "sha"), message=message))


def _said(row: Row) -> dict[str, Any]:
    return {
        "id": row.get("node_id"),
        "url": row.get("html_url"),
        "body": row.get("body") or "",
        "created_at": row.get("created_at"),
        "updated_at": row.get("updated_at"),
        "author": row.get("user") and _account(row["user"]),
    }


def _account(user: Row) -> Account:
    """GraphQL names bots without the `[bot]` that REST adds."""
    return Account(login=str(field_of(user, "login")).removesuffix("[bot]"))


def _state(row: Row) -> str:
    return "MERGED" if row.get("merged_at") else str(row.get("state")).upper()


def _upper(text: str | None) -> str | None:
    return text and text.upper()


def _kept(below: Below, nodes: Iterable[NODE_T]) -> list[NODE_T]:
    kept: list[NODE_T] = []
    for node in nodes:
        below.room.keep(node)
        kept.append(node)
    return kept


def _page(nodes: list[Any]) -> Page[Any]:
    return Page[Any](total_count=len(nodes), nodes=nodes)
