"""GitHub's failures while a tracker is read: nothing is lost, cursors are right, one clear line."""

import json
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.types import Message, Send

from sync_assets.errors import SourceError
from sync_assets.sandbox.faults import Answer, Fault, Reset, Truncated, Wire, html_page
from sync_assets.sandbox.github.faults import Rewritten
from sync_assets.sandbox.github.records import Inline
from sync_assets_tests.connectors.github.corpus import load_corpus
from sync_assets_tests.connectors.github.desk import Desk, open_desk
from sync_assets_tests.connectors.synced import GITHUB_TOKEN

HOUR = 3_600
JSON = {"content-type": "application/json"}
SECONDARY = json.dumps({"message": "You have exceeded a secondary rate limit."})
NOTHING_LEFT = {**JSON, "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0"}


def errors(kind: str, message: str, data: object = None) -> str:
    return json.dumps({"data": data, "errors": [{"type": kind, "message": message}]})


FAULTS: dict[str, Fault] = {
    "502": Answer(502, "<html>Bad gateway</html>"),
    "partial data and errors": Answer(
        200, errors("RESOURCE_LIMITS_EXCEEDED", "Too much", {"repository": None, "nodes": [None]}),
        JSON,
    ),
    "a limit in a 200": Answer(
        200, errors("RATE_LIMITED", "API rate limit exceeded"), {**JSON, "retry-after": "600"}
    ),
    "a short secondary limit": Answer(403, SECONDARY, {**JSON, "retry-after": "20"}),
    "a long secondary limit": Answer(403, SECONDARY, {**JSON, "retry-after": "600"}),
    "a lost cursor": Answer(
        200, errors("INVALID_CURSOR_ARGUMENTS", "`x` does not appear to be a valid cursor.",
                    {"repository": None}), JSON,
    ),
    "HTML": html_page(),
    "half a body": Truncated(200),
    "a reset": Reset(200),
    "an empty object": Answer(200, "{}", JSON),
}  # fmt: skip


SAID = {
    "502": "HTTP 502",
    "partial data and errors": "Too much",
    "a limit in a 200": "GitHub's rate limit|asked us to wait",
    "a short secondary limit": "GitHub's rate limit|asked us to wait",
    "a long secondary limit": "GitHub's rate limit|asked us to wait",
    "a lost cursor": "does not appear to be a valid cursor",
    "HTML": "a web page came instead of JSON",
    "half a body": "the JSON is damaged",
    "a reset": "the answer broke off",
    "an empty object": "the answer is not GraphQL's",
}
"""What each is called, if it is not mended in silence; to REST's lists some are just no list."""


@dataclass(frozen=True, slots=True)
class Heavy(Fault):
    """Whatever holds this word takes GitHub too long."""

    word: str

    def spoil(self, wire: Wire) -> Send:
        begun: list[Message] = []

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            heavy = self.word.encode() in message.get("body", b"")
            await wire.send({**begun[0], "status": 502} if heavy else begun[0])
            await wire.send(message)

        return answer


