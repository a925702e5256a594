"""The GraphQL that we send. Tests validate each against Linear's schema, and its cost.

An issue is asked for in two ways: its facts, from which its version follows, and whole. Connections
below an issue are first asked for few nodes each, without `pageInfo`, which would cost as much as a
node each time: one that comes full is read again, to its end. Comments of all issues that have many
are read together.
"""

from collections.abc import Collection
from typing import Final, Literal

Feed = Literal["issues", "comments", "attachments"]
"""What Linear lists with a time of its own."""
FEEDS: Final[tuple[Feed, ...]] = ("issues", "comments", "attachments")
Detail = Literal["facts", "whole"]

_PAGE: Final = "pageInfo { hasNextPage endCursor }"
MOST_TEAMS: Final = 5
"""With one key: one that is in use, and others that were archived before."""
_ORDERED: Final = "includeArchived: true, orderBy: createdAt"
"""Newest first; an element never changes its place."""

COMMENT_FACTS: Final = "id updatedAt archivedAt"
ATTACHMENT_FACTS: Final = "id updatedAt archivedAt"
COMMENT: Final = f"""{COMMENT_FACTS} body url createdAt parentId quotedText resolvedAt
      user {{ displayName }} botActor {{ name userDisplayName }} externalUser {{ displayName }}"""
ATTACHMENT: Final = f"{ATTACHMENT_FACTS} title subtitle url createdAt"
CONNECTIONS: Final[dict[str, dict[Detail, str]]] = {
    "comments": {"facts": COMMENT_FACTS, "whole": COMMENT},
    "attachments": {"facts": ATTACHMENT_FACTS, "whole": ATTACHMENT},
    "labels": dict.fromkeys(("facts", "whole"), "name"),
    "relations": dict.fromkeys(("facts", "whole"), "type relatedIssue { identifier }"),
    "inverseRelations": dict.fromkeys(("facts", "whole"), "type issue { identifier }"),
    "children": dict.fromkeys(("facts", "whole"), "identifier trashed"),
}
"""Of each connection below an issue: what its nodes are asked for."""
_ISSUE: Final = """
    id identifier previousIdentifiers url title description createdAt updatedAt archivedAt trashed
    priority priorityLabel estimate dueDate
    team { id key } state { name type } creator { displayName } assignee { displayName }
    botActor { name userDisplayName } externalUserCreator { displayName }
    project { name } projectMilestone { name } cycle { number name } parent { identifier }"""

_ROWS: Final[dict[Feed, tuple[str, str]]] = {
    "issues": ("IssueFilter", "id updatedAt trashed previousIdentifiers team { id } parent { id }"),
    "comments": ("CommentFilter", "id updatedAt issue { id }"),
    "attachments": ("AttachmentFilter", "id updatedAt issue { id team { id } }"),
}
"""Of each feed: the type of its filter, and what its rows are asked for."""


def changes_query(feeds: Collection[Feed], *, team: bool) -> str:
    """A page of each of these feeds."""
    variables, parts = ["$first: Int!"], [_place(team=team)]
    for feed in feeds:
        kind, row = _ROWS[feed]
        variables += [f"${feed}: {kind}!", f"${feed}After: String"]
        parts.append(
            f"{feed}(filter: ${feed}, first: $first, after: ${feed}After, {_ORDERED})"
            f" {{ {_PAGE} nodes {{ {row} }} }}"
        )
    return _query("Changes", [*variables, *_team(team=team)], "\n  ".join(parts))


def sweep_query(*, team: bool) -> str:
    """A page of all issues with their facts."""
    variables = ["$filter: IssueFilter!", "$after: String", *_sizes(), *_team(team=team)]
    issues = f"issues(filter: $filter, first: $first, after: $after, {_ORDERED})"
    page = f"{_place(team=team)}\n  {issues} {{ {_PAGE} nodes {{ {issue_fields('facts')} }} }}"
    return _query("Sweep", variables, page)


def issues_query(detail: Detail) -> str:
    """Issues by their ids."""
    name = "Probe" if detail == "facts" else "Issues"
    issues = "issues(filter: {id: {in: $ids}}, first: $first, includeArchived: true)"
    fields = f"{issues} {{ nodes {{ {issue_fields(detail)} }} }}"
    return _query(name, ["$ids: [ID!]!", *_sizes()], fields)


def comments_query(detail: Detail) -> str:
    """A page of the comments of several issues."""
    nodes = f"{CONNECTIONS['comments'][detail]} issue {{ id }}"
    comments = f"comments(filter: $filter, first: $first, after: $after, {_ORDERED})"
    variables = ["$filter: CommentFilter!", "$first: Int!", "$after: String"]
    name = f"{detail.title()}Comments"
    return _query(name, variables, f"{comments} {{ {_PAGE} nodes {{ {nodes} }} }}")


def rest_query(connection: str, detail: Detail) -> str:
    """A page of one connection below one issue."""
    nodes = CONNECTIONS[connection][detail]
    archived = "" if connection == "labels" else "includeArchived: true, "
    rest = f"rest: {connection}({archived}first: $first, after: $after)"
    fields = f"issue(id: $id) {{ {rest} {{ {_PAGE} nodes {{ {nodes} }} }} }}"
    variables = ["$id: String!", "$first: Int!", "$after: String"]
    return _query(f"{detail.title()}Rest", variables, fields)


PRESENT_QUERY: Final = """query Present($filter: IssueFilter!, $first: Int!) {
  issues(filter: $filter, first: $first, includeArchived: true) { nodes { id trashed } }
}
"""
"""Which issues of these numbers there are."""
VIEWER_QUERY: Final = """query Viewer {
  viewer { displayName } organization { name urlKey }
}
"""


def issue_fields(detail: Detail) -> str:
    """What an issue is asked for: `$many` comments, `$few` of all else."""
    fields = [_ISSUE]
    for name, nodes in CONNECTIONS.items():
        size = "$many" if name == "comments" else "$few"
        archived = "" if name == "labels" else "includeArchived: true, "
        fields.append(f"{name}({archived}first: {size}) {{ nodes {{ {nodes[detail]} }} }}")
    return "\n    ".join(fields)


def _place(*, team: bool) -> str:
    teams = f" teams(filter: $team, first: {MOST_TEAMS}, includeArchived: true)"
    teams += " { nodes { id key archivedAt } }"
    return "organization { id }" + (teams if team else "")


def _team(*, team: bool) -> list[str]:
    return ["$team: TeamFilter!"] if team else []


def _sizes() -> list[str]:
    return ["$first: Int!", "$many: Int!", "$few: Int!"]


def _query(name: str, variables: Collection[str], fields: str) -> str:
    return f"query {name}({', '.join(variables)}) {{\n  {fields}\n}}\n"
