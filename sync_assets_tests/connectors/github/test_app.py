"""A GitHub App: tokens of its installations, for the API and for git."""

import logging
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import AnyHttpUrl, JsonValue, SecretStr

from sync_assets.access import check_access
from sync_assets.connectors.github.access import github_credential, rest_client
from sync_assets.connectors.github.app import RENEW_BEFORE, InstallationToken
from sync_assets.control.budgets import MemoryBudgets
from sync_assets.errors import InvalidSettings, SourceRejectedUs, UnexpectedPayload
from sync_assets.http.clients import HttpClients
from sync_assets.models import Source
from sync_assets.sandbox.github.apps import LIVES, Installation
from sync_assets.sandbox.github.limits import Limits
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings, load_settings
from sync_assets.stores import open_stores
from sync_assets_tests.connectors.sessions import source_of, sync
from sync_assets_tests.fakes import FakeClock

APP = "Iv23liSyncAssets"
PRIVATE = source_of("github", "acme/private")
BY_API = source_of("github", "acme/private", transport="graphql")


def pem() -> tuple[str, str]:
    """A private key and its public one."""
    key = rsa.generate_private_key(65537, 2048)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return secret.decode(), public.decode()


KEY, PUBLIC = pem()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """Its clock is the real one: git has no other."""
    with running_sandbox(tmp_path / "served", tokens={"pat": ("acme/*",)}) as sandbox:
        sandbox.apps.keys[APP] = PUBLIC
        yield sandbox


@pytest.fixture
def installation(sandbox: Sandbox) -> Installation:
    return sandbox.apps.install(APP, "acme/*")


@pytest.fixture
def private(sandbox: Sandbox) -> Repository:
    repository = sandbox.repositories.create("acme/private", private=True)
    repository.commit({"plans.md": "# Plans\n"})
    return repository


@pytest.fixture
def app(settings: Settings, installation: Installation) -> Settings:
    key = SecretStr(KEY)
    return settings.model_copy(update={"github_app_id": APP, "github_app_private_key": key})


@pytest.mark.parametrize("source", [PRIVATE, BY_API], ids=["git", "graphql"])
def test_app_opens_private_repositories_to_git_and_to_the_api(
    app: Settings, sandbox: Sandbox, private: Repository, source: Source
):
    assert sync(app, source).texts == {"plans.md": "# Plans\n"}
    asked = [request.path for request in sandbox.requests]
    assert sum(path.endswith("/access_tokens") for path in asked) == 1
    assert sum(path.endswith("/private/installation") for path in asked) == 1
    assert {request.status for request in sandbox.requests} == {200, 201}


def test_installation_that_is_named_is_not_looked_up(
    app: Settings, sandbox: Sandbox, private: Repository, installation: Installation
):
    named = app.model_copy(update={"github_app_installation_id": installation.number})

    assert sync(named, PRIVATE).texts == {"plans.md": "# Plans\n"}
    assert not [each for each in sandbox.requests if each.path.endswith("/installation")]


def test_key_may_be_a_file_or_one_line(app: Settings, tmp_path: Path, private: Repository):
    file = tmp_path / "app.pem"
    file.write_text(KEY)
    by_path = {"github_app_private_key": SecretStr(""), "github_app_private_key_path": file}
    one_line = {"github_app_private_key": SecretStr(KEY.replace("\n", "\\n"))}

    for update in (by_path, one_line):
        assert sync(app.model_copy(update=update), PRIVATE).texts == {"plans.md": "# Plans\n"}


