"""What `sources check` says of credentials, against servers that grant and refuse."""

import json
from collections.abc import Generator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import AnyHttpUrl, SecretStr

from sync_assets.access import AccessCheck, check_access
from sync_assets.connectors.catalog import CONNECTORS
from sync_assets.errors import InvalidSettings
from sync_assets.models import Source
from sync_assets.sandbox.faults import Answer
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets_tests.fakes import FakeClock

SOURCES = {
    "git": ["files"],
    "github": ["files", "issues and pull requests", "comments"],
    "linear": ["key", "issues"],
    "notion": ["data source", "pages", "content", "comments", "people"],
    "slack": ["token", "channel", "messages", "members"],
    "vercel": ["project", "deployments", "build logs", "environment"],
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Generator[Sandbox]:
    clock = FakeClock()
    tokens = {"ghs_sandbox": ("acme/*",)}
    with running_sandbox(tmp_path / "served", clock=clock, tokens=tokens) as sandbox:
        sandbox.repositories.create("acme/shop").commit({"README.md": "# Shop\n"})
        sandbox.linear.create_team("ENG", "Engineering")
        sandbox.linear.join("mara", "Mara Lind")
        sandbox.slack.create_channel("C0PAYMENTS", "payments")
        sandbox.slack.join("U0MARA", "Mara Lind")
        sandbox.vercel.create_project("shop")
        table = sandbox.notion.create_source("Handbook")
        sandbox.notion.create_page(table, "On call")
        yield sandbox


@pytest.fixture
def stores(sandbox: Sandbox, tmp_path: Path) -> Generator[Stores]:
    settings = Settings(
        home=tmp_path / "home",
        github_web_url=AnyHttpUrl(sandbox.url),
        github_api_url=AnyHttpUrl(f"{sandbox.url}/api/v3"),
        github_token=SecretStr("ghs_sandbox"),
        linear_api_url=AnyHttpUrl(f"{sandbox.url}/linear/graphql"),
        linear_api_key=SecretStr("lin_api_sandbox"),
        slack_api_url=AnyHttpUrl(f"{sandbox.url}/slack/api/"),
        slack_token=SecretStr("xoxb-sandbox-token"),
        notion_api_url=AnyHttpUrl(f"{sandbox.url}/notion/v1"),
        notion_token=SecretStr("ntn-sandbox-token"),
        vercel_api_url=AnyHttpUrl(f"{sandbox.url}/vercel"),
        vercel_token=SecretStr("vercel-sandbox-token"),
    )
    with closing(open_stores(settings, clock=FakeClock())) as stores:
        yield stores


def register(stores: Stores, sandbox: Sandbox, connector: str) -> Source:
    scopes = {
        "git": f"{sandbox.url}/acme/shop.git",
        "github": "acme/shop",
        "linear": "ENG",
        "notion": next(iter(sandbox.notion.sources)),
        "slack": "C0PAYMENTS",
        "vercel": "acme/shop",
    }
    vendor = CONNECTORS[connector]
    options = vendor.defaults(stores.settings)
    checked = vendor.settings_model.model_validate(options).model_dump(mode="json")
    return stores.registry.add(connector, scopes[connector], checked, "*/15 * * * *")


def checked(stores: Stores, source: Source) -> dict[str, AccessCheck]:
    return {each.name: each for each in check_access(stores, source.source_id)}


def test_every_connector_has_probes_that_are_tested_here():
    assert SOURCES.keys() == CONNECTORS.keys()


@pytest.mark.parametrize("connector", SOURCES)
def test_all_is_granted_where_the_token_may_read_all(
    stores: Stores, sandbox: Sandbox, connector: str
):
    found = checked(stores, register(stores, sandbox, connector))

    assert [*found] == SOURCES[connector]
    assert [each for each in found.values() if not each.passed or each.needs] == []
    assert all(each.saw for each in found.values())


@pytest.mark.parametrize("connector", SOURCES)
def test_a_check_writes_nothing_to_the_index(stores: Stores, sandbox: Sandbox, connector: str):
    source = register(stores, sandbox, connector)

    list(check_access(stores, source.source_id))

    assert not Path(stores.settings.index_uri).exists()
    assert stores.registry.get(source.source_id) == source


@pytest.mark.parametrize(
    ("tier", "page", "told"),
    [
        ("internal", 200, "about 400 messages, 100 with threads: ... 3 min at 50 calls a minute"),
        ("distributed", 15, "about 31 messages, 8 with threads: ... 16 min at 1 call a minute"),
    ],
)  # fmt: skip
def test_how_long_a_channel_takes_is_told_before_it_is_begun(
    stores: Stores, sandbox: Sandbox, tier: str, page: int, told: str
):
    world, at, step = sandbox.slack, sandbox.slack.now, timedelta(minutes=7)
    for number in range(2 * page):
        made = world.post("C0PAYMENTS", "U0MARA", "Words", at=at + step * number)
        if number % 4 == 0:
            world.reply("C0PAYMENTS", made, "U0MARA", "More", at=at + step * number)
    source = register(stores, sandbox, "slack")
    stores.registry.edit(source.source_id, settings={"rate_tier": tier})

    found = checked(stores, source)

    between = "a first sync, and each day's complete listing, take some"
    assert found["messages"].saw == told.replace("...", between)


@pytest.mark.parametrize("lacking", ["comments", "users"])
def test_a_missing_capability_of_notion_is_named(stores: Stores, sandbox: Sandbox, lacking: str):
    sandbox.notion.lacks = {lacking}

    found = checked(stores, register(stores, sandbox, "notion"))

    [refused] = [each for each in found.values() if not each.passed]
    assert refused.name == {"comments": "comments", "users": "people"}[lacking]
    assert str(refused.needs).startswith("the capability Read")


@pytest.mark.parametrize(
    ("method", "name", "grant"),
    [
        ("conversations.history", "messages", "channels:history"),
        ("conversations.info", "channel", "channels:read"),
        ("users.list", "members", "users:read"),
    ],
)
def test_a_missing_scope_of_slack_is_named(
    stores: Stores, sandbox: Sandbox, method: str, name: str, grant: str
):
    refused = json.dumps({"ok": False, "error": "missing_scope"})
    sandbox.faults.add(Answer(200, refused, {"content-type": "application/json"}), path=method)

    found = checked(stores, register(stores, sandbox, "slack"))

    assert found[name].passed is False
    assert grant in str(found[name].needs)
    assert "missing_scope" in found[name].saw
    assert [each.name for each in found.values() if not each.passed] == [name]


def test_a_token_of_github_without_the_permission_is_told_which_one(
    stores: Stores, sandbox: Sandbox
):
    body = json.dumps({"message": "Resource not accessible by personal access token"})
    refused = Answer(403, body, {"content-type": "application/json"})
    sandbox.faults.add(refused, path="issues/comments")

    found = checked(stores, register(stores, sandbox, "github"))

    assert found["comments"].passed is False
    assert "Issues: read" in str(found["comments"].needs)
    assert "ghs_sandbox" not in found["comments"].saw
    assert found["files"].passed


def test_a_wrong_token_of_vercel_is_refused_everywhere(stores: Stores, sandbox: Sandbox):
    sandbox.vercel.tokens.clear()

    found = checked(stores, register(stores, sandbox, "vercel"))

    assert {each.passed for each in found.values()} == {False}
    assert all(each.needs for each in found.values())


def test_a_team_that_linears_key_may_not_see_is_named(stores: Stores, sandbox: Sandbox):
    sandbox.linear.teams["ENG"].hidden = True

    found = checked(stores, register(stores, sandbox, "linear"))

    assert found["key"].saw == "a key of mara in Acme"
    assert found["issues"].passed is False
    assert "no team ENG" in found["issues"].saw


def test_a_vendor_that_asks_us_to_wait_refuses_nothing(stores: Stores, sandbox: Sandbox):
    limited = json.dumps({"ok": False, "error": "ratelimited"})
    headers = {"content-type": "application/json", "retry-after": "600"}
    sandbox.faults.add(Answer(429, limited, headers), path="conversations.info")

    found = checked(stores, register(stores, sandbox, "slack"))

    assert found["channel"].passed is None
    assert found["channel"].needs is None
    assert found["channel"].retry_at is not None


def test_a_setting_without_which_nothing_can_be_tried_is_named(stores: Stores, sandbox: Sandbox):
    stores.settings = stores.settings.model_copy(update={"slack_token": SecretStr("")})

    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_SLACK_TOKEN is not set"):
        checked(stores, register(stores, sandbox, "slack"))
