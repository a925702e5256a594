"""Answers that are kept, and asked for again only if they changed."""

import os
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from sync_assets.errors import StoreUnavailable
from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import ANONYMOUS, Credential, token_credential
from sync_assets.http.kept import UNUSED, Kept, KeptAnswers
from sync_assets.http.usage import Usage
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.http.conftest import TOKEN
from sync_assets_tests.http.server import Received, Reply, Server
from sync_assets_tests.http.vendor import Vendor

KEEP = {"keep": "shop"}


class Frugal(Vendor):
    """Does not count what has not changed, as GitHub does not."""

    unchanged_is_free = True


class Shelf:
    """What the vendor has: a text by path, whose ETag is its own; it counts 100 points an hour."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.texts: dict[str, str] = {}
        self.used = 0
        self.reset = clock().timestamp() + 3600

    def __call__(self, received: Received) -> Reply:
        text = self.texts.get(received.path, '["as ever"]')
        etag = f'W/"{len(text)}-{hash(text)}"'
        same = received.headers.get("if-none-match") == etag
        self.used += 0 if same and "authorization" in received.headers else 1
        headers = {
            "ETag": etag,
            "Date": format_datetime(self.clock(), usegmt=True),
            "x-limit": "100",
            "x-remaining": str(100 - self.used),
            "x-reset": str(self.reset),
        }
        if same:
            return Reply(304, headers, b"")
        return Reply(200, headers | {"Link": f"<{received.path}/2>; rel=next"}, text.encode())


@pytest.fixture
def shelf(server: Server, clock: FakeClock) -> Shelf:
    shelf = Shelf(clock)
    server.answers = shelf
    return shelf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "http.db"


class Processes:
    """Clients as several processes would have them, on one file."""

    def __init__(self, url: str, path: Path, clock: FakeClock) -> None:
        self.url = url
        self.path = path
        self.clock = clock
        self.every: list[HttpClients] = []

    def start(
        self, credential: Credential | None = None, dialect: Vendor | None = None
    ) -> httpx.Client:
        clients = HttpClients(
            clock=self.clock,
            monotonic=self.clock.monotonic,
            sleep=self.clock.advance,
            kept=KeptAnswers(self.path, clock=self.clock),
        )
        self.every.append(clients)
        mine = credential or token_credential(SecretStr(TOKEN))
        return clients.client(dialect or Frugal(), self.url, mine)


@pytest.fixture
def processes(path: Path, server: Server, clock: FakeClock) -> Iterator[Processes]:
    processes = Processes(server.url, path, clock)
    yield processes
    for clients in processes.every:
        clients.close()


def test_what_has_not_changed_is_not_sent_again_and_costs_nothing(
    processes: Processes, shelf: Shelf, clock: FakeClock
):
    first = processes.start().get("things", extensions=KEEP)
    clock.advance(60)
    again = processes.start().get("things", extensions=KEEP)

    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["link"] == first.headers["link"]
    assert again.headers["date"] != first.headers["date"]  # watermarks are taken from it
    assert shelf.used == 1
    (used,) = processes.every[1].usage()
    assert used == Usage("vendor", "core", calls=1, points=0, bytes=0, left=99)


def test_budget_stays_whole_over_any_number_of_free_answers(processes: Processes, shelf: Shelf):
    client = processes.start()
    for _ in range(150):  # of 100 points
        client.get("things", extensions=KEEP)

    (used,) = processes.every[0].usage()
    assert (used.calls, used.points, used.left) == (150, 1, 99)


def test_vendor_that_counts_them_is_believed(processes: Processes, shelf: Shelf):
    for _ in range(3):
        processes.start(dialect=Vendor()).get("things", extensions=KEEP)

    assert [each.usage()[0].points for each in processes.every] == [1, 1, 1]


def test_anonymous_pays_for_what_has_not_changed(processes: Processes, shelf: Shelf):
    for _ in range(2):
        processes.start(ANONYMOUS).get("things", extensions=KEEP)

    assert shelf.used == 2
    assert [each.usage()[0].points for each in processes.every] == [1, 1]


def test_what_changed_comes_and_takes_the_place_of_the_old(processes: Processes, shelf: Shelf):
    client = processes.start()
    client.get("things", extensions=KEEP)
    shelf.texts["/things"] = '["new"]'

    answers = [client.get("things", extensions=KEEP).json() for _ in range(2)]

    assert answers == [["new"], ["new"]]
    assert shelf.used == 2


def test_nobody_is_shown_what_another_credential_was_given(
    processes: Processes, shelf: Shelf, server: Server
):
    processes.start().get("things", extensions=KEEP)
    processes.start(token_credential(SecretStr("other"))).get("things", extensions=KEEP)
    processes.start(ANONYMOUS).get("things", extensions=KEEP)

    assert [each.headers.get("if-none-match") for each in server.requests] == [None] * 3


def test_another_form_of_the_same_is_another_answer(processes: Processes, server: Server):
    server.script(Reply(200, {"ETag": '"1"'}))
    client = processes.start()
    client.get("things", extensions=KEEP)
    client.get("things", extensions=KEEP, headers={"accept": "text/plain"})
    client.get("things", extensions=KEEP, params={"page": 2})

    assert [each.headers.get("if-none-match") for each in server.requests] == [None] * 3


def test_only_answers_that_are_asked_for_so_are_kept(
    processes: Processes, shelf: Shelf, path: Path
):
    for _ in range(2):
        processes.start().get("things")

    assert shelf.used == 2
    assert not path.exists()


def test_what_moved_is_forgotten_for_all_and_nothing_else_is(processes: Processes, shelf: Shelf):
    client = processes.start()
    for name, subject in (("a", "shop"), ("b", "shop"), ("c", "other")):
        client.get(name, extensions={"keep": subject})
    processes.every[0].forget("shop")
    before = shelf.used
    for name in ("a", "b", "c"):
        client.get(name, extensions={"keep": "shop"})

    assert shelf.used - before == 2


def test_after_a_redirect_the_other_address_is_asked_by_its_own_tag(
    processes: Processes, server: Server
):
    client = processes.start()
    server.script(Reply(200, {"ETag": '"old"'}))
    client.get("old", extensions=KEEP)
    server.script(Reply(301, {"Location": "/new"}), Reply(200, {"ETag": '"new"'}, b"[1]"))

    assert client.get("old", extensions=KEEP).json() == [1]
    assert server.requests[-2].headers["if-none-match"] == '"old"'
    assert "if-none-match" not in server.requests[-1].headers


@pytest.mark.parametrize("status", [404, 206, 301])
def test_only_whole_answers_are_kept(processes: Processes, server: Server, path: Path, status: int):
    server.script(Reply(status, {"ETag": '"1"', "Location": "/x"}))
    processes.start().get("things", extensions={**KEEP, "accept": (404, 301)})

    assert KeptAnswers(path).get("any") is None


def test_file_is_its_owners_alone_and_holds_no_token(
    processes: Processes, shelf: Shelf, path: Path
):
    processes.start().get("private/things?since=2026", extensions=KEEP)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    content = path.read_bytes()
    assert TOKEN.encode() not in content
    assert b"authorization" not in content.lower()


def kept(text: str) -> Kept:
    return Kept('"1"', {"etag": '"1"'}, os.urandom(1000) + text.encode())


def test_what_was_not_used_for_longest_makes_room(path: Path, clock: FakeClock):
    answers = KeptAnswers(path, clock=clock, most_bytes=5_000)
    for number in range(10):
        answers.put(f"k{number}", "shop", kept(str(number)))
        clock.advance(1)

    assert [answers.get(f"k{number}") is not None for number in range(10)] == [False] * 6 + [
        True
    ] * 4


def test_what_is_not_used_for_a_month_goes(path: Path, clock: FakeClock):
    answers = KeptAnswers(path, clock=clock)
    answers.put("old", "shop", kept("old"))
    answers.put("used", "shop", kept("used"))
    clock.advance(UNUSED.total_seconds() - 10)
    answers.get("used")
    clock.advance(20)
    answers.put("new", "shop", kept("new"))

    found = [answers.get(each) is not None for each in ("old", "used", "new")]
    assert found == [False, True, True]


def test_damaged_file_is_begun_anew_and_said_so(
    processes: Processes, shelf: Shelf, path: Path, caplog: pytest.LogCaptureFixture
):
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)

    answers = [processes.start().get("things", extensions=KEEP).json() for _ in range(2)]

    assert answers == [["as ever"]] * 2
    assert shelf.used == 1
    assert "was damaged: it is begun anew" in caplog.text


def test_place_that_cannot_be_written_is_named(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    with pytest.raises(StoreUnavailable, match=r"http\.db cannot be used"):
        KeptAnswers(blocked / "http.db").put("k", "shop", kept("x"))