class Office:
    """The API by clients of a fake clock, which the sandbox shares."""

    def __init__(self, sandbox: Sandbox, clock: FakeClock, tmp_path: Path) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.budgets = MemoryBudgets()
        self.http = HttpClients(
            budgets=self.budgets, clock=clock, monotonic=clock.monotonic, sleep=clock.advance
        )
        url = AnyHttpUrl(f"{sandbox.url}/api/v3")
        self.settings = Settings(
            home=tmp_path / "home",
            github_api_url=url,
            github_app_id=APP,
            github_app_private_key=SecretStr(KEY),
        )

    def client(self, **changed: object) -> httpx.Client:
        settings = self.settings.model_copy(update=changed)
        return rest_client(settings, self.http, "acme/private")

    def tokens(self) -> int:
        return len(self.sandbox.apps.issued)


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[Office]:
    limits = Limits(clock=lambda: clock().timestamp())
    tokens = {"pat": ("acme/*",)}
    with running_sandbox(tmp_path / "timed", tokens=tokens, clock=clock, limits=limits) as sandbox:
        sandbox.apps.keys[APP] = PUBLIC
        sandbox.apps.install(APP, "acme/*")
        sandbox.repositories.create("acme/private", private=True).commit({"a": "a"})
        office = Office(sandbox, clock, tmp_path)
        with closing(office.http):
            yield office


def test_token_is_renewed_before_it_ends_in_the_middle_of_a_run(office: Office, clock: FakeClock):
    client = office.client()
    for _ in range(10):  # a run of five hours
        client.get("repos/acme/private/commits/HEAD")
        clock.advance(30 * 60)

    assert {each.status for each in office.sandbox.requests} == {200, 201}
    assert office.tokens() == 5


def test_new_token_draws_on_the_same_budget_and_two_credentials_on_two(
    office: Office, clock: FakeClock
):
    app, person = office.client(), office.client(github_app_id="", github_token=SecretStr("pat"))
    office.sandbox.limits.window_seconds = 4 * 3600
    for client in (app, app, person):
        client.get("repos/acme/private/commits/HEAD")
    clock.advance(2 * 3600)
    app.get("repos/acme/private/commits/HEAD")
    office.http.close()

    assert office.tokens() == 2
    core = {key.credential: each for key, each in office.budgets.all() if each.limit is not None}
    assert sorted(each.remaining or 0 for each in core.values()) == [4997, 4999]


def test_many_threads_ask_for_one_token(office: Office):
    client = office.client()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client.get, ["repos/acme/private/commits/HEAD"] * 16))

    assert office.tokens() == 1


def test_lifetime_is_told_by_the_server_whatever_our_clock_says(clock: FakeClock):
    issued: list[int] = []

    def issue() -> tuple[SecretStr, timedelta]:
        issued.append(1)
        return SecretStr(f"token {len(issued)}"), LIVES

    token = InstallationToken(issue, clock)
    first = token().get_secret_value()
    clock.advance((LIVES - RENEW_BEFORE).total_seconds() - 1)
    assert token().get_secret_value() == first
    clock.advance(1)
    assert token().get_secret_value() == "token 2"


def test_token_that_has_expired_already_is_no_answer(clock: FakeClock):
    token = InstallationToken(lambda: (SecretStr("x"), timedelta(0)), clock)

    with pytest.raises(UnexpectedPayload, match="has expired"):
        token()


def suspend(sandbox: Sandbox) -> None:
    for each in sandbox.apps.installations.values():
        sandbox.apps.suspend(each)


def uninstall(sandbox: Sandbox) -> None:
    for each in list(sandbox.apps.installations.values()):
        sandbox.apps.uninstall(each)


def other_key(sandbox: Sandbox) -> None:
    sandbox.apps.keys[APP] = pem()[1]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (suspend, "installation is suspended: whoever owns it"),
        (uninstall, "is not installed on acme/private: install it there"),
        (other_key, "does not take the signature of App Iv23liSyncAssets"),
    ],
)
def test_app_that_is_refused_says_what_to_do(
    app: Settings, sandbox: Sandbox, what: Callable[[Sandbox], None], says: str
):
    what(sandbox)

    for source in (PRIVATE, BY_API):
        with pytest.raises(SourceRejectedUs, match=says):
            sync(app, source)


def test_installation_number_that_is_wrong_is_named(app: Settings, private: Repository):
    wrong = app.model_copy(update={"github_app_installation_id": 7})

    with pytest.raises(SourceRejectedUs, match="has no installation 7 any more"):
        sync(wrong, PRIVATE)


