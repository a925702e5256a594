"""Alerts, against a real server: once, folded, retried, and without a secret."""

import json
import logging
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from sync_assets.alerts import AlertMessage, send_alerts
from sync_assets.errors import InvalidSettings
from sync_assets.settings import Settings, load_settings
from sync_assets.stores import Stores, open_stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.http.server import Reply, Server, running_server

SLACK, WEBHOOK = "/services/T0/B0/s3cret-in-the-path", "/hooks/an0ther?key=s3cret"
GATHER, QUIET, HOUR = 30, 300, 3600
LOG = logging.getLogger("test.alerts")


@dataclass
class Post:
    """Stores with two channels beside the log, both on one server; sources as a test makes them."""

    stores: Stores
    server: Server
    clock: FakeClock

    def source(self, name: str) -> str:
        return self.stores.registry.add("git", name, {}, "*/15 * * * *").source_id

    def fail(self, source_id: str, times: int = 5, message: str = "HTTP 401: fix it") -> None:
        for _ in range(times):
            self.stores.registry.record_failure(source_id, message)

    def send(self, after: float = GATHER) -> int:
        self.clock.advance(after)
        return send_alerts(self.stores, LOG, timeout_seconds=0.5)

    def slack(self) -> list[str]:
        """The texts so far."""
        return [json.loads(body)["text"] for body in self._bodies(SLACK)]

    def webhook(self) -> list[AlertMessage]:
        return [AlertMessage.model_validate_json(body) for body in self._bodies(WEBHOOK)]

    def _bodies(self, path: str) -> list[bytes]:
        return [each.body for each in self.server.requests if each.path == path]


@contextmanager
def opened(settings: Settings, server: Server, clock: FakeClock) -> Generator[Post]:
    stores = open_stores(settings, clock=clock)
    try:
        yield Post(stores, server, clock)
    finally:
        stores.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def both(settings: Settings, server: Server) -> Settings:
    return settings.model_copy(
        update={
            "alert_slack_webhook_url": SecretStr(server.url + SLACK),
            "alert_webhook_url": SecretStr(server.url + WEBHOOK),
        }
    )


@pytest.fixture
def post(both: Settings, server: Server, clock: FakeClock) -> Iterator[Post]:
    with opened(both, server, clock) as post:
        yield post


def test_five_failed_runs_are_one_alert_and_recovery_is_another(post: Post):
    source = post.source("a")
    post.fail(source, 4)
    assert post.send() == 0
    post.fail(source, 1)

    assert post.send() == 3
    for _ in range(4):
        post.fail(source, 1)
        assert post.send(HOUR) == 0
    post.stores.registry.record_success(source)
    assert post.send(HOUR) == 3
    assert post.send(HOUR) == 0

    bad, good = post.slack()
    assert bad == (
        "sync_assets: 1 source failed 5 times in a row:\n"
        "- git:a: HTTP 401: fix it\n"
        "Each is tried hourly; after the fix, at once: sync-assets sources resume SOURCE"
    )
    assert good == (
        "sync_assets: 1 source recovered:\n- git:a, in error since 2026-01-01 12:00:30 UTC"
    )
    assert [message.text for message in post.webhook()] == [bad, good]
    assert [(each.event, each.source_id) for each in post.webhook()[1].alerts] == [
        ("recovered", "git:a")
    ]


def test_an_alert_goes_out_once_though_the_daemon_restarts(
    both: Settings, server: Server, clock: FakeClock
):
    with opened(both, server, clock) as post:
        post.fail(post.source("a"))
        assert post.send() == 3
    with opened(both, server, clock) as post:
        assert post.send(HOUR) == 0
        post.stores.registry.record_success("git:a")
    with opened(both, server, clock) as post:
        assert post.send(HOUR) == 3

    assert len(server.requests) == 4


def test_sources_that_fail_together_are_one_message_and_stragglers_another(post: Post):
    sources = [post.source(f"{number:02}") for number in range(40)]
    for source in sources[:25]:
        post.fail(source)
        assert post.send(1) == 0  # gathered first
    assert post.send(5) == 3
    for source in sources[25:]:
        post.fail(source)
        assert post.send(10) == 0
    assert post.send(QUIET) == 3

    first, second = post.webhook()
    assert (len(first.alerts), len(second.alerts)) == (25, 15)
    assert "25 sources failed" in first.text
    assert "... and 5 more" in first.text
    assert len(post.slack()) == 2


