"""An oracle of a tracker's index: the sandbox's own records say what must be found, LanceDB what
is. It imports nothing of what reads, renders or stores them.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sync_assets.sandbox.github.records import Entry, Item, Thread
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets_tests import oracle

TOKEN = re.compile(r"\bplanted[0-9]+\b")
"""Words that stand in one place alone."""


def differences(index_uri: str, source_id: str, tracker: Tracker) -> list[str]:
    """Every way in which the index is not the tracker; an empty list is equality."""
    faults: list[str] = []
    documents = oracle.rows(index_uri, "documents", source_id)
    chunks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for chunk in oracle.rows(index_uri, "chunks", source_id):
        chunks[chunk["document_id"]].append(chunk)
    wanted = {_key(item): item for item in tracker.items.values()}
    counted = Counter((row["stream"], row["key"]) for row in documents)
    faults += [f"{key}: missing" for key in wanted.keys() - counted.keys()]
    faults += [f"{key}: extra" for key in counted.keys() - wanted.keys()]
    faults += [f"{key}: {count} rows" for key, count in counted.items() if count > 1]
    for row in documents:
        own = chunks.pop(row["document_id"], [])
        faults += oracle.chunk_faults(row["key"], row["text"], row["version"], own)
        item = wanted.get((row["stream"], row["key"]))
        if item is not None:
            faults += [f"{row['key']}: {fault}" for fault in _faults(item, row)]
    faults += [f"orphan chunks of {document}" for document in chunks]
    return sorted(map(str, faults))


def tokens_of(item: Item) -> list[str]:
    """The planted words of an item, in the order in which its document tells them."""
    return TOKEN.findall("\n".join(_told(item)))


def _key(item: Item) -> tuple[str, str]:
    return ("issues" if item.pull is None else "pull_requests", f"#{item.number}")


def _faults(item: Item, row: dict[str, Any]) -> Iterator[str]:
    text, metadata = _plain(row["text"]), json.loads(row["metadata"])
    at = 0
    for told in map(_plain, _told(item)):
        found = text.find(told, at)
        if found < 0:
            yield f"does not tell {told[:60]!r} in its place"
        else:
            at = found + len(told)
    if TOKEN.findall(row["text"]) != tokens_of(item):
        yield "tells what is not there, or twice"
    facts = {
        "number": item.number,
        "state": _state(item),
        "labels": sorted([{"name": each.name, "color": each.color} for each in item.labels],
                         key=lambda each: each["name"]),
        "assignees": sorted(_login(each) for each in item.assignees),
        "milestone": item.milestone.title if item.milestone else None,
        "node_id": item.node_id,
        "closed_at": _second(item.closed_at),
    }  # fmt: skip
    if item.pull is not None:
        facts |= {
            "merged": item.pull.merged_at is not None,
            "merged_at": _second(item.pull.merged_at),
            "draft": item.pull.draft,
            "additions": sum(file.additions for file in item.pull.files),
            "deletions": sum(file.deletions for file in item.pull.files),
        }
    for name, fact in facts.items():
        if metadata.get(name) != fact:
            yield f"{name} is {metadata.get(name)!r}, not {fact!r}"
    if f"{row['created_at']:%Y-%m-%dT%H:%M:%S}" != f"{item.created_at:%Y-%m-%dT%H:%M:%S}":
        yield f"was created at {row['created_at']}, not {item.created_at}"
    if (row["title"], row["author"]) != (f"{item.title} (#{item.number})", _login(item.author)):
        yield "another title or author"


def _told(item: Item) -> Iterator[str]:
    """What a document must say, in this order."""
    yield item.title
    yield item.state.lower() if not (item.pull and item.pull.draft) else ""
    yield from _said(item)
    for comment in item.comments:
        yield from _said(comment)
    if item.pull is None:
        return
    for review in item.pull.reviews:
        if review.body.strip() or review.state != "COMMENTED":
            yield from _said(review)
    for thread in item.pull.threads:
        yield _place(thread) + (" (resolved)" if thread.resolved else "")
        for inline in thread.comments:
            yield from _said(inline)
    for file in item.pull.files:
        yield f"{file.path}: +{file.additions} -{file.deletions}"
    for commit in item.pull.commits:
        yield commit.oid[:9]
        yield commit.message


def _said(entry: Entry) -> Iterator[str]:
    yield f"**{_login(entry.author)}**"
    yield f"{entry.created_at:%Y-%m-%d}"
    yield entry.body


def _place(thread: Thread) -> str:
    return f"{thread.path}:{thread.line or thread.original_line}"


def _login(account: Any) -> str:  # noqa: ANN401 - an account, or nobody
    if account is None or account.deleted:
        return "ghost"
    return account.login.removesuffix("[bot]")


def _state(item: Item) -> str:
    if item.pull is not None and item.pull.draft and item.state == "OPEN":
        return "draft"
    return item.state.lower()


def _second(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}+00:00"


def _plain(text: str) -> str:
    """Without what markdown does not show, and with single blanks."""
    return " ".join(text.replace("\\**", "**").split())
