"""An oracle of a team's index: the sandbox's own records say what must be found, LanceDB what is.
It imports nothing of what reads, renders or stores them.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sync_assets.sandbox.linear.records import WEB, Comment, Issue
from sync_assets.sandbox.linear.world import LinearWorld
from sync_assets_tests import oracle


def differences(index_uri: str, source_id: str, world: LinearWorld, team: str | None) -> list[str]:
    """Every way in which the index is not the team (or all teams); an empty list is equality."""
    faults: list[str] = []
    documents = oracle.rows(index_uri, "documents", source_id)
    chunks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for chunk in oracle.rows(index_uri, "chunks", source_id):
        chunks[chunk["document_id"]].append(chunk)
    wanted = {
        issue.identifier: issue
        for issue in world.issues.values()
        if team in (None, issue.team.key) and not issue.trashed and not issue.team.hidden
    }
    counted = Counter(row["key"] for row in documents)
    faults += [f"{key}: missing" for key in wanted.keys() - counted.keys()]
    faults += [f"{key}: extra" for key in counted.keys() - wanted.keys()]
    faults += [f"{key}: {count} rows" for key, count in counted.items() if count > 1]
    for row in documents:
        own = chunks.pop(row["document_id"], [])
        faults += oracle.chunk_faults(row["key"], row["text"], row["version"], own)
        if issue := wanted.get(row["key"]):
            faults += [f"{row['key']}: {fault}" for fault in _faults(issue, row)]
    faults += [f"orphan chunks of {document}" for document in chunks]
    return sorted(faults)


def _faults(issue: Issue, row: dict[str, Any]) -> Iterator[str]:
    text, metadata, at = row["text"], json.loads(row["metadata"]), 0
    for told in _told(issue):
        found = text.find(told, at)
        if found < 0:
            yield f"does not tell {told[:60]!r} in its place"
        else:
            at = found + len(told)
    speaking = [line for line in text.splitlines() if line.startswith("**") and line.endswith(":")]
    if len(speaking) != 1 + len(_comments(issue)):
        yield "somebody speaks too often or too seldom"
    facts = {
        "identifier": issue.identifier,
        "team": issue.team.key,
        "state": issue.state.name,
        "archived": issue.archived_at is not None,
        "priority": issue.priority_label,
        "labels": sorted(label.name for label in issue.labels),
        "assignee": issue.assignee and issue.assignee.display_name,
        "project": issue.project and issue.project.name,
        "estimate": issue.estimate,
        "parent": issue.parent and issue.parent.identifier,
        "comments": len(_comments(issue)),
        "attachments": len(issue.attachments),
        "linear_id": issue.id,
    }
    for name, fact in facts.items():
        if metadata.get(name) != fact:
            yield f"{name} is {metadata.get(name)!r}, not {fact!r}"
    if row["title"] != f"{issue.title} ({issue.identifier})":
        yield "another title"
    if row["url"] != f"{WEB}/issue/{issue.identifier}":
        yield "another address"


def _told(issue: Issue) -> Iterator[str]:
    """What a document must say, in this order."""
    yield issue.title
    yield issue.state.name
    yield from _family(issue)
    for attachment in sorted(issue.attachments, key=lambda each: (each.created_at, each.id)):
        yield f"[{attachment.title}]({attachment.url})"
        yield attachment.subtitle or ""
    yield f"**{issue.creator.display_name if issue.creator else 'somebody'}** opened this on"
    yield issue.description or ""
    for comment in _comments(issue):
        yield f"**{_speaker(comment)}** "
        yield f"on {comment.created_at:%Y-%m-%d}:"
        yield comment.body


def _family(issue: Issue) -> Iterator[str]:
    named: dict[str, set[str]] = defaultdict(set)
    for child in issue.children:
        if not child.trashed:
            named["sub-issues:"].add(child.identifier)
    for relation in issue.relations:
        if relation.type == "blocks":
            named["blocks"].add(relation.related_issue.identifier)
    for relation in issue.inverse_relations:
        if relation.type == "blocks":
            named["blocked by"].add(relation.issue.identifier)
    parts = [f"sub-issue of {issue.parent.identifier}"] if issue.parent else []
    for kind, names in sorted(named.items()):
        parts.append(f"{kind} {', '.join(sorted(names, key=_by_number))}")
    yield " · ".join(parts)


def _by_number(identifier: str) -> tuple[str, int]:
    team, number = identifier.split("-")
    return team, int(number)


def _comments(issue: Issue) -> Sequence[Comment]:
    """Threads in the order in which they begin, each with its replies."""
    kept = sorted(
        (each for each in issue.comments if each.archived_at is None),
        key=lambda each: (each.created_at, each.id),
    )
    found: list[Comment] = []
    for each in kept:
        if each.parent not in kept:
            found.append(each)
            found += [reply for reply in kept if reply.parent is each]
    return found


def _speaker(comment: Comment) -> str:
    if comment.user:
        return comment.user.display_name
    return comment.bot_actor.name if comment.bot_actor else "somebody"
