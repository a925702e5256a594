import json
import logging
import socket
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.control.database import open_database
from sync_assets.control.registry import Registry
from sync_assets.server.answers import STATUS
from sync_assets.server.bodies import MOST_BYTES, Bodies
from sync_assets.settings import Settings
from sync_assets_tests.connectors.webhooks.signing import PUSH, SAMPLES, SECRET, signed
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.server.conftest import SCOPES, with_secrets
from sync_assets_tests.server.serving import Running, running_server

VENDORS = tuple(WEBHOOKS)
PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"


def sample(receiver: Running, vendor: str, **rest: Any) -> tuple[dict[str, str], bytes]:  # noqa: ANN401
    return signed(vendor, SAMPLES[vendor], receiver.clock(), **rest)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_signed_call_is_stored_when_it_is_answered_and_once_however_often_it_comes(
    receiver: Running, vendor: str
):
    headers, body = sample(receiver, vendor)
    first = receiver.post(vendor, headers, body)
    (stored,) = receiver.inbox.newest()

    assert (first.status_code, first.json()) == (200, {"outcome": "accepted"})
    assert (stored.source_id, stored.state) == (f"{vendor}:{SCOPES[vendor]}", "received")
    assert receiver.outcome(vendor, headers, body) == "duplicate"
    assert receiver.inbox.newest() == (stored,)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_call_with_another_signature_or_none_is_refused_and_nothing_is_stored(
    receiver: Running, vendor: str
):
    headers, body = sample(receiver, vendor, secret="another")
    unsigned = {"content-type": "application/json"}
    _, genuine = sample(receiver, vendor)

    for answer in (
        receiver.post(vendor, headers, body),
        receiver.post(vendor, unsigned, genuine),
        receiver.post(vendor, sample(receiver, vendor)[0], genuine + b" "),
    ):
        assert (answer.status_code, answer.json()) == (401, {"outcome": "bad_signature"})
    assert receiver.inbox.newest() == ()


def test_both_secrets_are_accepted_while_one_is_rotated(tmp_path: Path, clock: FakeClock):
    with running_server(with_secrets(tmp_path, "new", "old"), clock) as receiver:
        for vendor in VENDORS:
            answers = {
                secret: receiver.post(vendor, *sample(receiver, vendor, secret=secret)).status_code
                for secret in ("new", "old", "older", "")
            }
            assert answers == {"new": 200, "old": 200, "older": 401, "": 401}


def test_a_vendor_without_a_secret_is_refused(tmp_path: Path, clock: FakeClock):
    with running_server(Settings(home=tmp_path, server_port=0), clock) as receiver:
        for vendor in VENDORS:
            answer = receiver.post(vendor, *sample(receiver, vendor, secret=""))
            assert (answer.status_code, answer.json()) == (503, {"outcome": "no_secret"})


@pytest.mark.parametrize(("vendor", "seconds"), [("slack", 300), ("linear", 60)])
@pytest.mark.parametrize("direction", [1, -1], ids=["past", "future"])
def test_a_call_outside_its_window_is_not_replayed_but_has_its_source_swept_once(
    receiver: Running, vendor: str, seconds: int, direction: int
):
    headers, body = sample(receiver, vendor)
    receiver.clock.set_wall(direction * (seconds + 1))

    assert receiver.outcome(vendor, headers, body) == "swept"
    (stored,) = receiver.inbox.newest()
    assert (stored.sweep, stored.hints, stored.subject) == (True, {}, "sweep")
    assert (stored.event_at, stored.ends) == (None, None)
    assert receiver.outcome(vendor, headers, body) == "duplicate"


def test_slacks_challenge_is_repeated_if_it_is_signed_in_time(receiver: Running):
    payload = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "of old"}
    headers, body = signed("slack", payload, receiver.clock())
    forged, _ = signed("slack", payload, receiver.clock(), secret="another")

    answer = receiver.post("slack", headers, body)
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1aB"})
    assert receiver.post("slack", forged, body).status_code == 401
    receiver.clock.advance(301)
    assert receiver.post("slack", headers, body).json() == {"outcome": "ignored"}


def test_what_changes_nothing_of_ours_and_what_nobody_registered_is_answered_200(
    receiver: Running,
):
    elsewhere = {**PUSH, "repository": {**PUSH["repository"], "full_name": "owner/other"}}
    ping = signed("github", {"zen": "Keep it"}, receiver.clock(), event="ping")

    assert receiver.outcome("github", *ping) == "ignored"
    assert receiver.outcome("github", *signed("github", elsewhere, receiver.clock())) == (
        "unregistered"
    )
    assert receiver.inbox.newest() == ()


