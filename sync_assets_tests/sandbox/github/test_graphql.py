import pytest
from graphql import build_schema, parse, validate

from sync_assets.sandbox.github.records import ChangedFile, Inline
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.sandbox.github.queries import EVERYTHING, ask, data, post
from sync_assets_tests.shared import shared_file

OF_X = 'repository(owner: "acme", name: "x")'
PAGED = (
    "query($after: String) {"
    + OF_X
    + """{
  issues(first: 2, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
    totalCount nodes { number } edges { cursor node { number } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } } }"""
)


@pytest.fixture
def tracker(sandbox: Sandbox, repository: Repository) -> Tracker:
    """Two issues and a merged pull request, with all that can be said below them."""
    tracker = sandbox.trackers.of(repository)
    tracker.create_label("bug", color="d73a4a", description="Something is wrong")
    tracker.open_issue("The lamp is dark", "It was bright.", labels=["bug"], author="mara")
    tracker.open_issue("A ghost wrote this", author=None)
    tracker.assign(1, "tomas")
    tracker.set_milestone(1, tracker.create_milestone("Spring"))
    tracker.comment(1, "Since when?", author="dependabot[bot]")
    tracker.open_pull(
        "Light it", "Closes #1, fixes #77", files=[ChangedFile("lamp.py", 3, 1)], author="yuki"
    )
    review = tracker.review(
        3, "Nearly.", state="CHANGES_REQUESTED", inline=[Inline("lamp.py", 7, "Why 7?")]
    )
    pull = tracker.items[3].pull
    assert pull is not None
    tracker.reply(pull.threads[0], "It fits.", author="yuki")
    tracker.resolve(pull.threads[0], by="tomas")
    assert review.state == "CHANGES_REQUESTED"
    tracker.merge(3, by="mara")
    return tracker


def test_the_whole_tracker_is_answered(sandbox: Sandbox, tracker: Tracker):
    found = data(sandbox, EVERYTHING, owner="acme", name="x")
    repository = found["repository"]
    one, two = repository["issues"]["nodes"]
    assert (one["title"], one["state"], one["stateReason"]) == (
        "The lamp is dark",
        "CLOSED",
        "COMPLETED",
    )
    assert one["url"] == f"{sandbox.url}/acme/x/issues/1"
    assert one["labels"]["nodes"] == [{"name": "bug", "color": "d73a4a"}]
    assert one["assignees"]["nodes"] == [{"login": "tomas"}]
    assert one["milestone"]["title"] == "Spring"
    assert one["comments"]["nodes"][0]["author"] == {"login": "dependabot"}
    assert two["author"] is None
    (pull,) = repository["pullRequests"]["nodes"]
    assert (pull["state"], pull["merged"], pull["mergedBy"]) == ("MERGED", True, {"login": "mara"})
    assert (pull["additions"], pull["deletions"], pull["changedFiles"]) == (3, 1, 1)
    assert pull["closingIssuesReferences"]["nodes"] == [
        {"number": 1, "url": f"{sandbox.url}/acme/x/issues/1"}
    ]
    assert [review["state"] for review in pull["reviews"]["nodes"]] == [
        "CHANGES_REQUESTED",
        "COMMENTED",
    ]
    (thread,) = pull["reviewThreads"]["nodes"]
    assert (thread["isResolved"], thread["path"], thread["line"]) == (True, "lamp.py", 7)
    first, second = thread["comments"]["nodes"]
    assert (first["body"], second["body"]) == ("Why 7?", "It fits.")
    assert second["replyTo"] == {"id": first["id"]}


def test_what_we_ask_is_a_query_that_github_takes():
    theirs = build_schema(shared_file("specs/github.graphql").read_text(), assume_valid=True)
    assert validate(theirs, parse(EVERYTHING)) == []


