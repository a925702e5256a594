"""An App has one hook, and one log of it, for all repositories that it is installed on."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr

from sync_assets.connectors.github.hooks import OF_THE_APP
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.sandbox.github.hooks import Hook, app_place
from sync_assets.settings import Settings
from sync_assets.webhooks.setup import set_up
from sync_assets_tests.webhooks.conftest import SECRET, SHOP, Shop

APP, TOOLS = "1234", "github:acme/tools"
_KEY = rsa.generate_private_key(65537, 2048)
ASKED = "missed deliveries that GitHub was asked to send again"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    pem = _KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    key = {"github_app_private_key": SecretStr(pem.decode()), "github_token": SecretStr("")}
    return settings.model_copy(update={"github_app_id": APP, **key})


@pytest.fixture
def hook(shop: Shop) -> Hook:
    """The App's own, which hears of both repositories."""
    public = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    shop.sandbox.apps.keys[APP] = public.decode()
    shop.sandbox.apps.install(APP, "acme/*")
    shop.sandbox.repositories.create("acme/tools")
    shop.stores.registry.add("github", "acme/tools", {}, "0 0 * * *")
    place, url = app_place(APP), shop.receiver.url
    return shop.sandbox.hooks.add(place, url, secret=SECRET, events=["push"])


def asked(shop: Shop) -> list[str]:
    return [request.service or request.path for request in shop.sandbox.requests]


def test_what_an_app_missed_is_read_in_one_log_and_sent_again(shop: Shop, hook: Hook):
    shop.receiver.answers += [503, 503]
    shop.push("first")
    shop.sandbox.repositories.get("acme/tools").commit({"b.txt": "b"})
    shop.sandbox.post.drain()

    said = shop.check()
    quiet = shop.check()
    still = shop.check()

    assert said[-1] == f"the GitHub App: {ASKED}: 2"
    assert quiet == still == []
    assert len(shop.receiver.heard) == 4
    log = ["app-hook", "app-deliveries"]
    installed = [f"/api/v3/repos/acme/{name}/installation" for name in ("shop", "tools")]
    assert asked(shop) == [*log, "app-redeliver", "app-redeliver", *installed, *log, *log]
    healths = shop.stores.hooks.all()
    assert healths[SHOP] == healths[TOOLS]
    health = healths[SHOP]
    assert (health.state, health.hook, health.redelivered) == ("working", OF_THE_APP, 2)


def test_repository_that_the_app_is_not_installed_on_is_named(shop: Shop, hook: Hook):
    (installation,) = shop.sandbox.apps.installations.values()
    installation.repositories = ["acme/shop"]

    said = shop.check()

    assert [line.partition(": ")[0] for line in said] == ["acme/tools"]
    states = {name: each.state for name, each in shop.stores.hooks.all().items()}
    assert states == {SHOP: "working", TOOLS: "forbidden"}


def test_app_that_calls_elsewhere_leaves_each_repository_to_its_own_hook(shop: Shop, hook: Hook):
    hook.url = "https://elsewhere.example/webhooks/github"
    own = shop.hook()
    shop.receiver.answers += [503]
    shop.push("first")

    said = shop.check()

    assert f"acme/shop: {ASKED}: 1" in said
    healths = shop.stores.hooks.all()
    assert healths[SHOP].hook == own.number
    assert healths[TOOLS].state == "absent"


def test_app_whose_signature_is_refused_is_told_once_for_all(shop: Shop, hook: Hook):
    del shop.sandbox.apps.keys[APP]

    first, second = shop.check(), shop.check()

    assert len(first) == 1
    assert "SYNC_ASSETS_GITHUB_APP_ID" in first[0]
    assert second == []
    states = {each.state for each in shop.stores.hooks.all().values()}
    assert states == {"forbidden"}


def test_setup_of_an_app_that_calls_us_makes_no_hook_where_it_is_installed(shop: Shop, hook: Hook):
    hook.secret, hook.content_type = "forgotten", "form"
    done = set_up(shop.stores, None)
    shop.push("told")

    assert [(each.place, each.outcome) for each in done] == [("the GitHub App", "updated")]
    assert shop.sandbox.hooks.of(shop.repository.number) == []
    (heard,) = shop.receiver.heard
    WEBHOOKS["github"].verify(heard.headers, heard.body, [SECRET], shop.clock())
    hook.url = "https://elsewhere.example/webhooks/github"
    assert [each.place for each in set_up(shop.stores, SHOP)] == ["acme/shop"]
