"""Fields of issues and pull requests, and of all that people write below them."""

from collections.abc import Mapping
from typing import Any

from sync_assets.sandbox.github.closing import closing_numbers
from sync_assets.sandbox.github.connections import Connection, Key, connection
from sync_assets.sandbox.github.context import Context, Fields, seen
from sync_assets.sandbox.github.git_views import View, recorded_commit
from sync_assets.sandbox.github.orders import ordered_items, ordered_labels
from sync_assets.sandbox.github.records import Comment, InlineComment, Item, Review
from sync_assets.sandbox.github.times import time_text


def _home(source: Any) -> Item:  # noqa: ANN401 - any record of an item
    if isinstance(source, Item):
        return source
    return source.thread.item if isinstance(source, InlineComment) else source.item


def _anchor(source: Any) -> str:  # noqa: ANN401 - any record of an item
    match source:
        case Comment():
            return f"#issuecomment-{source.database_id}"
        case Review():
            return f"#pullrequestreview-{source.database_id}"
        case InlineComment():
            return f"#discussion_r{source.database_id}"
        case _:
            return ""


def _path(source: object, context: Context) -> str:
    return context.path(_home(source)) + _anchor(source)


_ENTRY: Fields = {
    "author": lambda source, _context, _arguments: seen(source.author),
    "authorAssociation": lambda source, _context, _arguments: source.association,
    "editor": lambda source, _context, _arguments: seen(source.editor),
    "fullDatabaseId": lambda source, _context, _arguments: str(source.database_id),
    "id": lambda source, _context, _arguments: source.node_id,
    "includesCreatedEdit": lambda source, _context, _arguments: source.edited_at is not None,
    "isMinimized": lambda _source, _context, _arguments: False,
    "lastEditedAt": lambda source, _context, _arguments: source.edited_at,
    "minimizedReason": lambda _source, _context, _arguments: None,
    "publishedAt": lambda source, _context, _arguments: source.created_at,
    "repository": lambda source, context, _: context.home(_home(source)),
    "resourcePath": lambda source, context, _: _path(source, context),
    "url": lambda source, context, _: context.web + _path(source, context),
}


def _comments(source: Item, _: Context, arguments: Mapping[str, Any]) -> Connection:
    order = arguments.get("orderBy")

    def key(comment: Comment) -> Key:
        at = comment.created_at if order is None else comment.updated_at
        return (time_text(at), comment.database_id)

    descending = order is not None and order["direction"] == "DESC"
    return connection(source.comments, arguments, key, descending=descending)


_ITEM: Fields = {
    **_ENTRY,
    "activeLockReason": lambda source, _context, _arguments: source.lock_reason,
    "assignees": lambda source, _, arguments: connection(source.assignees, arguments),
    "closed": lambda source, _context, _arguments: source.closed_at is not None,
    "comments": _comments,
    "labels": lambda source, _, arguments: ordered_labels(source.labels, arguments),
    "updatedAt": lambda source, _context, _arguments: source.touched_at,
}


def _closing(source: Item, context: Context, arguments: Mapping[str, Any]) -> Connection:
    known = context.tracker(source).items
    found = [known[number] for number in closing_numbers(source) if number in known]
    return ordered_items([item for item in found if item.pull is None], arguments)


def _reviews(source: Item, _: Context, arguments: Mapping[str, Any]) -> Connection:
    states, author = arguments.get("states"), arguments.get("author")
    found = [
        review
        for review in _pull(source).reviews
        if (not states or review.state in states)
        and (author is None or (review.author is not None and review.author.login == author))
    ]
    return connection(found, arguments, lambda review: (review.database_id,))


def _decision(source: Item, *_: object) -> str | None:
    """The last word of each reviewer counts."""
    last: dict[object, str] = {}
    for review in _pull(source).reviews:
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            last[review.author] = review.state
    words = set(last.values()) - {"DISMISSED"}
    if "CHANGES_REQUESTED" in words:
        return "CHANGES_REQUESTED"
    return "APPROVED" if words else None


def _pull(source: Item) -> Any:  # noqa: ANN401 - checked by the type's name
    return source.pull