def test_pages_end_and_hold_every_item_once(sandbox: Sandbox, tracker: Tracker):
    for n in range(3):
        tracker.open_issue(f"More {n}")
    seen: list[int] = []
    after, more = None, True
    while more:
        page = data(sandbox, PAGED, after=after)["repository"]["issues"]
        assert page["totalCount"] == 5
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        seen += [node["number"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert page["edges"][-1]["cursor"] == after
    assert sorted(seen) == [1, 2, 4, 5, 6]


def test_an_item_that_goes_between_two_pages_moves_nothing(sandbox: Sandbox, tracker: Tracker):
    for n in range(4):
        tracker.open_issue(f"More {n}")
    query = PAGED.replace("UPDATED_AT, direction: DESC", "CREATED_AT, direction: ASC")
    page = data(sandbox, query)["repository"]["issues"]
    assert [node["number"] for node in page["nodes"]] == [1, 2]
    tracker.delete(1)
    page = data(sandbox, query, after=page["pageInfo"]["endCursor"])["repository"]["issues"]
    assert [node["number"] for node in page["nodes"]] == [4, 5]


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        (
            "issues { nodes { id } }",
            "MISSING_PAGINATION_BOUNDARIES",
            (
                "You must provide a `first` or `last` value to properly paginate the `issues` "
                "connection."
            ),
        ),
        (
            "issues(first: 101) { nodes { id } }",
            "EXCESSIVE_PAGINATION",
            (
                "Requesting 101 records on the `issues` connection exceeds the `first` limit of "
                "100 records."
            ),
        ),
        (
            (
                "pullRequests(first: 100) { nodes { reviewThreads(first: 100) { nodes {"
                " comments(first: 100) { nodes { id } } } } } }"
            ),
            "MAX_NODE_LIMIT_EXCEEDED",
            (
                "This query requests up to 1,010,100 possible nodes which exceeds the maximum "
                "limit of 500,000."
            ),
        ),
    ],
)
def test_a_query_out_of_bounds_is_not_run(
    sandbox: Sandbox, tracker: Tracker, fields: str, kind: str, message: str
):
    answer = ask(sandbox, f"{{ {OF_X} {{ {fields} }} }}")
    assert "data" not in answer
    assert [(error["type"], error["message"]) for error in answer["errors"]] == [(kind, message)]


def test_counts_alone_need_no_page(sandbox: Sandbox, tracker: Tracker):
    counted = data(sandbox, f"{{ {OF_X} {{ issues(states: OPEN) {{ totalCount }} }} }}")
    assert counted["repository"]["issues"] == {"totalCount": 1}