def test_a_renamed_repository_is_stored_with_its_new_name(receiver: Running):
    payload: dict[str, object] = {
        "action": "renamed",
        "repository": {**PUSH["repository"], "full_name": "owner/next"},
        "changes": {"repository": {"name": {"from": "name"}}},
    }
    call = signed("github", payload, receiver.clock(), event="repository")

    assert receiver.outcome("github", *call) == "accepted"
    assert receiver.inbox.newest()[0].renamed_to == "owner/next"


def test_a_signed_call_of_another_form_is_malformed(receiver: Running):
    for body in (b"[]", b"not JSON", b"{}", b"\xff\xfe"):
        answer = receiver.post("github", *signed("github", body, receiver.clock()))
        assert (answer.status_code, answer.json()) == (400, {"outcome": "malformed"})


@pytest.mark.parametrize(
    "content_type", [None, "application/x-www-form-urlencoded", "text/json", "application/jsonp"]
)
def test_what_is_not_json_is_refused_before_it_is_read(receiver: Running, content_type: str | None):
    headers, _ = sample(receiver, "github")
    del headers["content-type"]
    if content_type:
        headers["content-type"] = content_type
    form = urlencode({"payload": json.dumps(PUSH)}).encode()

    assert receiver.post("github", headers, form).status_code == 415


def test_json_with_a_character_set_is_json(receiver: Running):
    headers, body = sample(receiver, "linear")
    headers["content-type"] = "Application/JSON; charset=utf-8"

    assert receiver.outcome("linear", headers, body) == "accepted"


@pytest.mark.parametrize("path", ["/webhooks/gitlab", "/webhooks/git", "/webhooks/", "/webhooks"])
def test_a_connector_that_there_is_not_is_not_found(receiver: Running, path: str):
    headers, body = sample(receiver, "github")

    assert receiver.client.post(path, headers=headers, content=body).status_code == 404