@pytest.mark.parametrize(
    ("what", "says"),
    [(suspend, "the App's installation is suspended"), (uninstall, "HTTP 401: fix the token")],
)
def test_token_that_is_revoked_in_the_middle_of_a_run_is_a_rejection(
    office: Office, what: Callable[[Sandbox], None], says: str
):
    client = office.client()
    client.get("repos/acme/private/commits/HEAD")
    what(office.sandbox)

    with pytest.raises(SourceRejectedUs, match=says):
        client.get("repos/acme/private/commits/HEAD")


def test_clock_that_is_wrong_by_an_hour_is_named_as_a_cause(office: Office, clock: FakeClock):
    ahead = HttpClients(clock=lambda: clock() + timedelta(hours=1))
    with closing(ahead), pytest.raises(SourceRejectedUs, match="at this machine's clock"):
        rest_client(office.settings, ahead, "acme/private").get("repos/acme/private")


@pytest.mark.parametrize("key", ["nonsense", PUBLIC])
def test_key_that_is_none_is_a_wrong_setting_and_is_not_shown(app: Settings, key: str):
    wrong = app.model_copy(update={"github_app_private_key": SecretStr(key)})

    with pytest.raises(InvalidSettings, match="GITHUB_APP_PRIVATE_KEY: no private key") as caught:
        sync(wrong, PRIVATE)
    assert key not in "".join(traceback.format_exception(caught.value))


def test_key_file_that_is_missing_is_a_wrong_setting(app: Settings, tmp_path: Path):
    update = {"github_app_private_key_path": tmp_path / "no.pem"}

    with pytest.raises(InvalidSettings, match=r"KEY_PATH: .*no\.pem: No such file"):
        sync(app.model_copy(update=update), PRIVATE)


APP_ID, KEY_NAME, PATH_NAME = (
    f"SYNC_ASSETS_GITHUB_APP_{name}" for name in ("ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH")
)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({APP_ID: "1", KEY_NAME: "k", "SYNC_ASSETS_GITHUB_TOKEN": "t"}, "are both set: keep one"),
        ({APP_ID: "1"}, "needs one of"),
        ({APP_ID: "1", KEY_NAME: "k", PATH_NAME: "p"}, "needs one of"),
        ({KEY_NAME: "k"}, "GITHUB_APP_ID is missing"),
        ({"SYNC_ASSETS_GITHUB_APP_INSTALLATION_ID": "1"}, "GITHUB_APP_ID is missing"),
    ],
)
def test_settings_that_disagree_are_named_at_start(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], says: str
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings, match=says):
        load_settings()


def test_token_and_key_are_in_no_log_no_file_and_no_repr(
    app: Settings, sandbox: Sandbox, private: Repository, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    sync(app, PRIVATE)
    sync(app, BY_API)
    with closing(HttpClients()) as http:
        shown = repr(github_credential(app, http, "acme/private")) + repr(app)

    kept = b"".join(each.read_bytes() for each in app.home.rglob("*") if each.is_file())
    secrets = [*sandbox.apps.issued, KEY.splitlines()[1]]
    assert len(secrets) == 3
    for secret in secrets:
        assert secret not in caplog.text + shown
        assert secret.encode() not in kept


def test_new_long_form_of_tokens_is_taken(app: Settings, sandbox: Sandbox, private: Repository):
    sync(app, PRIVATE)

    (token,) = sandbox.apps.issued
    assert len(token) > 400
    assert token.startswith(f"ghs_{APP}_eyJ")
    assert token.count(".") == 2


def test_check_of_access_by_an_app_names_what_is_wrong_for_each_need(
    app: Settings, sandbox: Sandbox, private: Repository
):
    options: dict[str, JsonValue] = {"streams": ["files", "issues"]}
    with closing(open_stores(app)) as stores:
        source = stores.registry.add("github", "acme/private", options, "*/15 * * * *")
        good = [each.passed for each in check_access(stores, source.source_id)]
    uninstall(sandbox)
    with closing(open_stores(app)) as stores:
        bad = list(check_access(stores, source.source_id))

    assert good == [True, True, True]
    assert [each.passed for each in bad] == [False, False, False]
    assert all("is not installed on acme/private" in each.saw for each in bad)
