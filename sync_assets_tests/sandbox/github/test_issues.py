from collections.abc import Iterator

import httpx
import pytest

from sync_assets.sandbox.github.records import ChangedFile, Inline, PullCommit
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.sandbox.github.conftest import TOKEN
from sync_assets_tests.sandbox.github.official import assert_official

REPOSITORY = "/repos/{owner}/{repo}"
PLACES = [
    "",
    "/issues?state=all",
    "/issues/comments",
    "/issues/1",
    "/issues/3",
    "/issues/99",
    "/issues/1/comments",
    "/pulls?state=all",
    "/pulls/comments",
    "/pulls/3",
    "/pulls/1",
    "/pulls/3/comments",
    "/pulls/3/files",
    "/pulls/3/reviews",
]


@pytest.fixture
def tracker(sandbox: Sandbox, repository: Repository, clock: FakeClock) -> Tracker:
    """Two issues and a pull request, with all that can be said below them."""
    tracker = sandbox.trackers.of(repository)
    tracker.create_label("bug", description="Something is wrong")
    tracker.open_issue("The lamp is dark", "It was bright.", labels=["bug"])
    tracker.open_issue("A ghost wrote this", author=None)
    tracker.assign(1, "tomas", "yuki")
    tracker.set_milestone(1, tracker.create_milestone("Spring", due_on=clock()))
    tracker.lock(2, "TOO_HEATED")
    tracker.close(2, reason="NOT_PLANNED")
    tracker.comment(1, "Since when?", author="dependabot[bot]")
    tracker.open_pull(
        "Light it",
        "Closes #1",
        author=None,
        files=[
            ChangedFile("lamp.py", 3, 1, patch="@@ -1 +1 @@"),
            ChangedFile("b.py", 0, 2, "RENAMED", "a.py"),
            ChangedFile("c.py", 0, 9, "DELETED"),
        ],
        commits=[PullCommit("c" * 40, "Light it", "Yuki", "yuki@acme.example", clock())],
    )
    tracker.review(3, "Nearly.", inline=[Inline("lamp.py", 7, "Why 7?")])
    pull = tracker.items[3].pull
    assert pull is not None
    tracker.reply(pull.threads[0], "It fits.", author="yuki")
    tracker.outdate(pull.threads[0])
    tracker.merge(3)
    return tracker


def template(place: str) -> str:
    path = place.partition("?")[0]
    number = "{pull_number}" if path.startswith("/pulls") else "{issue_number}"
    parts = [number if part.isdigit() else part for part in path.split("/")]
    return REPOSITORY + "/".join(parts)


def test_every_answer_is_official(api: httpx.Client, tracker: Tracker):
    for place in PLACES:
        response = api.get(f"/repos/acme/x{place}")
        assert_official(response, template(place))
        assert response.json() != []


def test_what_the_description_leaves_out_is_answered_too(api: httpx.Client, tracker: Tracker):
    (commit,) = api.get("/repos/acme/x/pulls/3/commits").json()
    assert (commit["sha"], commit["commit"]["message"]) == ("c" * 40, "Light it")
    by_name = api.get("/repos/acme/x").json()
    assert api.get(f"/repositories/{by_name['id']}").json() == by_name


def test_issues_hold_pull_requests_under_the_same_node_id(api: httpx.Client, tracker: Tracker):
    found = api.get("/repos/acme/x/issues", params={"state": "all", "direction": "asc"}).json()
    assert [("pull_request" in item, item["number"]) for item in found] == [
        (False, 1),
        (False, 2),
        (True, 3),
    ]
    pull = api.get("/repos/acme/x/pulls/3").json()
    assert pull["node_id"] == found[2]["node_id"] == tracker.items[3].node_id
    assert pull["id"] != found[2]["id"]
    assert (pull["merged"], pull["changed_files"], pull["review_comments"]) == (True, 3, 2)
    assert api.get("/repos/acme/x/issues").json() == []


def test_files_tell_what_became_of_them(api: httpx.Client, tracker: Tracker):
    files = api.get("/repos/acme/x/pulls/3/files").json()
    assert [(file["filename"], file["status"]) for file in files] == [
        ("lamp.py", "modified"),
        ("b.py", "renamed"),
        ("c.py", "removed"),
    ]
    assert files[1]["previous_filename"] == "a.py"


def test_a_deleted_issue_is_410_and_a_transferred_one_301(
    sandbox: Sandbox, api: httpx.Client, tracker: Tracker
):
    other = sandbox.trackers.of(sandbox.repositories.create("acme/other"))
    other.create_label("bug")
    moved = sandbox.trackers.transfer(tracker, 1, other)
    tracker.delete(2)
    gone, transferred = (api.get(f"/repos/acme/x/issues/{number}") for number in (2, 1))
    for response in (gone, transferred):
        assert_official(response, REPOSITORY + "/issues/{issue_number}")
    assert (gone.status_code, gone.json()["message"]) == (410, "This issue was deleted")
    assert transferred.status_code == 301
    there = api.get(transferred.headers["location"]).json()
    assert (there["number"], there["node_id"]) == (moved.number, moved.node_id)
    assert (there["title"], there["comments"]) == ("The lamp is dark", 1)
    assert [label["name"] for label in there["labels"]] == ["bug"]
    assert tracker.open_issue("Next").number == 4


