"""The version of an issue or pull request: a digest of facts that change when its text does. Pure.

The same function serves sweep, probe and fetch. Facts of comments are their number and those
written or edited last: any edit makes another one the last, or gives it a later time.
Not seen: that somebody changed a login.
"""

import json

from sync_assets.connectors.github.nodes import Item, Said
from sync_assets.models import digest


def version(item: Item) -> str:
    """32 hex digits. `item` has all of its facts: its connections were read to their ends."""
    return digest(json.dumps(_facts(item), separators=(",", ":")))


def words_digest(body: str | None) -> str:
    """Names a text, so that it may be dropped and its version known all the same."""
    return digest(body or "")[:16]


def _facts(item: Item) -> list[object]:
    facts: list[object] = [
        item.url,
        item.title,
        item.digest or words_digest(item.body),
        item.speaker,
        str(item.updated_at),
        item.state,
        item.state_reason,
        item.milestone.title if item.milestone else None,
        [
            [label.name, label.color]
            for label in sorted(item.labels.nodes, key=lambda each: each.name)
        ],
        [*sorted(account.login for account in item.assignees.nodes)],
        _latest(item),
    ]
    if item.kind == "PullRequest":
        references, threads = item.closing_issues_references, item.review_threads
        facts += [
            [item.is_draft, item.merged, str(item.merged_at)],
            [item.head_ref_oid, item.merge_commit.oid if item.merge_commit else None],
            [item.additions, item.deletions, item.changed_files],
            [*sorted(each.url for each in references.nodes)] if references else None,
            [[*_said(each), each.state] for each in item.reviews.nodes] if item.reviews else None,
            [
                [
                    thread.id,
                    thread.path,
                    thread.line or thread.original_line,
                    thread.is_resolved,
                    [[said.id, str(said.updated_at)] for said in thread.comments.nodes],
                ]
                for thread in threads.nodes
            ]
            if threads
            else None,
        ]
    return facts


def _latest(item: Item) -> list[object] | None:
    if item.latest is None:
        return None
    return [item.latest.total_count, [*map(_said, sorted(item.latest.nodes, key=_id))]]


def _id(said: Said) -> str:
    return said.id


def _said(said: Said) -> list[object]:
    return [said.id, str(said.updated_at), said.digest or words_digest(said.body)]
