"""What the sandbox's Linear answers: pages, filters, budgets and refusals in Linear's own shape."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync_assets.sandbox.linear.world import SANDBOX_TOKEN
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.plain_http import NO_AUTHORITIES

PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@pytest.fixture
def sandbox(tmp_path: Path, clock: FakeClock) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "served", clock=clock) as sandbox:
        world = sandbox.linear
        world.create_team("ENG", "Engineering")
        world.create_team("OPS", "Operations")
        world.join("mara", "Mara Lind")
        world.join("tomas", "Tomas Ek")
        for number in range(5):
            world.open_issue("ENG", f"Issue {number}", "Words", labels=["bug"])
        yield sandbox


def post(sandbox: Sandbox, query: str, **variables: object) -> httpx.Response:
    return post_as(SANDBOX_TOKEN, sandbox, query, **variables)


def post_as(token: str, sandbox: Sandbox, query: str, **variables: object) -> httpx.Response:
    body = {"query": query, "variables": variables}
    headers = {"authorization": token}
    return httpx.post(
        f"{sandbox.url}/linear/graphql", json=body, headers=headers, verify=NO_AUTHORITIES
    )


def data(sandbox: Sandbox, query: str, **variables: object) -> Any:  # noqa: ANN401 - JSON
    answer = post(sandbox, query, **variables)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    [error] = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


def identifiers(found: dict[str, Any]) -> list[str]:
    return [each["identifier"] for each in found["nodes"]]


def test_pages_are_newest_first_and_end(sandbox: Sandbox):
    query = f"""query Q($after: String) {{
      issues(first: 2, after: $after, orderBy: createdAt) {{ {PAGE} nodes {{ identifier }} }}
    }}"""
    after, seen = None, list[list[str]]()
    while True:
        page = data(sandbox, query, after=after)["issues"]
        seen.append(identifiers(page))
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == [["ENG-5", "ENG-4"], ["ENG-3", "ENG-2"], ["ENG-1"]]


def test_an_issue_tells_all_that_is_known_of_it(sandbox: Sandbox):
    world = sandbox.linear
    one, two, *_ = world.issues.values()
    world.edit(
        one,
        assignee=world.users["tomas"],
        priority=2,
        cycle=world.cycle(7),
        project=world.named("project", "Checkout"),
        parent=two,
    )
    parent = world.comment(one, "Why?")
    world.comment(one, "Because", by=None, parent=parent, bot_actor=world.bot("Git", "github"))
    world.attach(one, "PR 12", "https://github.com/acme/shop/pull/12", source_type="github")
    world.relate(one, "blocks", two)

    issue = data(
        sandbox,
        """query Q($id: String!) { issue(id: $id) {
          identifier title description url priority priorityLabel createdAt trashed archivedAt
          team { key } state { name type } assignee { displayName } creator { displayName }
          labels { nodes { name } } cycle { number name } project { name } parent { identifier }
          comments { nodes { body parentId user { displayName } botActor { name } url issueId } }
          attachments { nodes { title url sourceType metadata } }
          relations { nodes { type relatedIssue { identifier } } }
          inverseRelations { nodes { type } } children { nodes { id } }
        } }""",
        id=one.identifier,
    )["issue"]

    assert (issue["identifier"], issue["priorityLabel"], issue["trashed"]) == (
        "ENG-1",
        "High",
        None,
    )
    assert issue["createdAt"].startswith("2026-01-01T12:00:00.")
    assert issue["url"] == "https://linear.app/acme/issue/ENG-1/issue-0"
    assert issue["cycle"] == {"number": 7, "name": None}
    assert issue["parent"] == {"identifier": "ENG-2"}
    assert [each["body"] for each in issue["comments"]["nodes"]] == ["Because", "Why?"]
    assert issue["comments"]["nodes"][0]["parentId"] == parent.id
    assert issue["relations"]["nodes"] == [
        {"type": "blocks", "relatedIssue": {"identifier": "ENG-2"}}
    ]


def test_filters_let_through_what_they_say(sandbox: Sandbox, clock: FakeClock):
    world = sandbox.linear
    one, two, *_ = world.issues.values()
    clock.advance(60)
    world.comment(one, "Late")
    world.edit(two, title="Edited")
    world.open_issue("OPS", "Elsewhere")
    since = clock().isoformat()
    query = """query Q($since: DateTimeOrDuration!, $ids: [ID!]) {
      issues(filter: {team: {key: {eq: "ENG"}}, updatedAt: {gte: $since}}) { nodes { identifier } }
      byId: issues(filter: {id: {in: $ids}}) { nodes { identifier } }
      byNumber: issues(filter: {or: [
        {team: {key: {eq: "ENG"}}, number: {in: [1, 9]}}, {team: {key: {eq: "OPS"}}}
      ]}) { nodes { identifier } }
      comments(filter: {issue: {team: {key: {eq: "ENG"}}}, updatedAt: {gte: $since}}) {
        nodes { body issue { identifier } }
      }
      elsewhere: comments(filter: {issue: {team: {key: {eq: "OPS"}}}}) { nodes { body } }
    }"""

    found = data(sandbox, query, since=since, ids=[one.id])

    assert identifiers(found["issues"]) == ["ENG-2"]
    assert identifiers(found["byId"]) == ["ENG-1"]
    assert identifiers(found["byNumber"]) == ["OPS-1", "ENG-1"]
    assert [each["body"] for each in found["comments"]["nodes"]] == ["Late"]
    assert found["elsewhere"]["nodes"] == []


def test_what_is_archived_or_trashed_is_shown_to_who_asks_for_it(sandbox: Sandbox):
    world = sandbox.linear
    one, two, three, *_ = world.issues.values()
    world.archive(one)
    world.trash(two)
    world.delete(three)
    query = (
        "query Q($all: Boolean) { issues(includeArchived: $all) { nodes { identifier trashed } } }"
    )

    assert identifiers(data(sandbox, query, all=False)["issues"]) == ["ENG-5", "ENG-4"]
    shown = data(sandbox, query, all=True)["issues"]["nodes"]
    assert {each["identifier"]: each["trashed"] for each in shown} == {
        "ENG-5": None,
        "ENG-4": None,
        "ENG-2": True,
        "ENG-1": None,
    }


def test_an_issue_that_moved_keeps_its_id_and_is_found_by_its_former_name(sandbox: Sandbox):
    one, *_ = sandbox.linear.issues.values()
    sandbox.linear.move(one, "OPS")
    query = """{ issue(id: "ENG-1") { id identifier previousIdentifiers team { key } } }"""

    assert data(sandbox, query)["issue"] == {
        "id": one.id,
        "identifier": "OPS-1",
        "previousIdentifiers": ["ENG-1"],
        "team": {"key": "OPS"},
    }


@pytest.mark.parametrize("token", ["", "lin_api_wrong", f"Bearer {SANDBOX_TOKEN}"])
def test_a_personal_key_stands_alone_and_another_is_refused(sandbox: Sandbox, token: str):
    assert refusal(post_as(token, sandbox, "{ viewer { name } }")) == (401, "AUTHENTICATION_ERROR")


def test_wrong_questions_are_refused(sandbox: Sandbox):
    one, *_ = sandbox.linear.issues.values()
    sandbox.linear.teams["ENG"].hidden = True

    assert refusal(post(sandbox, "{ nothing }")) == (400, "GRAPHQL_VALIDATION_FAILED")
    assert refusal(post(sandbox, "{ issues(first: 251) { nodes { id } } }")) == (200, "INPUT_ERROR")
    hidden = post(sandbox, "query Q($id: String!) { issue(id: $id) { id } }", id=one.id)
    assert refusal(hidden) == (200, "INPUT_ERROR")


def test_a_query_of_more_than_ten_thousand_points_is_refused(sandbox: Sandbox):
    query = "{ issues(first: 250) { nodes { comments(first: %s) { nodes { id body } } } } }"

    assert post(sandbox, query % 30).headers["x-complexity"] == str(250 * (1 + 30 * 12 // 10))
    refused = post(sandbox, query % 50)
    assert refusal(refused) == (400, "INPUT_ERROR")
    assert refused.json()["errors"][0]["message"] == "Query too complex"


def test_budgets_are_told_used_up_and_refilled(sandbox: Sandbox, clock: FakeClock):
    sandbox.linear.requests_an_hour = 6
    answers = [post(sandbox, "{ viewer { name } }").headers for _ in range(6)]
    left = [int(each["x-ratelimit-requests-remaining"]) for each in answers]
    assert left == [5, 4, 3, 2, 1, 0]
    assert answers[-1]["x-complexity"] == "2"
    assert answers[-1]["x-ratelimit-complexity-remaining"] == str(3_000_000 - 12)

    refused = post(sandbox, "{ viewer { name } }")

    assert refusal(refused) == (400, "RATELIMITED")
    reset = int(refused.headers["x-ratelimit-requests-reset"]) / 1000
    assert reset == clock().timestamp() + 3_600
    clock.advance(600)
    assert post(sandbox, "{ viewer { name } }").status_code == 200
    sandbox.linear.complexity_an_hour = 1
    assert refusal(post(sandbox, "{ viewer { name } }"))[1] == "RATELIMITED"