_PULL: Fields = {
    **_ITEM,
    "additions": lambda source, _context, _arguments: sum(
        file.additions for file in source.pull.files
    ),
    "baseRefName": lambda source, _context, _arguments: source.pull.base,
    "baseRefOid": lambda source, _context, _arguments: source.pull.base_oid,
    "baseRepository": lambda source, context, _: context.home(source),
    "changedFiles": lambda source, _context, _arguments: len(source.pull.files),
    "closingIssuesReferences": _closing,
    "commits": lambda source, _, arguments: connection(
        [
            (source, commit, node)
            for commit, node in zip(source.pull.commits, source.pull.node_ids, strict=True)
        ],
        arguments,
    ),
    "deletions": lambda source, _context, _arguments: sum(
        file.deletions for file in source.pull.files
    ),
    "files": lambda source, _, arguments: connection(source.pull.files, arguments),
    "headRefName": lambda source, _context, _arguments: source.pull.head,
    "headRefOid": lambda source, _context, _arguments: source.pull.head_oid,
    "headRepository": lambda source, context, _: context.home(source),
    "isCrossRepository": lambda _source, _context, _arguments: False,
    "isDraft": lambda source, _context, _arguments: source.pull.draft,
    "mergeCommit": lambda source, context, _: (
        source.pull.merge_oid and context.object(context.home(source), source.pull.merge_oid)
    ),
    "mergeable": lambda source, _context, _arguments: (
        "UNKNOWN" if source.closed_at else "MERGEABLE"
    ),
    "merged": lambda source, _context, _arguments: source.pull.merged_at is not None,
    "mergedAt": lambda source, _context, _arguments: source.pull.merged_at,
    "mergedBy": lambda source, _context, _arguments: seen(source.pull.merged_by),
    "permalink": lambda source, context, _: context.web + _path(source, context),
    "reviewDecision": _decision,
    "reviewThreads": lambda source, _, arguments: connection(source.pull.threads, arguments),
    "reviews": _reviews,
    "totalCommentsCount": lambda source, _context, _arguments: (
        len(source.comments) + sum(len(thread.comments) for thread in source.pull.threads)
    ),
}
_COMMENT: Fields = {
    **_ENTRY,
    "issue": lambda source, _context, _arguments: source.item,
    "pullRequest": lambda source, _context, _arguments: source.item if source.item.pull else None,
}
_REVIEW: Fields = {
    **_ENTRY,
    "comments": lambda source, _, arguments: connection(
        [
            comment
            for thread in source.item.pull.threads
            for comment in thread.comments
            if comment.review is source
        ],
        arguments,
        lambda comment: (comment.database_id,),
    ),
    "commit": lambda source, context, _: (
        source.commit and context.object(context.home(source.item), source.commit)
    ),
    "pullRequest": lambda source, _context, _arguments: source.item,
}
_THREAD: Fields = {
    "comments": lambda source, _, arguments: connection(
        source.comments[arguments.get("skip") or 0 :],
        arguments,
        lambda comment: (comment.database_id,),
    ),
    "diffSide": lambda _source, _context, _arguments: "RIGHT",
    "id": lambda source, _context, _arguments: source.node_id,
    "isCollapsed": lambda source, _context, _arguments: source.resolved or source.outdated,
    "isOutdated": lambda source, _context, _arguments: source.outdated,
    "isResolved": lambda source, _context, _arguments: source.resolved,
    "originalStartLine": lambda source, _context, _arguments: source.start_line,
    "pullRequest": lambda source, _context, _arguments: source.item,
    "repository": lambda source, context, _: context.home(source.item),
    "resolvedBy": lambda source, _context, _arguments: seen(source.resolved_by),
    "subjectType": lambda _source, _context, _arguments: "LINE",
}
_INLINE: Fields = {
    **_ENTRY,
    "commit": lambda source, context, _: context.object(
        context.home(source.thread.item), source.commit
    ),
    "diffHunk": lambda source, _context, _arguments: source.thread.diff_hunk,
    "draftedAt": lambda source, _context, _arguments: source.created_at,
    "line": lambda source, _context, _arguments: source.thread.line,
    "originalCommit": lambda source, context, _: context.object(
        context.home(source.thread.item), source.commit
    ),
    "originalLine": lambda source, _context, _arguments: source.thread.original_line,
    "originalStartLine": lambda source, _context, _arguments: source.thread.start_line,
    "outdated": lambda source, _context, _arguments: source.thread.outdated,
    "path": lambda source, _context, _arguments: source.thread.path,
    "pullRequest": lambda source, _context, _arguments: source.thread.item,
    "pullRequestReview": lambda source, _context, _arguments: source.review,
    "replyTo": lambda source, _context, _arguments: source.reply_to,
    "startLine": lambda source, _context, _arguments: source.thread.start_line,
    "state": lambda _source, _context, _arguments: "SUBMITTED",
    "subjectType": lambda _source, _context, _arguments: "LINE",
}


def _commit(source: Any, context: Context, _: object) -> View:  # noqa: ANN401 - a tuple
    """As git has it, or what the tracker knows of it."""
    item, commit, _node = source
    home = context.home(item)
    return context.object(home, commit.oid) or recorded_commit(home, commit)


_PULL_COMMIT: Fields = {
    "commit": _commit,
    "id": lambda source, _context, _arguments: source[2],
    "pullRequest": lambda source, _context, _arguments: source[0],
    "resourcePath": lambda source, context, _: f"{context.path(source[0])}/commits/{source[1].oid}",
    "url": lambda source, context, _: (
        f"{context.web}{context.path(source[0])}/commits/{source[1].oid}"
    ),
}
ITEM_FIELDS: dict[str, Fields] = {
    "Issue": _ITEM,
    "IssueComment": _COMMENT,
    "PullRequest": _PULL,
    "PullRequestChangedFile": {"changeType": lambda source, _context, _arguments: source.change},
    "PullRequestCommit": _PULL_COMMIT,
    "PullRequestReview": _REVIEW,
    "PullRequestReviewComment": _INLINE,
    "PullRequestReviewThread": _THREAD,
}
