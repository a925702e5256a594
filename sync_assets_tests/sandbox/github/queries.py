"""Asks the sandbox's GraphQL as a client would."""

from typing import Any

import httpx

from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.plain_http import NO_AUTHORITIES
from sync_assets_tests.sandbox.github.conftest import TOKEN

EVERYTHING = """
query Everything($owner: String!, $name: String!, $size: Int = 50) {
  rateLimit { cost limit remaining used resetAt nodeCount }
  repository(owner: $owner, name: $name) {
    id databaseId nameWithOwner isArchived isPrivate url owner { login }
    defaultBranchRef { name target { oid } }
    labels(first: 10) { nodes { name color description } }
    issues(first: $size, orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { ...Facts state stateReason }
    }
    pullRequests(first: 5, orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes {
        ...Facts state isDraft merged mergedAt mergedBy { login } mergeCommit { oid }
        headRefName baseRefName headRefOid additions deletions changedFiles reviewDecision
        files(first: 10) { totalCount nodes { path additions deletions changeType } }
        commits(first: 10) { totalCount nodes { commit { oid messageHeadline committedDate } } }
        reviews(first: 5) {
          nodes { id databaseId state body author { login } submittedAt updatedAt lastEditedAt url }
        }
        reviewThreads(first: 5) {
          totalCount
          nodes {
            id path line isResolved isOutdated resolvedBy { login }
            comments(first: 5) {
              totalCount
              nodes { id databaseId body diffHunk replyTo { id } author { login } updatedAt url }
            }
          }
        }
        closingIssuesReferences(first: 10) { nodes { number url } }
      }
    }
  }
}
fragment Facts on Comment {
  __typename id body createdAt updatedAt lastEditedAt authorAssociation
  author { __typename login }
  editor { login }
  ... on Issue { number title url locked ...IssueParts }
  ... on PullRequest { number title url locked ...PullParts }
}
fragment IssueParts on Issue {
  labels(first: 10) { nodes { name color } }
  assignees(first: 10) { nodes { login } }
  milestone { title number dueOn }
  comments(first: 10) { totalCount nodes { id databaseId body url updatedAt author { login } } }
}
fragment PullParts on PullRequest {
  labels(first: 10) { nodes { name color } }
  assignees(first: 10) { nodes { login } }
  milestone { title number dueOn }
  comments(first: 10) { totalCount nodes { id databaseId body url updatedAt author { login } } }
}
"""


def post(sandbox: Sandbox, query: str, token: str = TOKEN, **variables: object) -> httpx.Response:
    """The answer, whatever it is."""
    headers = {"authorization": f"bearer {token}"}
    body = {"query": query, "variables": variables}
    return httpx.post(
        f"{sandbox.url}/api/graphql", json=body, headers=headers, verify=NO_AUTHORITIES
    )


def ask(sandbox: Sandbox, query: str, token: str = TOKEN, **variables: object) -> dict[str, Any]:
    """The whole answer: `data` and `errors`."""
    response = post(sandbox, query, token, **variables)
    assert response.status_code == 200, response.text
    return response.json()


def data(sandbox: Sandbox, query: str, token: str = TOKEN, **variables: object) -> Any:  # noqa: ANN401
    """What an answer without errors holds."""
    answer = ask(sandbox, query, token, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]
