"""The GraphQL that we send, built from fragments. A test validates each against GitHub's schema.

An item is its head with the rest of its facts (from both follows its version), or with its content,
which holds those facts too: no query asks for a connection twice, and so none pays for it twice.
"""

from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["Issue", "PullRequest"]
"""GitHub's two types of items."""

LATEST: Final = 5
"""Comments that an item's facts name. More than one, since times are whole seconds: the last one
is not always the one that was edited last.
"""
PAGE: Final = "totalCount pageInfo { hasNextPage endCursor }"

# Of each connection below an item: what its nodes are asked for.
COMMENT: Final = "id url body createdAt author { login }"
REVIEW: Final = "id url body state submittedAt createdAt updatedAt author { login }"
INLINE: Final = "id url body createdAt updatedAt author { login }"
THREAD: Final = (
    "id isResolved isOutdated path line originalLine"
    f" comments(first: $few) {{ {PAGE} nodes {{ {INLINE} }} }}"
)
FILE: Final = "path additions deletions"
COMMIT: Final = "commit { oid message }"

ISSUE_CONNECTIONS: Final = {
    "labels": "name color",
    "assignees": "login",
    "comments": COMMENT,
}
PULL_CONNECTIONS: Final = {
    **ISSUE_CONNECTIONS,
    "closingIssuesReferences": "url",
    "reviews": REVIEW,
    "reviewThreads": THREAD,
    "files": FILE,
    "commits": COMMIT,
}
CONNECTIONS: Final[dict[Kind, dict[str, str]]] = {
    "Issue": ISSUE_CONNECTIONS,
    "PullRequest": PULL_CONNECTIONS,
}

_ITEM = f"""
  __typename id number url title body createdAt updatedAt closedAt state
  author {{ login }}
  repository {{ id nameWithOwner }}
  milestone {{ title }}
  labels(first: $many) {{ {PAGE} nodes {{ name color }} }}
  assignees(first: $few) {{ {PAGE} nodes {{ login }} }}
  latest: comments(first: {LATEST}, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
    totalCount nodes {{ id updatedAt body }}
  }}"""
FACTS: Final[dict[Kind, str]] = {"Issue": "...IssueHead", "PullRequest": "...PullHead ...PullFacts"}
WHOLE: Final[dict[Kind, str]] = {
    "Issue": "...IssueHead ...IssueContent",
    "PullRequest": "...PullHead ...PullContent",
}

# The facts are light: of reviews and threads only what tells that they changed.
_FRAGMENTS: Final = f"""
fragment IssueHead on Issue {{{_ITEM}
  stateReason
}}
fragment PullHead on PullRequest {{{_ITEM}
  isDraft merged mergedAt headRefOid additions deletions changedFiles
  mergeCommit {{ oid }}
  closingIssuesReferences(first: $few) {{ {PAGE} nodes {{ url }} }}
}}
fragment PullFacts on PullRequest {{
  reviews(first: $many) {{ {PAGE} nodes {{ id state updatedAt body }} }}
  reviewThreads(first: $many) {{
    {PAGE} nodes {{
      id isResolved isOutdated path line originalLine
      comments(first: $few) {{ {PAGE} nodes {{ id updatedAt }} }}
    }}
  }}
}}
fragment IssueContent on Issue {{
  comments(first: $many) {{ {PAGE} nodes {{ {COMMENT} }} }}
}}
fragment PullContent on PullRequest {{
  comments(first: $many) {{ {PAGE} nodes {{ {COMMENT} }} }}
  reviews(first: $many) {{ {PAGE} nodes {{ {REVIEW} }} }}
  reviewThreads(first: $many) {{ {PAGE} nodes {{ {THREAD} }} }}
  files(first: $many) {{ {PAGE} nodes {{ {FILE} }} }}
  commits(first: $many) {{ {PAGE} nodes {{ {COMMIT} }} }}
}}
"""

_ISSUES_SINCE = f"""
    issues(first: $first, after: $issuesAfter, filterBy: {{since: $since}},
           orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {PAGE} nodes {{ id number updatedAt }}
    }}"""
_PULLS_LATEST = f"""
    pullRequests(first: $first, after: $pullsAfter,
                 orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      {PAGE} nodes {{ id number updatedAt }}
    }}"""


def changes_query(*, issues: bool, pulls: bool) -> str:
    """What moved lately: issues since, in the order of their creation; pulls, the latest first."""
    variables = "$owner: String!, $name: String!, $first: Int!"
    if issues:
        variables += ", $since: DateTime!, $issuesAfter: String"
    if pulls:
        variables += ", $pullsAfter: String"
    return f"""query Changes({variables}) {{
  repository(owner: $owner, name: $name) {{
    id nameWithOwner{_ISSUES_SINCE if issues else ""}{_PULLS_LATEST if pulls else ""}
  }}
}}
"""


def sweep_query(kind: Kind) -> str:
    """All items of a kind with their facts, in the order of their creation."""
    field, facts = ("issues" if kind == "Issue" else "pullRequests"), FACTS[kind]
    return f"""query Sweep(
  $owner: String!, $name: String!, $first: Int!, $after: String, $many: Int!, $few: Int!
) {{
  repository(owner: $owner, name: $name) {{
    id nameWithOwner
    {field}(first: $first, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {PAGE} nodes {{ {facts} }}
    }}
  }}
}}
{_needed(facts)}"""


def probe_query(items: Mapping[int, Kind]) -> str:
    """The facts of the items of these numbers, each under its alias `_NUMBER`."""
    facts = {number: FACTS[kind] for number, kind in items.items()}
    asked = "\n".join(
        f"    _{number}: issueOrPullRequest(number: {number}) {{ {spread} }}"
        for number, spread in facts.items()
    )
    return f"""query Probe($owner: String!, $name: String!, $many: Int!, $few: Int!) {{
  repository(owner: $owner, name: $name) {{
{asked}
  }}
}}
{_needed(*facts.values())}"""


def items_query(kind: Kind) -> str:
    """Items by node id, with facts and content."""
    return f"""query Items($ids: [ID!]!, $many: Int!, $few: Int!) {{
  nodes(ids: $ids) {{ {WHOLE[kind]} }}
}}
{_needed(WHOLE[kind])}"""


def rest_query(kind: Literal["Issue", "PullRequest", "PullRequestReviewThread"], field: str) -> str:
    """The next page of one connection of one node, as `rest`."""
    nodes = INLINE if kind == "PullRequestReviewThread" else CONNECTIONS[kind][field]
    few = ", $few: Int!" if "$few" in nodes else ""
    return f"""query Rest($id: ID!, $first: Int!, $after: String{few}) {{
  node(id: $id) {{
    ... on {kind} {{ rest: {field}(first: $first, after: $after) {{ {PAGE} nodes {{ {nodes} }} }} }}
  }}
}}
"""


def _needed(*spreads: str) -> str:
    """The fragments that are spread: GitHub refuses a query that defines one it does not use."""
    used = " ".join(spreads).replace("...", "").split()
    each = _FRAGMENTS.split("fragment ")
    return "".join(f"fragment {text}" for text in each if text.split(" ")[0] in used)