def miscounted(node_id: str) -> Rewritten:
    """GitHub counts a label more than it gives of that item."""

    def change(node: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(node, list):
            return [change(each) for each in cast("list[Any]", node)]
        if not isinstance(node, dict):
            return node
        known = {name: change(each) for name, each in cast("dict[str, Any]", node).items()}
        if known.get("id") == node_id:
            known["labels"]["totalCount"] += 1
        return known

    return Rewritten(change)


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    with open_desk(tmp_path) as desk:
        load_corpus(desk.tracker, some=8)
        yield desk


def matrix(*services: str) -> list[object]:
    """Every fault at every service; the short form has each fault and each service once or more."""
    return [
        pytest.param(
            fault,
            service,
            id=f"{fault}, {service}",
            marks=() if which == number % len(services) else pytest.mark.chaos,
        )
        for number, fault in enumerate(FAULTS)
        for which, service in enumerate(services)
    ]


def attempt(desk: Desk, fault: str) -> None:
    """A sync that meets the fault, and may fail: in one clear line each time."""
    said: list[str | None] = []
    try:
        for report in desk.sync().values():
            said.append(report.listing.deferred_because)
            said.append(report.documents.deferred_because if report.documents else None)
    except SourceError as error:
        said.append(str(error))
    said += [failure.message for failure in desk.stores.failures.list()]
    for line in filter(None, said):
        assert "\n" not in line
        assert GITHUB_TOKEN not in line
        assert re.search(f"{SAID[fault]}|/comments: the body: Input should be a valid list", line)


@pytest.mark.parametrize(("fault", "service"), matrix("Sweep", "Items"))
def test_first_sync_that_meets_a_fault_is_whole_at_the_latest_with_the_next(
    desk: Desk, fault: str, service: str
):
    desk.sandbox.faults.add(FAULTS[fault], service=service, times=6)
    attempt(desk, fault)
    assert desk.sandbox.faults.pending < 6
    desk.sandbox.faults.clear()
    desk.clock.advance(HOUR)
    desk.sync()

    assert desk.differences() == []
    assert not desk.stores.failures.list()


@pytest.mark.parametrize(
    ("fault", "service"), matrix("Changes", "issue-comments", "pull-comments", "Probe", "Items")
)
def test_changes_are_not_lost_where_a_fault_hid_them(desk: Desk, fault: str, service: str):
    desk.sync("full")
    desk.clock.advance(HOUR)
    items = desk.tracker.items.values()
    issue = next(each.number for each in items if each.pull is None)
    pull = next(each.number for each in items if each.pull)
    desk.tracker.comment(issue, "planted900001")
    desk.tracker.comment(pull, "planted900002")
    desk.tracker.review(pull, "planted900003", inline=[Inline("a.py", 1, "planted900004")])

    desk.sandbox.faults.add(FAULTS[fault], service=service, times=6)
    attempt(desk, fault)
    assert desk.sandbox.faults.pending < 6
    desk.sandbox.faults.clear()
    desk.clock.advance(HOUR)
    desk.sync()

    assert desk.differences() == []
    assert not desk.stores.failures.list()


def test_pages_that_are_too_heavy_shrink_and_all_is_read(desk: Desk):
    desk.sandbox.faults.add(FAULTS["502"], service="Sweep", times=99, nodes_above=2_000)
    desk.sandbox.faults.add(FAULTS["502"], service="Items", times=99, nodes_above=2_000)
    desk.sync("full")

    assert desk.differences() == []
    assert desk.asked().count("Sweep") < 20
    refused = [each for each in desk.sandbox.requests if each.status == 502]
    assert refused
    assert all(each.nodes > 2_000 for each in refused)


def test_a_limit_in_the_middle_of_fetching_keeps_what_came_and_says_until_when(desk: Desk):
    desk.sandbox.faults.add(FAULTS["a limit in a 200"], service="Items")
    [pulls, issues] = desk.sync().values()

    assert pulls.documents
    assert pulls.documents.deferred_until
    assert (pulls.documents.deferred_until - desk.clock()).total_seconds() > 500
    assert issues.listing.deferred_until == pulls.documents.deferred_until
    desk.sandbox.requests.clear()
    desk.sync()
    assert desk.asked() == []
    desk.clock.advance(HOUR)
    desk.sync()
    assert desk.differences() == []


def test_an_issue_deleted_between_listing_and_fetching_is_no_document_and_no_failure(desk: Desk):
    number = next(each.number for each in desk.tracker.items.values() if each.pull is None)
    with desk.sessions() as syncs:
        for sync in syncs.values():
            sync.list("full")
        desk.tracker.delete(number)
        for sync in syncs.values():
            sync.sync_documents()
            sync.index_documents()

    assert desk.differences() == []
    assert not desk.stores.failures.list()


def test_an_item_that_is_too_heavy_even_alone_is_named_and_the_others_are_read(desk: Desk):
    number = next(each.number for each in desk.tracker.items.values() if each.pull)
    node_id = desk.tracker.items[number].node_id
    desk.sandbox.faults.add(Heavy(node_id), service="Items", times=999)
    desk.sync("full")

    [failure] = desk.stores.failures.list()
    assert failure.key == f"#{number}"
    assert desk.differences() == [f"('pull_requests', '#{number}'): missing"]
    desk.sandbox.faults.clear()
    desk.clock.advance(HOUR)
    desk.sync()
    assert desk.differences() == []


def test_facts_that_are_too_heavy_even_of_one_item_are_read_piece_by_piece(tmp_path: Path):
    with open_desk(tmp_path) as desk:
        pulls = [desk.tracker.open_pull(f"Pull {number}", "planted1").number for number in (1, 2)]
        for service in ("Sweep", "Probe"):
            desk.sandbox.faults.add(FAULTS["502"], service=service, times=999, nodes_above=300)
        desk.sync("full")
        assert desk.differences() == []
        desk.clock.advance(HOUR)
        for number in pulls:
            desk.tracker.comment(number, f"planted90{number}")

        desk.sync()

        assert desk.differences() == []
        assert "Probe" in desk.asked()
        assert all(each.nodes > 300 for each in desk.sandbox.requests if each.status == 502)


@pytest.mark.parametrize("lasting", [False, True])
def test_item_that_does_not_add_up_is_read_by_itself_and_fails_by_itself(desk: Desk, lasting: bool):
    pull = next(each for each in desk.tracker.items.values() if each.pull)
    for service in ("Sweep", "Items") if lasting else ("Sweep",):
        desk.sandbox.faults.add(miscounted(pull.node_id), service=service, times=999)
    desk.sync("full")

    missing = [f"('pull_requests', '#{pull.number}'): missing"] if lasting else []
    assert desk.differences() == missing
    counts = f"GitHub counts {len(pull.labels) + 1} labels and gives {len(pull.labels)}"
    failures = [(each.key, each.message) for each in desk.stores.failures.list()]
    assert failures == [
        (f"#{pull.number}", f"#{pull.number}: {counts}: it moved while it was read")
    ] * len(missing)
    desk.sandbox.faults.clear()
    desk.clock.advance(HOUR)
    desk.sync()
    assert desk.differences() == []
