"""A vendor is told to call us, as far as its API goes; the rest is told to the operator."""

import re

import pytest
from pydantic import AnyHttpUrl, SecretStr

from sync_assets.connectors.github.webhook import HOOK_EVENTS
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.errors import InvalidSettings, UnknownSource
from sync_assets.sandbox.linear.world import SANDBOX_TOKEN
from sync_assets.webhooks.setup import set_up
from sync_assets_tests.webhooks.conftest import SECRET, TOKEN, Shop


def test_hook_is_made_once_and_brought_up_to_date_when_asked_again(shop: Shop):
    first = set_up(shop.stores, None)
    (hook,) = shop.sandbox.hooks.of(shop.repository.number)
    hook.events, hook.secret, hook.active = ("push",), "forgotten", False
    second = set_up(shop.stores, "github:acme/shop")
    shop.push("told")

    assert [(each.outcome, each.hook) for each in first] == [("created", hook.number)]
    assert [(each.outcome, each.hook) for each in second] == [("updated", hook.number)]
    assert shop.sandbox.hooks.of(shop.repository.number) == [hook]
    assert (hook.events, hook.secret, hook.active) == (HOOK_EVENTS, SECRET, True)
    assert hook.content_type == "json"
    heard = shop.receiver.heard[-1]
    WEBHOOKS["github"].verify(heard.headers, heard.body, [SECRET], shop.clock())


def test_sources_of_one_repository_share_its_hook_and_a_chosen_one_is_set_up_alone(shop: Shop):
    shop.stores.registry.add("github", "acme/shop@next", {}, "0 0 * * *")
    shop.sandbox.repositories.create("acme/tools")
    shop.stores.registry.add("github", "acme/tools", {}, "0 0 * * *")

    one = set_up(shop.stores, "github:acme/shop@next")
    both = set_up(shop.stores, "github")

    assert [each.place for each in one] == ["acme/shop"]
    assert [(each.place, each.outcome) for each in both] == [
        ("acme/shop", "updated"),
        ("acme/tools", "created"),
    ]


def test_token_that_may_not_is_told_so_with_what_to_do_by_hand(shop: Shop):
    shop.sandbox.hooks.forbidden.add(TOKEN)

    (done,) = set_up(shop.stores, "github")

    assert (done.outcome, done.hook) == ("failed", None)
    assert "admin:repo_hook" in (done.problem or "")
    assert f"Payload URL: {shop.receiver.url}" in done.steps
    assert SECRET not in done.model_dump_json()


@pytest.mark.parametrize("connector", [name for name in WEBHOOKS if name != "github"])
def test_other_vendors_are_set_up_in_steps_that_name_our_address(shop: Shop, connector: str):
    (done,) = set_up(shop.stores, connector)

    assert done.outcome == "by_hand"
    assert any(done.url in step for step in done.steps)
    assert done.url.endswith(f"/webhooks/{connector}")


def test_webhook_of_linear_is_made_once_by_the_secret_of_our_own_choice(shop: Shop):
    linear, stores = shop.sandbox.linear, shop.stores
    linear.create_team("ENG", "Engineering")
    settings = {
        "linear_api_url": AnyHttpUrl(f"{shop.sandbox.url}/linear/graphql"),
        "linear_api_key": SecretStr(SANDBOX_TOKEN),
        "linear_webhook_secret": SecretStr("forgotten"),
    }
    stores.settings = stores.settings.model_copy(update=settings)
    (first,) = set_up(stores, "linear")
    changed = {"linear_webhook_secret": SecretStr(SECRET)}
    stores.settings = stores.settings.model_copy(update=changed)
    (second,) = set_up(stores, "linear")
    linear.open_issue("ENG", "The lamp is dark")
    shop.sandbox.post.drain()

    assert (first.outcome, second.outcome) == ("created", "updated")
    (hook,) = linear.webhooks.values()
    assert (hook.url, hook.all_public_teams) == (first.url, True)
    (heard,) = shop.receiver.heard
    WEBHOOKS["linear"].verify(heard.headers, heard.body, [SECRET], shop.clock())
    linear.tokens.clear()
    (refused,) = set_up(stores, "linear")
    assert (refused.outcome, bool(refused.steps)) == ("failed", True)
    assert SECRET not in refused.model_dump_json()


def test_key_of_notion_is_believed_for_ten_minutes_after_setup_and_never_replaced(shop: Shop):
    handshakes = shop.stores.handshakes
    (opened,) = set_up(shop.stores, "notion")
    assert re.search(r"before 2026-01-01 12:10:00 UTC", opened.steps[0])
    assert handshakes.is_open("notion")

    assert handshakes.accept("notion", "the-key")
    (again,) = set_up(shop.stores, "notion")

    assert "nothing waits" in again.steps[0]
    assert handshakes.key("notion") == "the-key"


def test_missing_settings_and_unknown_names_are_told(shop: Shop):
    stores = shop.stores
    with pytest.raises(UnknownSource):
        set_up(stores, "github:acme/elsewhere")
    stores.registry.add("git", "https://git.example.com/x.git", {}, "0 0 * * *")
    with pytest.raises(InvalidSettings, match="has no webhooks"):
        set_up(stores, "git:https://git.example.com/x.git")
    without = {"github_webhook_secret": type(stores.settings.github_token)("")}
    stores.settings = stores.settings.model_copy(update=without)
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_GITHUB_WEBHOOK_SECRET"):
        set_up(stores, "github")