def test_a_channel_that_is_down_is_told_later_and_the_others_at_once(
    post: Post, caplog: pytest.LogCaptureFixture
):
    source = post.source("a")
    post.fail(source)
    post.server.answers = lambda got: Reply(503 if got.path == SLACK else 200)
    assert post.send() == 2
    waits = [0.0]
    for _ in range(6):
        calls = len(post.slack())
        while len(post.slack()) == calls:
            post.send(30)
            waits[-1] += 30
        waits.append(0.0)
    post.server.answers = lambda _: Reply()
    assert post.send(HOUR) == 1
    assert post.send(HOUR) == 0

    assert waits[:-1] == [30, 60, 120, 240, 300, 300]
    assert len(post.webhook()) == 1
    assert post.slack()[-1].startswith("sync_assets: 1 source failed")
    assert "slack was not told of alerts" in caplog.text
    assert "HTTP 503" in caplog.text


@pytest.mark.parametrize("reply", [Reply(302, {"Location": "/elsewhere"}), Reply(404), Reply(429)])
def test_an_answer_that_is_not_well_done_is_not_taken_for_it(post: Post, reply: Reply):
    post.fail(post.source("a"))
    post.server.answers = lambda _: reply
    assert post.send() == 1
    post.server.answers = lambda _: Reply()

    assert post.send(HOUR) == 2
    assert {each.method for each in post.server.requests} == {"POST"}


def test_a_channel_that_says_how_long_it_wants_to_be_left_alone_is(post: Post):
    post.fail(post.source("a"))
    post.server.answers = lambda _: Reply(429, {"Retry-After": "900"})
    post.send()
    post.server.answers = lambda _: Reply()

    assert post.send(899) == 0
    assert post.send(1) == 2


def test_a_server_that_accepts_and_never_answers_does_not_lose_the_alert(post: Post):
    post.fail(post.source("a"))
    post.server.answers = lambda _: Reply(hang=True)
    assert post.send() == 1
    post.server.answers = lambda _: Reply()

    assert post.send(HOUR) == 2


def test_no_address_and_no_secret_that_an_error_quotes_is_sent_or_logged(
    post: Post, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"
    post.fail(post.source("a"), message=f"refused: {token} & <!channel>")
    post.server.answers = lambda _: Reply(500)
    post.send()
    post.server.answers = lambda _: Reply()
    post.send(HOUR)

    sent = "".join(each.body.decode() for each in post.server.requests)
    for text in (sent, caplog.text):
        assert token not in text
        assert "s3cret" not in text
    assert "&amp; &lt;!channel&gt;" in post.slack()[-1]


def test_a_new_channel_is_told_what_is_wrong_now_and_nothing_of_the_past(
    settings: Settings, both: Settings, server: Server, clock: FakeClock
):
    with opened(settings, server, clock) as post:
        broken, mended = post.source("broken"), post.source("mended")
        post.fail(broken)
        post.fail(mended)
        post.stores.registry.record_success(mended)
        post.send()
    with opened(both, server, clock) as post:
        assert post.send(HOUR) == 2

        assert [each.source_id for each in post.webhook()[0].alerts] == [broken]
        assert post.send(HOUR) == 0


def test_a_recovery_overtakes_an_alarm_that_never_went_out(post: Post):
    source = post.source("a")
    other = post.source("b")
    post.fail(other)
    post.send()
    post.fail(source)
    post.stores.registry.record_success(source)
    post.send(HOUR)

    assert [each.event for each in post.webhook()[-1].alerts] == ["recovered"]


def test_two_processes_do_not_both_send(both: Settings, server: Server, clock: FakeClock):
    with ExitStack() as stack:
        one = stack.enter_context(opened(both, server, clock))
        two = stack.enter_context(opened(both, server, clock))
        one.fail(one.source("a"))
        clock.advance(GATHER)
        with two.stores.leases.hold("alerts", 60):
            assert one.send(0) == 0
        assert one.send(0) == 3
        assert two.send(0) == 0


def test_an_address_that_is_none_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SYNC_ASSETS_ALERT_SLACK_WEBHOOK_URL", "hooks/s3cret")

    with pytest.raises(InvalidSettings) as caught:
        load_settings()

    assert str(caught.value) == (
        "SYNC_ASSETS_ALERT_SLACK_WEBHOOK_URL: Value error, must be an http or https address"
    )
