"""How a field of `schema.graphql` is answered: by a function of `FIELDS`, else by an attribute of
the record, its name in snake case.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from sync_assets.sandbox.github.connections import Connection, connection
from sync_assets.sandbox.github.context import Context, Fields, Resolver, seen
from sync_assets.sandbox.github.git_fields import GIT_FIELDS
from sync_assets.sandbox.github.git_views import BranchView, View
from sync_assets.sandbox.github.item_fields import ITEM_FIELDS
from sync_assets.sandbox.github.node_ids import account_node_id
from sync_assets.sandbox.github.orders import ordered_items, ordered_labels
from sync_assets.sandbox.github.records import (
    Account,
    Comment,
    InlineComment,
    Item,
    Label,
    Milestone,
    Review,
    Thread,
)
from sync_assets.sandbox.github.times import parse_time, time_text
from sync_assets.sandbox.repositories import Repository

_CAPITAL = re.compile(r"[A-Z]")


def _missing(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": "NOT_FOUND"})


def _repository(_: object, context: Context, arguments: Mapping[str, Any]) -> Repository:
    name = f"{arguments['owner']}/{arguments['name']}"
    found = context.repository(name)
    if found is None or (arguments.get("followRenames") is False and found.name != name):
        raise _missing(f"Could not resolve to a Repository with the name '{name}'.")
    return found


def _item(kind: str) -> Resolver:
    def resolve(source: Repository, context: Context, arguments: Mapping[str, Any]) -> Item:
        number = arguments["number"]
        found = context.trackers.of(source).items.get(number)
        wanted = {"Issue": (False,), "PullRequest": (True,)}.get(kind, (False, True))
        if found is None or (found.pull is not None) not in wanted:
            text = {"Issue": "an Issue", "PullRequest": "a PullRequest"}.get(
                kind, "an issue or pull request"
            )
            raise _missing(f"Could not resolve to {text} with the number of {number}.")
        return found

    return resolve


def _items(*, pulls: bool) -> Resolver:
    def resolve(source: Repository, context: Context, arguments: Mapping[str, Any]) -> Connection:
        chosen: Mapping[str, Any] = arguments.get("filterBy") or {}
        states = chosen.get("states") or arguments.get("states")
        since = chosen.get("since")
        start = None if since is None else parse_time(since)
        labels = set(arguments.get("labels") or ())
        found = [
            item
            for item in context.trackers.of(source).items.values()
            if (item.pull is not None) == pulls
            and (not states or item.state in states)
            and (start is None or item.updated_at >= start)
            and (not labels or labels & {label.name for label in item.labels})
            and _on_branches(item, arguments)
        ]
        return ordered_items(found, arguments)

    return resolve


def _on_branches(item: Item, arguments: Mapping[str, Any]) -> bool:
    pull, head, base = item.pull, arguments.get("headRefName"), arguments.get("baseRefName")
    return pull is None or (head in (None, pull.head) and base in (None, pull.base))


def _object(source: Repository, context: Context, arguments: Mapping[str, Any]) -> View | None:
    expression = arguments.get("oid") or arguments.get("expression")
    if expression is None:
        raise GraphQLError("An oid or expression is needed.", extensions={"type": "ARGUMENT"})
    return context.object(source, expression)


def _ref(source: Repository, context: Context, arguments: Mapping[str, Any]) -> BranchView | None:
    name = arguments["qualifiedName"].removeprefix("refs/heads/")
    return None if source.head(name) is None else BranchView(source, name)


def _default_branch(source: Repository, *_: object) -> BranchView | None:
    return None if source.head() is None else BranchView(source, source.default_branch)


_REPOSITORY: Fields = {
    "createdAt": lambda source, context, _: context.trackers.of(source).created_at,
    "databaseId": lambda source, _context, _arguments: source.number,
    "defaultBranchRef": _default_branch,
    "description": lambda _source, _context, _arguments: None,
    "hasIssuesEnabled": lambda _source, _context, _arguments: True,
    "id": lambda source, _context, _arguments: account_node_id("R", source.number),
    "isArchived": lambda source, _context, _arguments: source.archived,
    "isEmpty": lambda source, _context, _arguments: source.empty,
    "isPrivate": lambda source, _context, _arguments: source.private,
    "issue": _item("Issue"),
    "issueOrPullRequest": _item("either"),
    "issues": _items(pulls=False),
    "label": lambda source, context, arguments: context.trackers.of(source).labels.get(
        arguments["name"]
    ),
    "labels": lambda source, context, arguments: ordered_labels(
        list(context.trackers.of(source).labels.values()), arguments
    ),
    "milestones": lambda source, context, arguments: connection(
        list(context.trackers.of(source).milestones.values()),
        arguments,
        lambda each: (each.number,),
    ),
    "name": lambda source, _context, _arguments: source.name.partition("/")[2],
    "nameWithOwner": lambda source, _context, _arguments: source.name,
    "object": _object,
    "owner": lambda source, context, _: context.trackers.accounts.owner(
        source.name.partition("/")[0]
    ),
    "pullRequest": _item("PullRequest"),
    "pullRequests": _items(pulls=True),
    "pushedAt": lambda source, context, _: context.trackers.of(source).created_at,
    "ref": _ref,
    "resourcePath": lambda source, _context, _arguments: f"/{source.name}",
    "updatedAt": lambda source, context, _: context.trackers.of(source).created_at,
    "url": lambda source, context, _: f"{context.web}/{source.name}",
}

# Everything else ---------------------------------------------------------------------------------


def _nodes(_: object, context: Context, arguments: Mapping[str, Any]) -> list[Any]:
    """A node that is not there is an error in its place, and null."""
    found: list[Any] = []
    for each in arguments["ids"]:
        try:
            found.append(context.node(each))
        except GraphQLError as error:
            found.append(error)
    return found


_QUERY: Fields = {
    "node": lambda _, context, arguments: context.node(arguments["id"]),
    "nodes": _nodes,
    "rateLimit": lambda _, context, __: context,
    "repository": _repository,
    "viewer": lambda _, context, __: context.trackers.accounts.named("sandbox-user"),
}
_RATE_LIMIT: Fields = {
    "cost": lambda source, _context, _arguments: source.points,
    "limit": lambda source, _context, _arguments: source.quota["limit"],
    "nodeCount": lambda source, _context, _arguments: source.nodes,
    "remaining": lambda source, _context, _arguments: source.quota["remaining"],
    "resetAt": lambda source, _context, _arguments: datetime.fromtimestamp(
        source.quota["reset"], UTC
    ),
    "used": lambda source, _context, _arguments: source.quota["used"],
}
_ACCOUNT: Fields = {
    "avatarUrl": lambda source, context, _: f"{context.web}/avatars/u/{source.database_id}",
    "id": lambda source, _context, _arguments: source.node_id,
    "login": lambda source, _context, _arguments: source.login.removesuffix("[bot]"),
    "name": lambda _source, _context, _arguments: None,
    "resourcePath": lambda source, _context, _arguments: f"/{source.login}",
    "url": lambda source, context, _: f"{context.web}/{source.login}",
}


def _of_repository(kind: str, part: str) -> Fields:
    def path(source: Any, context: Context) -> str:  # noqa: ANN401 - a label or milestone
        return f"/{context.owner_of(source).name}/{kind}/{getattr(source, part)}"

    return {
        "id": lambda source, _context, _arguments: source.node_id,
        "repository": lambda source, context, _: context.owner_of(source),
        "resourcePath": lambda source, context, _: path(source, context),
        "url": lambda source, context, _: context.web + path(source, context),
    }


_LABEL: Fields = {
    **_of_repository("labels", "name"),
    "isDefault": lambda _source, _context, _arguments: False,
}
_MILESTONE: Fields = {
    **_of_repository("milestone", "number"),
    "closed": lambda source, _context, _arguments: source.closed_at is not None,
    "creator": lambda source, _context, _arguments: seen(source.creator),
    "state": lambda source, _context, _arguments: "OPEN" if source.closed_at is None else "CLOSED",
}
FIELDS: dict[str, Fields] = {
    **GIT_FIELDS,
    **ITEM_FIELDS,
    "Bot": _ACCOUNT,
    "Label": _LABEL,
    "Milestone": _MILESTONE,
    "Organization": _ACCOUNT,
    "Query": _QUERY,
    "RateLimit": _RATE_LIMIT,
    "Repository": _REPOSITORY,
    "User": _ACCOUNT,
}
_CONNECTION: Fields = {
    "edges": lambda source, _context, _arguments: list(
        zip(source.cursors, source.nodes, strict=True)
    ),
    "nodes": lambda source, _context, _arguments: source.nodes,
    "pageInfo": lambda source, _context, _arguments: source,
    "totalCount": lambda source, _context, _arguments: source.total(),
}
_EDGE: Fields = {
    "cursor": lambda source, _context, _arguments: source[0],
    "node": lambda source, _context, _arguments: source[1],
}
_PAGE_INFO: Fields = {
    "endCursor": lambda source, _context, _arguments: (
        source.cursors[-1] if source.cursors else None
    ),
    "hasNextPage": lambda source, _context, _arguments: source.has_next,
    "hasPreviousPage": lambda source, _context, _arguments: source.has_previous,
    "startCursor": lambda source, _context, _arguments: (
        source.cursors[0] if source.cursors else None
    ),
}


def resolve_field(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:  # noqa: ANN401
    """Any field of any type."""
    kind, name = info.parent_type.name, info.field_name
    resolver = _fields(kind).get(name)
    if resolver is not None:
        value = resolver(source, info.context, arguments)
    else:
        value = getattr(source, _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name))
    return time_text(value) if isinstance(value, datetime) else value


def _fields(kind: str) -> Fields:
    if kind.endswith("Connection"):
        return _CONNECTION
    if kind.endswith("Edge"):
        return _EDGE
    return _PAGE_INFO if kind == "PageInfo" else FIELDS[kind]


def resolve_type(source: Any, *_: object) -> str:  # noqa: ANN401 - any record
    """The object type of a record, where an interface or union was asked for."""
    if isinstance(source, Item):
        return "Issue" if source.pull is None else "PullRequest"
    if isinstance(source, Account):
        return source.kind
    if isinstance(source, View):
        return source.git.kind.capitalize()
    return _TYPES[type(source)]


_TYPES: dict[type, str] = {
    Comment: "IssueComment",
    InlineComment: "PullRequestReviewComment",
    Label: "Label",
    Milestone: "Milestone",
    Repository: "Repository",
    Review: "PullRequestReview",
    Thread: "PullRequestReviewThread",
}
