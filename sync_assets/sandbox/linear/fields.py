"""How a field of `schema.graphql` is answered: by a function of `FIELDS`, else by an attribute of
the record, its name in snake case.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, cast

from graphql import GraphQLError, GraphQLResolveInfo

from sync_assets.sandbox.linear.connections import Connection, connection
from sync_assets.sandbox.linear.filters import passes
from sync_assets.sandbox.linear.records import Attachment, Comment, Issue, Team
from sync_assets.sandbox.linear.world import ORGANIZATION, LinearWorld

_CAPITAL = re.compile(r"[A-Z]")
Resolver = Callable[[Any, LinearWorld, Mapping[str, Any]], Any]
Listed = Callable[[Any, LinearWorld], Iterable[Any]]


def resolve_field(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:  # noqa: ANN401 - any record
    """What graphql-core asks for each field."""
    kind, name = info.parent_type.name, info.field_name
    if isinstance(source, Connection):
        return _of_connection(source, name)
    if isinstance(source, dict):
        return cast("dict[str, Any]", source)[name]
    resolver = FIELDS.get(kind, {}).get(name)
    if resolver is not None:
        return resolver(source, info.context, arguments)
    return _shown(getattr(source, _snake(name)))


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)


def _shown(value: Any) -> Any:  # noqa: ANN401 - any fact
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    return value.isoformat() if isinstance(value, date) else value


def _of_connection(page: Connection, name: str) -> Any:  # noqa: ANN401 - any fact
    if name == "nodes":
        return page.nodes
    if name == "edges":
        pairs = zip(page.nodes, page.cursors, strict=True)
        return [{"node": node, "cursor": cursor} for node, cursor in pairs]
    return {
        "hasNextPage": page.has_next,
        "hasPreviousPage": page.has_previous,
        "startCursor": page.cursors[0] if page.cursors else None,
        "endCursor": page.cursors[-1] if page.cursors else None,
    }


def _not_found(what: str) -> GraphQLError:
    return GraphQLError(
        f"Entity not found: {what}",
        extensions={
            "code": "INPUT_ERROR",
            "type": "invalid input",
            "userError": True,
            "userPresentableMessage": f"Could not find referenced {what}.",
        },
    )


def _listed(of: Listed) -> Resolver:
    """A connection over what is listed."""

    def resolve(source: Any, world: LinearWorld, arguments: Mapping[str, Any]) -> Connection:  # noqa: ANN401 - any record
        wanted = arguments.get("filter")
        found = [each for each in of(source, world) if _seen(each) and passes(each, wanted)]
        return connection(world, found, arguments)

    return resolve


def _comments(_: object, world: LinearWorld, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as resolvers
    """Of all; where their issues are named by ids, of no others: that is asked for often."""
    wanted: dict[str, Any] = arguments.get("filter") or {}
    ids: list[str] | None = wanted.get("issue", {}).get("id", {}).get("in")
    if ids is None:
        return _listed(lambda _, world: world.comments.values())(None, world, arguments)
    known = [world.issues[each] for each in {*ids} if each in world.issues]
    found = [comment for issue in known for comment in issue.comments]
    return _listed(lambda _, __: found)(None, world, arguments)


def _seen(record: Any) -> bool:  # noqa: ANN401 - any record
    """Whether our key may see it: what belongs to a hidden team it may not."""
    issue = record.issue if isinstance(record, Comment | Attachment) else record
    team = issue.team if isinstance(issue, Issue) else issue
    return not (isinstance(team, Team) and team.hidden)


def _issue(_: object, world: LinearWorld, arguments: Mapping[str, Any]) -> Issue:
    """By id, identifier, or a former identifier."""
    name = arguments["id"]
    for issue in world.issues.values():
        names = (issue.id, issue.identifier, *issue.previous_identifiers)
        if name in names and _seen(issue):
            return issue
    raise _not_found("Issue")


def _team(_: object, world: LinearWorld, arguments: Mapping[str, Any]) -> Team:
    name = arguments["id"]
    for team in world.teams.values():
        if name in (team.id, team.key) and _seen(team):
            return team
    raise _not_found("Team")


def _facts(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an input, named as a record names them."""
    return {_snake(name): value for name, value in given.items() if name not in {"secret", "url"}}


def _create_webhook(_: object, world: LinearWorld, arguments: Mapping[str, Any]) -> dict[str, Any]:
    given = arguments["input"]
    made = world.create_webhook(given["url"], given["secret"], **_facts(given))
    return {"success": True, "webhook": made}


def _update_webhook(_: object, world: LinearWorld, arguments: Mapping[str, Any]) -> dict[str, Any]:
    hook, given = world.webhooks.get(arguments["id"]), arguments["input"]
    if hook is None:
        raise _not_found("Webhook")
    world.update_webhook(hook, given["secret"], **_facts(given))
    return {"success": True, "webhook": hook}


_ORGANIZATION = {"id": "organization-acme", "name": "Acme", "urlKey": ORGANIZATION}
FIELDS: dict[str, dict[str, Resolver]] = {
    "Query": {
        "attachments": _listed(lambda _, world: world.attachments.values()),
        "comments": _comments,
        "issue": _issue,
        "issues": _listed(lambda _, world: world.issues.values()),
        "organization": lambda _, __, ___: _ORGANIZATION,
        "team": _team,
        "teams": _listed(lambda _, world: world.teams.values()),
        "viewer": lambda _, world, __: next(iter(world.users.values())),
        "webhooks": _listed(lambda _, world: world.webhooks.values()),
    },
    "Mutation": {"webhookCreate": _create_webhook, "webhookUpdate": _update_webhook},
    "Team": {
        "issues": _listed(
            lambda team, world: [each for each in world.issues.values() if each.team is team]
        ),
    },
    "Issue": {
        "attachments": _listed(lambda issue, _: issue.attachments),
        "children": _listed(lambda issue, _: issue.children),
        "comments": _listed(lambda issue, _: issue.comments),
        "inverseRelations": _listed(lambda issue, _: issue.inverse_relations),
        "labels": _listed(lambda issue, _: issue.labels),
        "relations": _listed(lambda issue, _: issue.relations),
    },
}
