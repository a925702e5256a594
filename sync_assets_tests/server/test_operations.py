from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from sync_assets.control.budget import Budget
from sync_assets.control.budgets import SLOTS, BudgetKey, Budgets
from sync_assets.control.database import open_database
from sync_assets.control.failures import Failures
from sync_assets.errors import InvalidSettings, UnexpectedPayload
from sync_assets.models import FetchFailure, ListingEntry
from sync_assets.server.binding import check_token, listener, refusal, url_of
from sync_assets.settings import Settings
from sync_assets_tests.connectors.webhooks.signing import SAMPLES, signed
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.server.conftest import with_secrets
from sync_assets_tests.server.serving import Running, running_server

Series = dict[tuple[str, tuple[str, ...]], float]


def metrics(receiver: Running) -> Series:
    """By name and the values of the labels."""
    text = receiver.client.get("/metrics").text
    return {
        (sample.name.removeprefix("sync_assets_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_running_receiver_is_alive_and_ready(receiver: Running):
    assert receiver.client.get("/healthz").json() == {"status": "alive"}
    assert receiver.client.get("/readyz").json() == {"status": "ready"}


def test_a_receiver_whose_database_is_away_is_alive_and_not_ready(receiver: Running):
    receiver.database.close()  # its idle connections, which would not notice
    (receiver.settings.home / "control.db").write_bytes(b"no database at all" * 100)

    answer = receiver.client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
    assert receiver.client.get("/healthz").status_code == 200
    series = metrics(receiver)
    assert series["control_database_up", ()] == 0
    assert series["deliveries_total", ("github", "accepted")] == 0
    assert not any(name.startswith("inbox") for name, _ in series)


def test_calls_are_counted_by_connector_and_outcome_from_zero(receiver: Running):
    before = metrics(receiver)
    headers, body = signed("github", SAMPLES["github"], receiver.clock())
    for _ in range(2):
        receiver.post("github", headers, body)
    receiver.post("github", headers, b"{}")
    receiver.post("gitlab", headers, b"{}")
    after = metrics(receiver)

    risen = {key: value for key, value in after.items() if value != before.get(key)}
    counted = {labels: value for (name, labels), value in risen.items() if "deliveries_t" in name}
    assert counted == {
        ("github", "accepted"): 1,
        ("github", "duplicate"): 1,
        ("github", "bad_signature"): 1,
        ("unknown", "unknown"): 1,
    }
    assert not any("gitlab" in labels for _, labels in after)


def test_the_state_of_inbox_failures_and_budgets_is_told(receiver: Running):
    now = receiver.clock()
    receiver.post("github", *signed("github", SAMPLES["github"], now))
    with closing(open_database(receiver.settings)) as database:
        entry = ListingEntry("d" * 32, "README.md", "1", "")
        failed = FetchFailure(entry, UnexpectedPayload("no"))
        Failures(database, receiver.clock).record("github:owner/name", "files", [failed])
        later, budgets = now + timedelta(hours=1), Budgets(database)
        for credential, resource, remaining, until in (
            ("a", "core", 4000, later),
            ("b", "core", 3000, later),
            ("a", "graphql", 5, now - timedelta(seconds=1)),
            ("a", SLOTS, 7, later),
        ):
            budget = Budget(limit=5000, remaining=remaining, reset_at=until)
            key = BudgetKey("api.github.com", credential, resource)
            budgets.change(key, lambda _, new=budget: (new, None))
    receiver.clock.advance(90)
    series = metrics(receiver)

    assert series["control_database_up", ()] == 1
    assert series["inbox_deliveries", ("github", "received")] == 1
    assert series["inbox_oldest_seconds", ("github", "received")] == 90
    assert series["failures", ("github:owner/name",)] == 1
    told = {labels: value for (name, labels), value in series.items() if name.startswith("budget")}
    assert told == {("api.github.com", "core"): 3000}


def test_the_lag_of_the_last_delivery_that_is_done_is_told(receiver: Running):
    headers, body = signed("vercel", SAMPLES["vercel"], receiver.clock())
    receiver.post("vercel", headers, body)
    (delivery,) = receiver.inbox.newest()
    receiver.inbox.claim([delivery.number], "key")
    claimed = receiver.inbox.newest("vercel:prj_1", "claimed")
    assert delivery.event_at is not None
    receiver.inbox.done(claimed, "run", delivery.event_at + timedelta(seconds=7))

    assert metrics(receiver)["sync_lag_seconds", ("vercel:prj_1",)] == 7


def test_metrics_ask_for_the_token_where_one_is_set(settings: Settings, clock: FakeClock):
    own = settings.model_copy(update={"server_token": SecretStr("token")})
    with running_server(own, clock) as receiver:
        codes = [
            receiver.client.get("/metrics", headers={"authorization": given}).status_code
            for given in ("Bearer token", "Bearer another", "token", "")
        ]
        odd = httpx.Headers([(b"authorization", b"Bearer t\xf6ken")])
        assert codes == [200, 401, 401, 401]
        assert receiver.client.get("/metrics", headers=odd).status_code == 401
        assert receiver.client.get("/readyz").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "hooks.example.com"])  # noqa: S104
def test_beyond_loopback_it_does_not_start_without_a_token(host: str, tmp_path: Path):
    exposed = Settings(home=tmp_path, server_host=host, server_port=0)

    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_SERVER_TOKEN"):
        listener(exposed)
    check_token(exposed.model_copy(update={"server_token": SecretStr("token")}))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_on_loopback_it_needs_no_token(host: str, tmp_path: Path):
    check_token(Settings(home=tmp_path, server_host=host))


def test_a_port_that_is_taken_is_named_with_its_setting(settings: Settings):
    with listener(settings) as first:
        port = first.getsockname()[1]
        taken = settings.model_copy(update={"server_port": port})
        with pytest.raises(InvalidSettings, match=rf"port {port}.*SYNC_ASSETS_SERVER_PORT"):
            listener(taken)


def test_an_address_of_six_is_written_in_brackets():
    assert url_of("::1", 8800) == "http://[::1]:8800"
    assert url_of("127.0.0.1", 8800) == "http://127.0.0.1:8800"


def test_who_is_refused_is_one_line_that_names_the_settings(tmp_path: Path):
    assert refusal(with_secrets(tmp_path)) is None
    keys = tmp_path / "webhook_keys"
    keys.mkdir()
    (keys / "notion").write_text("told")
    some = Settings(
        home=tmp_path,
        github_webhook_secret=SecretStr("a"),
        vercel_webhook_secret_previous=SecretStr("b"),
    )

    line = refusal(some) or ""
    assert line.startswith("Webhooks of linear, slack are refused")
    assert "SYNC_ASSETS_LINEAR_WEBHOOK_SECRET, SYNC_ASSETS_SLACK_WEBHOOK_SECRET" in line
