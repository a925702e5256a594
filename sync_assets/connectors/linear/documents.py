"""From an issue to its document: readable markdown, who said what when. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from sync_assets.connectors.linear.nodes import SOMEBODY, Comment, Issue
from sync_assets.conversation import ANCHORS, message, paragraphs, quoted
from sync_assets.models import Document

TEXT_LIMIT: Final = 1_000_000
"""Characters of words that one document holds; the rest is counted in it."""
_NAME: Final = 100
_RELATED: Final[Mapping[str, tuple[str, str]]] = {
    "blocks": ("blocks", "blocked by"),
    "duplicate": ("duplicate of", "duplicated by"),
    "related": ("related to", "related to"),
    "similar": ("similar to", "similar to"),
}


def issue_document(issue: Issue, document_id: str, version: str) -> Document:
    """The document of an issue that was read whole."""
    told = [*_told(issue)]
    anchors: list[JsonValue] = [url for _, url in told if url]
    return Document(
        document_id=document_id,
        key=issue.identifier,
        version=version,
        title=f"{_line(issue.title)} ({issue.identifier})",
        url=issue.url,
        text=paragraphs(part for part, _ in told),
        author=issue.speaker,
        created_at=issue.created_at,
        updated_at=max([issue.updated_at, *(each.updated_at for each in issue.said)]),
        metadata={**_metadata(issue), ANCHORS: anchors},
    )


def _told(issue: Issue) -> Iterator[tuple[str, str | None]]:
    """Parts of the text; a message comes with the URL where it stands."""
    yield f"# {quoted(_line(issue.title))} ({issue.identifier})", None
    yield _state_line(issue), None
    yield quoted(" · ".join(_family(issue))), None
    yield _attachments(issue), None
    words = issue.description or ""
    kept = words if len(words) <= TEXT_LIMIT else ""
    yield _message(issue.speaker, "opened this", issue.created_at, kept), issue.url
    if len(kept) < len(words):
        yield f"_(Its description of {len(words):,} characters is not shown.)_", None
    yield from _comments(_threaded(issue.said), TEXT_LIMIT - len(kept))


def _comments(
    comments: Sequence[tuple[Comment, bool]], room: int
) -> Iterator[tuple[str, str | None]]:
    """Every thread in one piece."""
    if comments:
        yield "## Comments", None
    unsaid = 0
    for comment, is_reply in comments:
        words = comment.body
        if comment.quoted_text:
            cited = "\n".join(f"> {line}" for line in comment.quoted_text.strip().splitlines())
            words = f"{cited}\n\n{words}"
        room -= len(words)
        if room < 0:
            unsaid += 1
            continue
        did = "replied" if is_reply else "commented"
        if comment.resolved_at and not is_reply:
            did += ", since resolved,"
        at = comment.created_at or comment.updated_at
        yield _message(comment.speaker, did, at, words), comment.url
    if unsaid:
        yield f"_({unsaid:,} more comments are not shown: there is too much of this.)_", None


def _threaded(comments: Sequence[Comment]) -> Sequence[tuple[Comment, bool]]:
    """Threads in the order in which they begin, each with its replies; whether it is a reply.

    What answers a comment that is gone begins a thread; so does whatever goes in a circle.
    """
    known = {each.id: each for each in comments}
    threads: dict[str, list[Comment]] = {}
    for each in comments:
        root, seen = each, {each.id}
        while root.parent_id in known and root.parent_id not in seen:
            root = known[root.parent_id]
            seen.add(root.id)
        threads.setdefault(each.id if root.parent_id in seen else root.id, []).append(each)
    return [(each, place > 0) for thread in threads.values() for place, each in enumerate(thread)]


def _message(speaker: str, did: str, at: datetime, words: str) -> str:
    return message(_name(speaker), did, at, words)


def _state_line(issue: Issue) -> str:
    parts = [f"Issue {issue.identifier}", issue.state.name]
    if issue.archived_at:
        parts.append("archived")
    if issue.priority:
        parts.append(f"{issue.priority_label.lower()} priority")
    if labels := _labels(issue):
        parts.append(f"labels: {', '.join(labels)}")
    if issue.assignee:
        parts.append(f"assigned to {issue.assignee.display_name}")
    if issue.project:
        parts.append(f"project {issue.project.name}")
    if issue.project_milestone:
        parts.append(f"milestone {issue.project_milestone.name}")
    if issue.cycle:
        parts.append(f"cycle {issue.cycle.title.removeprefix('Cycle ')}")
    if issue.estimate is not None:
        parts.append(f"estimate {issue.estimate:g}")
    if issue.due_date:
        parts.append(f"due {issue.due_date}")
    return quoted(" · ".join(_line(part) for part in parts))


def _family(issue: Issue) -> Iterator[str]:
    """Its relations to other issues, each sort with all of its names."""
    if issue.parent:
        yield f"sub-issue of {issue.parent.identifier}"
    named: dict[str, list[str]] = {}
    for kind, identifier in _relatives(issue):
        named.setdefault(kind, []).append(identifier)
    for kind, identifiers in sorted(named.items()):
        yield f"{kind} {', '.join(sorted(set(identifiers), key=_by_number))}"


def _relatives(issue: Issue) -> Iterator[tuple[str, str]]:
    for child in issue.children.nodes:
        if not child.trashed:
            yield "sub-issues:", child.identifier
    for relation in issue.relations.nodes:
        if relation.related_issue:
            yield _related(relation.type)[0], relation.related_issue.identifier
    for relation in issue.inverse_relations.nodes:
        if relation.issue:
            yield _related(relation.type)[1], relation.issue.identifier


def _related(kind: str) -> tuple[str, str]:
    return _RELATED.get(kind, (f"{kind}:", f"{kind} from:"))


def _attachments(issue: Issue) -> str:
    lines: list[str] = []
    for each in issue.attached:
        title = _line(each.title).replace("[", "(").replace("]", ")") or each.url
        subtitle = f": {_line(each.subtitle)}" if each.subtitle else ""
        lines.append(quoted(f"- [{title}]({each.url}){subtitle}"))
    return "\n".join(["Attachments:", *lines]) if lines else ""


def _metadata(issue: Issue) -> dict[str, JsonValue]:
    names: list[JsonValue] = [issue.identifier, *issue.previous_identifiers, issue.url]
    return {
        "identifier": issue.identifier,
        "team": issue.team.key,
        "state": issue.state.name,
        "state_type": issue.state.type,
        "archived": issue.archived_at is not None,
        "priority": issue.priority_label,
        "labels": [*_labels(issue)],
        "assignee": issue.assignee.display_name if issue.assignee else None,
        "project": issue.project.name if issue.project else None,
        "milestone": issue.project_milestone.name if issue.project_milestone else None,
        "cycle": issue.cycle.title if issue.cycle else None,
        "estimate": issue.estimate,
        "due": str(issue.due_date) if issue.due_date else None,
        "parent": issue.parent.identifier if issue.parent else None,
        "comments": len(issue.said),
        "attachments": len(issue.attached),
        "linear_id": issue.id,
        "names": names,
        "links": [{"kind": "mentions", "target": target} for target in _links(issue)],
    }


def _links(issue: Issue) -> Sequence[str]:
    """What Linear itself ties the issue to."""
    others = [identifier for _, identifier in _relatives(issue)]
    if issue.parent:
        others.append(issue.parent.identifier)
    return [*dict.fromkeys([*(each.url for each in issue.attached), *sorted(others)])]


def _labels(issue: Issue) -> Sequence[str]:
    return sorted(label.name for label in issue.labels.nodes)


def _by_number(identifier: str) -> tuple[str, int]:
    team, _, number = identifier.rpartition("-")
    return team, int(number) if number.isdigit() else 0


def _name(name: str) -> str:
    """A name as a speaker's line holds it."""
    return _line(name.replace("*", ""))[:_NAME] or SOMEBODY


def _line(text: str) -> str:
    return " ".join(text.split())
