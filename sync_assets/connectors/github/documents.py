"""From an issue or pull request to its document: readable markdown, who said what when. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import JsonValue

from sync_assets.connectors.github.nodes import Item, Review, Said, Thread
from sync_assets.conversation import (
    ANCHORS,
    COMMITS_HEADING,
    FILES_HEADING,
    message,
    paragraphs,
    quoted,
)
from sync_assets.errors import UnexpectedPayload
from sync_assets.models import Document

SAID_T = TypeVar("SAID_T", bound=Said)
_REVIEWED = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "requested changes",
    "COMMENTED": "reviewed",
    "DISMISSED": "gave a review, since dismissed,",
}


def item_document(
    item: Item, document_id: str, version: str, by: Literal["graphql", "rest"]
) -> Document:
    """The document of an item that was read whole."""
    told = [*_told(item)]
    return Document(
        document_id=document_id,
        key=item_key(item.number),
        version=version,
        title=f"{item.title} (#{item.number})",
        url=item.url,
        text=paragraphs(part for part, _ in told),
        author=item.speaker,
        created_at=item.created_at,
        updated_at=item.updated_at,
        metadata={**_metadata(item, by), ANCHORS: [url for _, url in told if url]},
    )


def item_key(number: int) -> str:
    """How a person names an item inside its repository; it outlives a rename of that."""
    return f"#{number}"


def state_of(item: Item) -> str:
    """`open`, `draft`, `closed`, `merged`."""
    if item.merged:
        return "merged"
    return "draft" if item.is_draft and item.state == "OPEN" else item.state.lower()


def _told(item: Item) -> Iterator[tuple[str, str | None]]:
    """Parts of the text; a message comes with the URL where it stands."""
    yield f"# {quoted(' '.join(item.title.split()))} (#{item.number})", None
    yield _state_line(item), None
    yield _message(item, "opened this"), item.url
    if item.comments:
        yield from _messages("## Comments", item.comments.nodes, lambda _: "commented")
    if item.reviews:
        reviews = [each for each in item.reviews.nodes if _worth_telling(each)]
        yield from _messages(
            "## Reviews", reviews, lambda each: _REVIEWED.get(each.state, each.state.lower())
        )
    if item.review_threads:
        yield from _threads(item.review_threads.nodes)
    if item.files and item.files.nodes:
        yield FILES_HEADING, None
        yield (
            "\n".join(
                f"{file.path}: +{file.additions} -{file.deletions}" for file in item.files.nodes
            ),
            None,
        )
        unseen = item.changed_files - len(item.files.nodes)
        if unseen > 0:
            yield _left_out(unseen, "changed files"), None
    if item.commits and item.commits.nodes:
        yield COMMITS_HEADING, None
        commits = [each.commit for each in item.commits.nodes]
        kept = [each for each in commits if each.message is not None]
        yield "\n".join(f"{each.oid[:9]} {_indented(each.message or '')}" for each in kept), None
        unseen = item.commits.total_count - len(kept)
        if unseen > 0:
            yield _left_out(unseen, "commits"), None


def _state_line(item: Item) -> str:
    what = "Pull request" if item.kind == "PullRequest" else "Issue"
    state = state_of(item)
    if item.state_reason in ("NOT_PLANNED", "DUPLICATE") and state == "closed":
        state += f" as {item.state_reason.lower().replace('_', ' ')}"
    parts = [f"{what} #{item.number}", state]
    labels = sorted(label.name for label in item.labels.nodes)
    if labels:
        parts.append(f"labels: {', '.join(labels)}")
    assignees = sorted(account.login for account in item.assignees.nodes)
    if assignees:
        parts.append(f"assigned to {', '.join(assignees)}")
    if item.milestone:
        parts.append(f"milestone {item.milestone.title}")
    return " · ".join(" ".join(part.split()) for part in parts)


def _messages(
    heading: str, said: Sequence[SAID_T], did: Callable[[SAID_T], str]
) -> Iterator[tuple[str, str | None]]:
    kept = [each for each in said if each.body is not None]
    if said:
        yield heading, None
    for each in kept:
        yield _message(each, did(each)), each.url
    if len(kept) < len(said):
        yield _left_out(len(said) - len(kept), heading.removeprefix("## ").lower()), None


def _threads(threads: Sequence[Thread]) -> Iterator[tuple[str, str | None]]:
    if threads:
        yield "## Review threads", None
    unsaid = 0
    for thread in threads:
        kept = [said for said in thread.comments.nodes if said.body is not None]
        unsaid += len(thread.comments.nodes) - len(kept)
        if not kept:
            continue
        line = thread.line or thread.original_line
        place = f"{thread.path}:{line}" if line else thread.path
        resolved = " (resolved)" if thread.is_resolved else ""
        yield f"### {' '.join(place.split())}{resolved}", None
        for said in kept:
            yield _message(said, "commented"), said.url
    if unsaid:
        yield _left_out(unsaid, "comments in review threads"), None


def _message(said: Said, did: str) -> str:
    return message(said.speaker, did, _at(said), said.body or "")


def _at(said: Said) -> datetime:
    submitted = said.submitted_at if isinstance(said, Review) else None
    at = submitted or said.created_at
    if at is None:
        raise UnexpectedPayload(f"GitHub's {said.id} has no time")
    return at


def _worth_telling(review: Review) -> bool:
    """GitHub makes an empty review of every inline comment: that stands in its thread."""
    return review.state != "COMMENTED" or review.body is None or bool(review.body.strip())


def _left_out(count: int, what: str) -> str:
    return f"_({count:,} more {what} are not shown: there is too much of this.)_"


def _indented(text: str) -> str:
    return quoted(text).replace("\n", "\n  ")


def _metadata(item: Item, by: str) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {
        "number": item.number,
        "state": state_of(item),
        "labels": [
            {"name": each.name, "color": each.color}
            for each in sorted(item.labels.nodes, key=lambda label: label.name)
        ],
        "assignees": [*sorted(each.login for each in item.assignees.nodes)],
        "milestone": item.milestone.title if item.milestone else None,
        "closed_at": item.closed_at.isoformat() if item.closed_at else None,
        "comments": item.comments.total_count if item.comments else 0,
        "read_by": by,
        "node_id": item.id,
        "names": [*_names(item)],
        "links": [{"kind": kind, "target": target} for kind, target in _links(item)],
    }
    if item.kind == "PullRequest":
        found |= {
            "merged": item.merged,
            "merged_at": item.merged_at.isoformat() if item.merged_at else None,
            "draft": item.is_draft,
            "additions": item.additions,
            "deletions": item.deletions,
            "changed_files": item.changed_files,
        }
    return found


def _names(item: Item) -> Iterator[str]:
    """By which others may mention the item."""
    yield f"{item.repository.name_with_owner}#{item.number}"
    yield f"#{item.number}"
    yield item.url
    yield from _commits(item)


def _links(item: Item) -> Iterator[tuple[str, str]]:
    """What the item itself refers to, by GitHub's own account."""
    if item.closing_issues_references:
        for each in item.closing_issues_references.nodes:
            yield "closes", each.url
    if item.files:
        for file in item.files.nodes:
            yield "touches", file.path
    for oid in _commits(item):
        yield "contains", oid


def _commits(item: Item) -> Iterable[str]:
    commits = [each.commit.oid for each in item.commits.nodes] if item.commits else []
    merged = [item.merge_commit.oid] if item.merge_commit else []
    return dict.fromkeys([*commits, *merged])
