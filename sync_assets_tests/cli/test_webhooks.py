"""`webhooks`: url, setup, list, replay, status."""

from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from sync_assets.control.filing import Incoming
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.webhooks.missed import redeliver_missed
from sync_assets.webhooks.steps import SLACK_EVENTS
from sync_assets_tests.cli.conftest import Cli

SHOP = "github:acme/shop"
SECRET = "a-secret-that-nobody-may-see"
TOKEN = "a-token-that-nobody-may-see"
EVENT_AT = datetime(2026, 1, 1, 11, 59, 58, tzinfo=UTC)


@pytest.fixture
def sandbox(tmp_path: Path) -> Generator[Sandbox]:
    with running_sandbox(tmp_path / "served", tokens={TOKEN: ("acme/*",)}) as sandbox:
        sandbox.repositories.create("acme/shop")
        yield sandbox


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """An address, a secret of GitHub's, and a token that administers the repository."""
    for name, value in {
        "PUBLIC_URL": "https://hooks.example.com",
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_API_URL": f"{sandbox.url}/api/v3",
        "GITHUB_WEB_URL": sandbox.url,
    }.items():
        monkeypatch.setenv(f"SYNC_ASSETS_{name}", value)


@pytest.fixture
def stores(home: Path) -> Generator[Stores]:
    with closing(open_stores(Settings(home=home, embedder="hash"))) as stores:
        stores.registry.add("github", "acme/shop", {}, "0 0 * * *")
        yield stores


@pytest.fixture
def deliveries(stores: Stores) -> Stores:
    """Three: one done, one failed, one that waits."""
    stores.inbox.store(
        [
            Incoming("github", f"id-{number}", "push", lambda _: True, event_at=EVENT_AT)
            for number in range(3)
        ]
    )
    one, two, _ = reversed(stores.inbox.newest(SHOP))
    stores.inbox.claim([one.number], "key")
    stores.inbox.done(stores.inbox.newest(SHOP, "claimed"), "run", EVENT_AT + timedelta(seconds=5))
    stores.inbox.end([two.number], "failed", "gave up")
    return stores


def test_addresses_need_to_be_told_under_which_name_the_receiver_is_reached(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
):
    outcome = cli("webhooks", "url")
    monkeypatch.setenv("SYNC_ASSETS_PUBLIC_URL", "https://hooks.example.com/")
    told = cli("webhooks", "url", "--json").json

    assert (outcome.code, outcome.out) == (2, "")
    assert "SYNC_ASSETS_PUBLIC_URL" in outcome.err
    assert [each["connector"] for each in told] == ["github", "vercel", "linear", "notion", "slack"]
    assert told[0]["url"] == "https://hooks.example.com/webhooks/github"
    assert told[0]["has_secret"] is False


@pytest.mark.usefixtures("reachable", "stores")
def test_setup_makes_the_hook_and_prints_the_steps_of_others(cli: Cli, sandbox: Sandbox):
    made, again = cli("webhooks", "setup"), cli("webhooks", "setup", SHOP, "--json")
    slack = cli("webhooks", "setup", "slack")

    (hook,) = sandbox.hooks.of(1)
    assert hook.url == "https://hooks.example.com/webhooks/github"
    assert f"github:acme/shop: hook {hook.number} created" in made.out
    assert [each["outcome"] for each in again.json] == ["updated"]
    assert "1. Make the app from docs/connectors/slack-manifest.yaml" in slack.out
    assert "https://hooks.example.com/webhooks/slack" in slack.out
    assert SECRET not in made.out + made.err + again.out


def test_slacks_manifest_has_the_events_of_the_steps():
    text = (Path(__file__).parents[2] / "docs/connectors/slack-manifest.yaml").read_text()
    commented = text.partition("  # event_subscriptions:\n")[2].replace("  # ", "")

    assert yaml.safe_load(commented)["bot_events"] == [*SLACK_EVENTS]
    assert yaml.safe_load(text)["settings"]["socket_mode_enabled"] is False


@pytest.mark.usefixtures("reachable", "stores")
def test_setup_without_permission_fails_and_says_what_to_do_by_hand(cli: Cli, sandbox: Sandbox):
    sandbox.hooks.forbidden.add(TOKEN)

    outcome = cli("webhooks", "setup")

    assert outcome.code == 1
    assert "admin:repo_hook" in outcome.err
    assert "Payload URL: https://hooks.example.com/webhooks/github" in outcome.out
    assert TOKEN not in outcome.out + outcome.err


@pytest.mark.usefixtures("deliveries")
def test_deliveries_are_listed_the_newest_first_and_filtered(cli: Cli):
    listed = cli("webhooks", "list", "--json").json
    failed = cli("webhooks", "list", "--source", SHOP, "--state", "failed", "--json").json
    newest = cli("webhooks", "list", "--limit", "1")

    assert [each["number"] for each in listed] == [3, 2, 1]
    assert [(each["number"], each["reason"]) for each in failed] == [(2, "gave up")]
    header, row = newest.out.splitlines()
    assert header.split("\t")[:3] == ["number", "source", "event"]
    assert row.split("\t")[:3] == ["3", SHOP, "push"]


def test_replayed_deliveries_wait_again_and_unknown_ones_are_named(cli: Cli, deliveries: Stores):
    replayed = cli("webhooks", "replay", "1", "2", "--json").json
    unknown = cli("webhooks", "replay", "3", "77")

    assert [each["state"] for each in replayed] == ["received", "received"]
    assert len(deliveries.inbox.newest(SHOP, "received")) == 3
    assert (unknown.code, "77" in unknown.err) == (2, True)


@pytest.mark.usefixtures("deliveries", "reachable")
def test_status_shows_depths_lag_and_the_hook_of_each_source(
    cli: Cli, stores: Stores, sandbox: Sandbox
):
    before = cli("webhooks", "status", "--json").json
    stores.settings = Settings()
    redeliver_missed(stores, lambda _: None)
    after = cli("webhooks", "status")

    (row,) = before
    assert (row["received"], row["done"], row["failed"]) == (1, 1, 1)
    assert row["lag_seconds"] == 5.0
    assert row["hook_state"] is None
    assert "absent" in after.out
    assert "sync-assets webhooks setup" in after.err
