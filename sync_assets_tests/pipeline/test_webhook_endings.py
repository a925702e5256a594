"""Repositories that are renamed, transferred, hidden, deleted, archived, rewritten, and Apps that
are suspended or taken away: told by signed calls, and what the sensor and its runs make of it.
A real connector, on the sandbox.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr

from sync_assets.connectors.github.webhook import HOOK_EVENTS
from sync_assets.sandbox.github.apps import Installation
from sync_assets.sandbox.github.hooks import app_place
from sync_assets.sandbox.server import running_sandbox
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.pipeline.deliveries import asked
from sync_assets_tests.pipeline.shop import NAME, SECRET, Shop, open_shop, opened
from sync_assets_tests.sandbox.hearing import receiving

APP = "1234"
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def shop(
    tmp_path: Path, github: dg.Definitions, instance: dg.DagsterInstance, clock: FakeClock
) -> Iterator[Shop]:
    with open_shop(tmp_path, github, instance, clock, branch="main") as shop:
        assert shop.differences() == []
        yield shop


@dataclass
class AppShop(Shop):
    """By an App, told by its own hook."""

    installation: Installation


@pytest.fixture
def by_app(
    tmp_path: Path, github: dg.Definitions, instance: dg.DagsterInstance, clock: FakeClock
) -> Iterator[AppShop]:
    """The repository is private, and the App is installed on it by name."""
    clock.now = datetime.now(UTC)  # a run's end is told by the wall's clock
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(tmp_path / "served", clock=clock))
        receiver = stack.enter_context(receiving())
        repository = sandbox.repositories.create(NAME, private=True)
        repository.commit({"a.py": "def a():\n    return 1\n", "b.md": "# About b\n"})
        sandbox.apps.keys[APP] = public.decode()
        installation = sandbox.apps.install(APP, NAME, "acme/other")
        sandbox.hooks.add(app_place(APP), receiver.url, secret=SECRET, events=HOOK_EVENTS)
        settings = Settings(
            home=tmp_path / "home",
            embedder="hash",
            github_app_id=APP,
            github_app_private_key=SecretStr(pem.decode()),
        )
        pipeline = stack.enter_context(
            opened(github, instance, sandbox, settings, clock, branch="main")
        )
        shop = AppShop(sandbox, receiver, [], pipeline, f"github:{NAME}", installation)
        shop.bring_in()
        assert shop.differences() == []
        yield shop


def test_a_source_goes_where_its_repository_is_now_whatever_old_calls_say(shop: Shop):
    before, rename = shop.stored(), shop.sandbox.repositories.rename
    rename(NAME, "acme/elsewhere")
    rename("acme/elsewhere", NAME)
    assert all(shop.bring_in())
    assert (shop.source.scope, shop.told()) == (NAME, {"repository.renamed": "done"})

    shop.repository.commit({"c.md": "# About c\n"})
    rename(NAME, "acme/store")
    assert all(shop.bring_in())
    assert (shop.source.source_id, shop.source.scope) == ("github:acme/shop", "acme/store")
    rename("acme/store", "mara/store")
    assert all(shop.bring_in())

    assert (shop.source.source_id, shop.source.scope) == ("github:acme/shop", "mara/store")
    assert shop.source.generation == 1
    assert shop.told() == {
        "push": "done",
        "repository.renamed": "done",
        "repository.transferred": "done",
    }
    assert shop.differences() == []
    assert before < shop.stored()
    assert shop.pipeline.instance.get_dynamic_partitions("github_sources") == ["mara/store"]


def deleted(shop: Shop) -> None:
    shop.sandbox.repositories.delete(NAME)


def hidden(shop: Shop) -> None:
    shop.readable.clear()
    shop.repository.set_private(private=True)


def transferred_out_of_sight(shop: Shop) -> None:
    (shop.repository.path / "sandbox-private").touch()
    shop.sandbox.repositories.rename(NAME, "mara/shop")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (deleted, "GitHub says that the repository was deleted"),
        (hidden, "GitHub says that the repository was made private"),
        (transferred_out_of_sight, "GitHub says that it was transferred to mara/shop"),
    ],
)
def test_a_repository_that_we_may_not_read_any_more_stays_searchable_and_says_why(
    shop: Shop, what: Callable[[Shop], None], says: str
):
    what(shop)

    assert not any(shop.bring_in())
    assert shop.error.startswith(f"{says}: ")
    assert shop.source.scope == NAME
    assert len(shop.stored()) == 2
    assert not asked(shop.pipeline)  # it is tried again when its next try has come


def test_a_private_or_archived_repository_that_we_may_still_read_goes_on(shop: Shop):
    shop.repository.set_private(private=True)
    assert all(shop.bring_in())
    shop.repository.archive()
    assert all(shop.bring_in())

    assert shop.told() == {"repository.privatized": "done", "repository.archived": "done"}
    assert shop.source.last_error is None
    assert shop.differences() == []


def test_a_rewritten_branch_is_followed_and_a_deleted_one_keeps_its_documents(shop: Shop):
    shop.repository.force_push("main", {"c.md": "# All is new\n"})
    shop.bring_in()
    assert shop.differences() == []
    assert not shop.pipeline.stores.approvals.all(state="held")
    assert shop.told() == {"push": "done"}

    shop.repository.create_branch("next")
    shop.repository.switch_default_branch("next")
    shop.repository.delete_branch("main")

    assert not any(shop.bring_in())
    assert shop.error.startswith("GitHub says that the branch main was deleted: ")
    assert len(shop.stored()) == 1


def test_an_app_that_is_suspended_or_taken_away_says_so_and_goes_on_when_it_is_given_back(
    by_app: AppShop,
):
    shop, apps, installation = by_app, by_app.sandbox.apps, by_app.installation

    def ends(says: str) -> None:
        assert not any(shop.bring_in())
        assert shop.error.startswith(f"GitHub says that {says}: ")

    def goes_on() -> None:
        shop.pipeline.clock.advance(60)
        assert all(shop.bring_in())
        assert shop.source.last_error is None

    apps.suspend(installation)
    ends("the app was suspended")
    apps.unsuspend(installation)
    goes_on()
    apps.withdraw(installation, NAME)
    ends("the repository was taken from the app's installation")
    apps.give(installation, NAME)
    goes_on()
    apps.uninstall(installation)
    ends("the app was uninstalled")
    assert shop.told() == {
        "installation.suspend": "superseded",
        "installation.unsuspend": "done",
        "installation_repositories.removed": "superseded",
        "installation_repositories.added": "done",
        "installation.deleted": "received",  # to be tried again
    }
    assert shop.differences() == []