def test_a_cursor_of_nobody_is_refused(sandbox: Sandbox, tracker: Tracker):
    answer = ask(sandbox, PAGED, after="nonsense")
    assert answer["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"


def test_what_is_not_found_is_null_and_the_rest_is_answered(sandbox: Sandbox, tracker: Tracker):
    answer = ask(
        sandbox,
        f"{{ {OF_X} {{ one: issue(number: 1) {{ title }} no: issue(number: 99) {{ title }}"
        " pull: issue(number: 3) { title } none: pullRequest(number: 1) { title }"
        " either: issueOrPullRequest(number: 3) { __typename } } }",
    )
    assert answer["data"]["repository"] == {
        "one": {"title": "The lamp is dark"},
        "no": None,
        "pull": None,
        "none": None,
        "either": {"__typename": "PullRequest"},
    }
    assert [(error["type"], error["path"], error["message"]) for error in answer["errors"]] == [
        ("NOT_FOUND", ["repository", "no"], "Could not resolve to an Issue with the number of 99."),
        (
            "NOT_FOUND",
            ["repository", "pull"],
            "Could not resolve to an Issue with the number of 3.",
        ),
        (
            "NOT_FOUND",
            ["repository", "none"],
            "Could not resolve to a PullRequest with the number of 1.",
        ),
    ]


def test_nodes_are_found_by_their_ids_and_gone_ones_are_null(sandbox: Sandbox, tracker: Tracker):
    one, two = tracker.items[1], tracker.items[2]
    comment = one.comments[0].node_id
    tracker.delete(2)
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Issue { title } } }"
    answer = ask(sandbox, query, ids=[one.node_id, two.node_id, comment])
    assert [node and node["__typename"] for node in answer["data"]["nodes"]] == [
        "Issue",
        None,
        "IssueComment",
    ]
    (error,) = answer["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["nodes", 1])


def test_issues_since_a_time_include_that_second(sandbox: Sandbox, tracker: Tracker):
    second = tracker.items[2].updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f'{{ {OF_X} {{ issues(first: 9, filterBy: {{since: "TIME"}}) {{ totalCount }} }} }}'
    assert data(sandbox, query.replace("TIME", second))["repository"]["issues"]["totalCount"] == 2
    later = data(sandbox, query.replace("TIME", "2999-01-01T00:00:00Z"))
    assert later["repository"]["issues"]["totalCount"] == 0


def test_a_private_repository_is_not_found_without_its_token(sandbox: Sandbox):
    sandbox.repositories.create("acme/secret", private=True)
    query = '{ repository(owner: "acme", name: "secret") { isPrivate } }'
    assert data(sandbox, query)["repository"] == {"isPrivate": True}
    answer = ask(sandbox, query, "weak")
    assert answer["data"] == {"repository": None}
    assert answer["errors"][0]["message"] == (
        "Could not resolve to a Repository with the name 'acme/secret'."
    )
    assert post(sandbox, query, "wrong").status_code == 401


def test_a_renamed_repository_is_found_by_both_names(sandbox: Sandbox, tracker: Tracker):
    before = data(sandbox, f"{{ {OF_X} {{ id }} }}")["repository"]["id"]
    sandbox.repositories.rename("acme/x", "acme/y")
    renamed = data(sandbox, f"{{ {OF_X} {{ id nameWithOwner issue(number: 1) {{ url }} }} }}")
    assert renamed["repository"] == {
        "id": before,
        "nameWithOwner": "acme/y",
        "issue": {"url": f"{sandbox.url}/acme/y/issues/1"},
    }


def test_cost_is_counted_as_documented(sandbox: Sandbox, tracker: Tracker):
    query = f"""query Documented {{ {OF_X} {{
      issues(first: 50) {{ nodes {{ labels(first: 60) {{ nodes {{ id }} }} }} }}
      pullRequests(first: 100) {{ nodes {{ reviews(first: 10) {{ nodes {{
        comments(first: 10) {{ nodes {{ id }} }} }} }} }} }}
    }} rateLimit {{ cost nodeCount remaining used limit }} }}"""
    limit = data(sandbox, query)["rateLimit"]
    assert limit["cost"] == round((1 + 50 + 1 + 100 + 1000) / 100)
    assert limit["nodeCount"] == 50 + 50 * 60 + 100 + 1000 + 10_000
    assert (limit["remaining"], limit["used"]) == (5000 - limit["cost"], limit["cost"])
    logged = sandbox.requests[-1]
    assert (logged.service, logged.cost) == ("Documented", limit["cost"])
    assert sandbox.limits.state("anyone", "graphql")["used"] == 0


def test_blobs_and_history_are_those_of_git(sandbox: Sandbox, repository: Repository):
    long = "é" * 400_000
    head = repository.commit({"long.txt": long, "b/c.txt": "c\n"}, "Add two\n\nAnd say why")
    blobs = data(
        sandbox,
        f"""{{ {OF_X} {{
          text: object(expression: "{head}:b/c.txt") {{ ...B }}
          long: object(expression: "{head}:long.txt") {{ ...B }}
          picture: object(expression: "{head}:logo.png") {{ ...B }}
          none: object(expression: "{head}:none") {{ ...B }}
          commit: object(oid: "{head}") {{ ... on Commit {{
            messageHeadline messageBody committedDate author {{ name email }}
            history(first: 1, path: "b/c.txt") {{ totalCount nodes {{ oid }}
              pageInfo {{ hasNextPage }} }}
            tree {{ entries {{ name type mode }} }} }} }}
        }} }} fragment B on Blob {{ byteSize isBinary isTruncated text }}""",
    )["repository"]
    assert blobs["text"] == {"byteSize": 2, "isBinary": False, "isTruncated": False, "text": "c\n"}
    assert blobs["long"] == {
        "byteSize": 800_000,
        "isBinary": False,
        "isTruncated": True,
        "text": long[:256_000],
    }
    assert (blobs["picture"]["isBinary"], blobs["picture"]["text"]) == (True, None)
    assert blobs["none"] is None
    commit = blobs["commit"]
    assert (commit["messageHeadline"], commit["messageBody"]) == ("Add two", "And say why")
    assert commit["history"] == {
        "totalCount": 1,
        "nodes": [{"oid": head}],
        "pageInfo": {"hasNextPage": False},
    }
    assert {"name": "b", "type": "tree", "mode": 0o40000} in commit["tree"]["entries"]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("{ repository(", "Syntax"),
        ("{ nothing }", "nothing"),
        ("query($a: Int!) {__typename}", "$a"),
    ],
)
def test_a_wrong_query_is_answered_with_200_and_errors(sandbox: Sandbox, query: str, word: str):
    answer = ask(sandbox, query)
    assert "data" not in answer
    assert word in answer["errors"][0]["message"]