def raw(receiver: Running, *pieces: bytes) -> str:
    """The first line of the answer to these bytes."""
    url = httpx.URL(receiver.url)
    with socket.create_connection((url.host, url.port or 0), 30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return connection.makefile("rb").readline().decode().strip()


def head(*more: bytes) -> bytes:
    lines = [b"POST /webhooks/github HTTP/1.1", b"host: x", b"content-type: application/json"]
    return b"\r\n".join([*lines, *more, b"", b""])


@pytest.mark.parametrize("length", [MOST_BYTES + 1, 10**18])
def test_a_body_that_claims_to_be_too_large_is_not_read(receiver: Running, length: int):
    assert "413" in raw(receiver, head(b"content-length: %d" % length))


def test_a_body_that_turns_out_too_large_is_not_read_to_its_end(receiver: Running):
    piece = b"%x\r\n%s\r\n" % (2**20, b" " * 2**20)
    pieces = [piece] * 25 + [b"1\r\n \r\n"]

    assert "413" in raw(receiver, head(b"transfer-encoding: chunked"), *pieces)


def test_the_largest_body_is_accepted(receiver: Running):
    small = json.dumps(PUSH).encode()
    headers, body = signed("github", small + b" " * (MOST_BYTES - len(small)), receiver.clock())

    assert receiver.outcome("github", headers, body) == "accepted"


def test_a_body_that_does_not_arrive_is_given_up(settings: Settings, clock: FakeClock):
    with running_server(settings, clock, bodies=Bodies(seconds=0.05)) as receiver:
        assert "408" in raw(receiver, head(b"content-length: 100"), b"{")


def test_bodies_that_are_too_large_together_are_refused_for_now(
    settings: Settings, clock: FakeClock
):
    with running_server(settings, clock, bodies=Bodies(most_at_once=100)) as receiver:
        headers, body = sample(receiver, "github")
        small = signed("github", b"{}", clock(), event="ping")

        assert receiver.post("github", headers, body).status_code == 503
        assert receiver.outcome("github", *small) == "ignored"


def test_a_caller_that_goes_away_leaves_a_receiver_that_answers(receiver: Running):
    url = httpx.URL(receiver.url)
    with socket.create_connection((url.host, url.port or 0)) as connection:
        connection.sendall(head(b"content-length: 100") + b"{")

    assert receiver.outcome("github", *sample(receiver, "github")) == "accepted"


def test_a_locked_database_answers_503_and_the_next_call_is_stored(receiver: Running):
    call = sample(receiver, "github")
    with closing(open_database(receiver.settings)) as other, other.write():
        answer = receiver.post("github", *call)

    assert (answer.status_code, answer.json()) == (503, {"outcome": "unavailable"})
    assert receiver.inbox.newest() == ()
    assert receiver.outcome("github", *call) == "accepted"


def test_on_postgres_a_call_is_stored_once_too(postgres_settings: Settings, clock: FakeClock):
    update = {"github_webhook_secret": with_secrets(Path()).github_webhook_secret, "server_port": 0}
    with running_server(postgres_settings.model_copy(update=update), clock) as receiver:
        receiver.registry.add("github", "owner/name", {}, "0 * * * *")
        call = sample(receiver, "github")

        assert [receiver.outcome("github", *call) for _ in range(2)] == ["accepted", "duplicate"]
        assert len(receiver.inbox.newest()) == 1


def test_a_bug_answers_500_and_its_text_stays_out_of_the_answer_and_the_log(
    receiver: Running, caplog: pytest.LogCaptureFixture
):
    # A source that no connector of ours would have registered: its settings are no mapping.
    with closing(open_database(receiver.settings)) as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE sources SET settings = '\"secret words\"'")

    answer = receiver.post("github", *sample(receiver, "github"))

    assert (answer.status_code, answer.json()) == (500, {"outcome": "failed"})
    assert "a bug, ValidationError" in caplog.text
    assert "secret words" not in caplog.text


def test_nothing_of_a_call_is_logged(receiver: Running, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    marked = {**PUSH, "ref": "refs/heads/private-words"}
    calls: list[tuple[dict[str, str], bytes]] = [
        signed("github", marked, receiver.clock()),
        signed("github", marked, receiver.clock(), secret="another"),
        signed("github", {"private-words": 1}, receiver.clock()),
        signed("github", b'"private-words', receiver.clock()),
    ]
    for headers, body in calls:
        receiver.post("github", {**headers, "x-github-delivery": "private-words"}, body)

    ours = [record.getMessage() for record in caplog.records if "http" not in record.name]
    assert any("is not understood" in line for line in ours)
    assert not any("private-words" in line or SECRET in line for line in ours)


def test_every_answer_is_in_the_documentation_with_its_code():
    page = PAGE.read_text(encoding="utf-8")

    assert [
        outcome for outcome, code in STATUS.items() if f"| `{outcome}` | {code} |" not in page
    ] == []


Notion = Callable[[str], httpx.Response]


@pytest.fixture
def notion(receiver_without_secrets: Running) -> Notion:
    """Tell a key, as Notion does, unsigned."""

    def tell(key: str) -> httpx.Response:
        body = json.dumps({"verification_token": key}).encode()
        return receiver_without_secrets.post("notion", {"content-type": "application/json"}, body)

    return tell


@pytest.fixture
def receiver_without_secrets(tmp_path: Path, clock: FakeClock) -> Any:  # noqa: ANN401 - a generator
    with running_server(Settings(home=tmp_path / "home", server_port=0), clock) as running:
        running.registry.add("notion", SCOPES["notion"], {}, "0 * * * *")
        yield running


def test_notions_key_is_believed_in_the_window_and_signs_from_then_on(
    receiver_without_secrets: Running, notion: Notion
):
    receiver = receiver_without_secrets
    assert notion("early").status_code == 503
    receiver.handshakes.open("notion")
    other = receiver.post("notion", *sample(receiver, "notion"))
    told = notion("the key")

    assert other.json() == {"outcome": "no_secret"}
    assert (told.status_code, told.json()) == (200, {"outcome": "handshake"})
    call = sample(receiver, "notion", secret="the key")
    assert receiver.outcome("notion", *call) == "accepted"
    assert receiver.outcome("notion", *sample(receiver, "notion")) == "bad_signature"


def test_notions_key_is_never_replaced_and_may_be_told_again(
    receiver_without_secrets: Running, notion: Notion
):
    receiver = receiver_without_secrets
    receiver.handshakes.open("notion")
    answers = [notion(key).status_code for key in ("first", "second", "first")]

    assert answers == [200, 401, 200]
    assert receiver.handshakes.key("notion") == "first"


def test_a_window_closes_after_ten_minutes(receiver_without_secrets: Running, notion: Notion):
    receiver = receiver_without_secrets
    until = receiver.handshakes.open("notion")
    assert until == receiver.clock() + timedelta(minutes=10)
    receiver.clock.advance(600)

    assert notion("late").status_code == 503
    assert receiver.handshakes.key("notion") is None


def test_where_settings_have_a_secret_no_key_is_believed(receiver: Running):
    receiver.handshakes.open("notion")
    body = json.dumps({"verification_token": "another"}).encode()

    answer = receiver.post("notion", {"content-type": "application/json"}, body)

    assert answer.status_code == 401
    assert receiver.handshakes.key("notion") is None


def test_another_vendors_window_is_of_no_use_to_it(receiver_without_secrets: Running):
    receiver = receiver_without_secrets
    receiver.handshakes.open("github")
    body = json.dumps({"verification_token": "key"}).encode()

    assert receiver.post("github", {"content-type": "application/json"}, body).status_code == 503


def test_sources_of_a_removed_registration_are_not_stored_for(receiver: Running):
    with closing(open_database(receiver.settings)) as database:
        Registry(database).mark_removing("github:owner/name")

    assert receiver.outcome("github", *sample(receiver, "github")) == "unregistered"
