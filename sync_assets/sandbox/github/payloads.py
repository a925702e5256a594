"""What the bodies of webhooks say. Pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sync_assets.sandbox.github.hook_shapes import HookShapes
from sync_assets.sandbox.github.items import pull_of
from sync_assets.sandbox.github.push_commits import PushedCommit
from sync_assets.sandbox.github.records import (
    Account,
    Comment,
    InlineComment,
    Label,
    Milestone,
    Review,
    Thread,
)
from sync_assets.sandbox.github.repository_shape import user_shape
from sync_assets.sandbox.github.shapes import Shape
from sync_assets.sandbox.github.tracker_news import Part, TrackerNews
from sync_assets.sandbox.news import RefMoved, RepositoryChanged

NO_COMMIT: Final = "0" * 40
ZEN: Final = "Keep it logically awesome."


def tracker_payload(news: TrackerNews, shapes: HookShapes, other: HookShapes | None) -> Shape:
    """Of an event in a tracker. `other` shapes what is at the other end of a transfer."""
    shown: Shape = {"action": news.action, **_about(news, shapes)}
    if news.part is not None:
        shown |= _part(news.part, shapes)
    if news.moved is not None and other is not None:
        name = "new" if news.action == "transferred" else "old"
        shown["changes"] = {
            f"{name}_issue": other.issue(news.moved[1]),
            f"{name}_repository": other.repository(),
        }
    elif news.action == "synchronize" and news.item is not None:
        shown |= {"before": news.former["before"], "after": pull_of(news.item).head_oid}
    elif news.former:
        shown["changes"] = _changes(news.former)
    return shown | _everywhere(shapes, news.sender)


def ref_payloads(
    moved: RefMoved,
    shapes: HookShapes,
    commits: Sequence[PushedCommit],
    *,
    forced: bool,
) -> Mapping[str, Shape]:
    """By event: what a moved branch tells. A push, and where it begins or ends `create` too."""
    everywhere = _everywhere(shapes, None)
    page, started = shapes.shapes.page, int(shapes.at.timestamp())
    pushed = {**shapes.repository(), "created_at": started, "pushed_at": started}
    listed = [_commit(commit, page) for commit in commits]
    before, after = moved.before or NO_COMMIT, moved.after or NO_COMMIT
    told: dict[str, Shape] = {
        "push": {
            "ref": f"refs/heads/{moved.branch}",
            "before": before,
            "after": after,
            "created": moved.before is None,
            "deleted": moved.after is None,
            "forced": forced,
            "base_ref": None,
            "compare": f"{page}/compare/{before[:12]}...{after[:12]}",
            "commits": listed,
            "head_commit": listed[-1] if listed else None,
            "pusher": {"name": "mara", "email": "mara@acme.example"},
            **everywhere,
            "repository": pushed,
        }
    }
    named: Shape = {"ref": moved.branch, "ref_type": "branch", "pusher_type": "user", **everywhere}
    if moved.before is None:
        master = shapes.shapes.repository.default_branch
        told["create"] = {"master_branch": master, "description": None, **named}
    if moved.after is None:
        told["delete"] = named
    return told


def repository_payload(
    changed: RepositoryChanged, shapes: HookShapes, former_owner: Account | None
) -> Shape:
    """Of a change of the repository itself. `former_owner` is who had it before a transfer."""
    shown: Shape = {"action": changed.action, **_everywhere(shapes, None)}
    if changed.action == "renamed":
        shown["changes"] = {"repository": {"name": {"from": changed.former}}}
    elif changed.action == "transferred" and former_owner is not None:
        kind = "organization" if former_owner.kind == "Organization" else "user"
        former = user_shape(shapes.shapes.web, former_owner)
        shown["changes"] = {"owner": {"from": {kind: former}}}
    elif changed.action == "edited":
        shown["changes"] = {"default_branch": {"from": changed.former}}
    return shown


def ping_payload(hook: Mapping[str, object], number: int, shapes: HookShapes) -> Shape:
    """What a new hook hears first. `hook` is its shape in REST."""
    return {"zen": ZEN, "hook_id": number, "hook": dict(hook), **_everywhere(shapes, None)}


def _everywhere(shapes: HookShapes, sender: Account | None) -> Shape:
    owner = shapes.shapes.owner
    shown: Shape = {
        "repository": shapes.repository(),
        "sender": shapes.account(sender or owner),
    }
    if owner.kind == "Organization":
        shown["organization"] = shapes.organization()
    return shown


def _about(news: TrackerNews, shapes: HookShapes) -> Shape:
    item = news.item
    if item is None:
        return {}
    if news.event in {"issues", "issue_comment"}:
        return {"issue": shapes.issue(item)}
    if news.event == "pull_request":
        return {"number": item.number, "pull_request": shapes.pull(item)}
    return {"pull_request": shapes.pull_of_part(item)}


def _part(part: Part, shapes: HookShapes) -> Shape:
    shown: Shape
    match part:
        case Comment():
            shown = {"comment": shapes.comment(part)}
        case InlineComment():
            shown = {"comment": shapes.inline(part)}
        case Review():
            shown = {"review": shapes.review(part)}
        case Thread():
            shown = {"thread": shapes.thread(part)}
        case Label():
            shown = {"label": shapes.label(part)}
        case Milestone():
            shown = {"milestone": shapes.milestone(part)}
        case Account():
            shown = {"assignee": shapes.account(part)}
    return shown


def _changes(former: Mapping[str, str]) -> Shape:
    return {name: {"from": value} for name, value in former.items()}


def _commit(commit: PushedCommit, page: str) -> Shape:
    return {
        "id": commit.oid,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": commit.at.isoformat(),
        "url": f"{page}/commit/{commit.oid}",
        "author": {"name": commit.author[0], "email": commit.author[1]},
        "committer": {"name": commit.committer[0], "email": commit.committer[1]},
        "added": list(commit.added),
        "removed": list(commit.removed),
        "modified": list(commit.modified),
    }