def test_a_renamed_repository_is_301_everywhere(
    sandbox: Sandbox, api: httpx.Client, tracker: Tracker
):
    sandbox.repositories.rename("acme/x", "acme/y")
    response = api.get("/repos/acme/x/issues/1")
    assert response.status_code == 301
    assert api.get(response.headers["location"]).json()["title"] == "The lamp is dark"


def test_feeds_tell_what_changed_since_and_nothing_else(
    api: httpx.Client, tracker: Tracker, clock: FakeClock
):
    clock.advance(100)
    since = {"since": clock().isoformat().replace("+00:00", "Z"), "state": "all"}
    feeds = ("issues", "issues/comments", "pulls/comments")

    def changed() -> list[int]:
        return [len(api.get(f"/repos/acme/x/{feed}", params=since).json()) for feed in feeds]

    assert changed() == [0, 0, 0]
    tracker.edit_comment(tracker.items[1].comments[0], "Since Monday?")
    assert changed() == [0, 1, 0]
    pull = tracker.items[3].pull
    assert pull is not None
    tracker.reply(pull.threads[0], "Does it?")
    assert changed() == [0, 1, 1]
    tracker.comment(2, "Me too.")
    assert changed() == [1, 2, 1]


@pytest.mark.parametrize("feed", ["issues", "issues/comments", "pulls/comments"])
def test_a_time_that_is_none_is_422(api: httpx.Client, tracker: Tracker, feed: str):
    assert api.get(f"/repos/acme/x/{feed}", params={"since": "yesterday"}).status_code == 422


def follow(api: httpx.Client, path: str, **params: str) -> Iterator[httpx.Response]:
    response = api.get(path, params=params)
    yield response
    while "next" in response.links:
        response = api.get(response.links["next"]["url"])
        yield response


@pytest.mark.parametrize(("what", "total"), [("issues", 12), ("issues/comments", 10)])
def test_links_lead_to_every_element_once(
    api: httpx.Client, tracker: Tracker, what: str, total: int
):
    for n in range(9):
        tracker.comment(tracker.open_issue(f"More {n}").number, "Yes.")
    pages = list(follow(api, f"/repos/acme/x/{what}", per_page="4", state="all"))
    seen = [each["id"] for page in pages for each in page.json()]
    assert len(pages) == 3
    assert len(seen) == len(set(seen)) == total
    assert "/repositories/" in pages[0].links["next"]["url"]


def test_a_page_by_number_is_shifted_by_what_goes(api: httpx.Client, tracker: Tracker):
    for n in range(4):
        tracker.comment(2, f"{n}")
    path, first = "/repos/acme/x/issues/comments", {"per_page": "2"}
    before = api.get(path, params=first)
    tracker.delete_comment(tracker.items[1].comments[0])
    after = api.get(before.links["next"]["url"])
    bodies = [each["body"] for page in (before, after) for each in page.json()]
    assert bodies == ["Since when?", "0", "2", "3"]


def test_pages_behind_the_hundredth_are_422(api: httpx.Client, tracker: Tracker):
    for feed in ("issues", "issues/comments"):
        path = f"/repos/acme/x/{feed}"
        assert api.get(path, params={"page": "100"}).status_code == 200
        refused = api.get(path, params={"page": "101"})
        assert_official(refused, f"{REPOSITORY}/{feed}")
        assert "cursor based pagination" in refused.json()["message"]


def test_who_may_not_read_learns_nothing(sandbox: Sandbox, api: httpx.Client):
    sandbox.trackers.of(sandbox.repositories.create("acme/secret", private=True))
    url = "/repos/acme/secret/issues"
    assert api.get(url).status_code == 200
    assert api.get(url, headers={"authorization": f"token {TOKEN}"}).status_code == 200
    refused = [
        api.get(url, headers={"authorization": header})
        for header in ("Bearer weak", "Bearer wrong")
    ]
    assert [(each.status_code, each.json()["message"]) for each in refused] == [
        (404, "Not Found"),
        (401, "Bad credentials"),
    ]
    assert httpx.get(f"{sandbox.url}/api/v3{url}").status_code == 404


def test_the_date_of_an_answer_is_the_sandboxs(
    sandbox: Sandbox, api: httpx.Client, tracker: Tracker, clock: FakeClock
):
    clock.advance(3600)
    response = api.get("/repos/acme/x/issues")
    assert response.headers.get_list("date") == [clock().strftime("%a, %d %b %Y %H:%M:%S GMT")]


def test_what_a_client_has_already_is_304(api: httpx.Client, tracker: Tracker):
    etag = api.get("/repos/acme/x/issues/1").headers["etag"]
    known = {"if-none-match": etag}
    assert api.get("/repos/acme/x/issues/1", headers=known).status_code == 304
    tracker.comment(1, "News.")
    assert api.get("/repos/acme/x/issues/1", headers=known).status_code == 200
