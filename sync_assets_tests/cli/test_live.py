"""`make live` with one sandbox in the place of the vendors, against another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets.cli import live
from sync_assets.cli.shapes import compare, exchange, shape_of
from sync_assets.sandbox.access import PUBLIC_READER
from sync_assets.sandbox.demo_world import build_demo_world, client_settings, demo_sources
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import PREFIX


@pytest.fixture
def vendors(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The demo's world, as the environment's tokens and addresses lead there."""
    with running_sandbox(tmp_path / "vendors", tokens=PUBLIC_READER) as sandbox:
        build_demo_world(sandbox)
        for name, value in client_settings(sandbox.url).items():
            monkeypatch.setenv(f"{PREFIX}{name}", value)
        for connector, scope in demo_sources(sandbox):
            monkeypatch.setenv(live.scope_setting(connector), scope)
        yield sandbox


def written(home: Path) -> str:
    (path,) = (home / "live").iterdir()
    return path.read_text("utf-8")


def test_a_vendor_that_is_as_the_sandbox_claims_contradicts_nothing(home: Path, vendors: Sandbox):
    assert live.main() == 0

    told = written(home)
    for title in ("GitHub", "Vercel", "Linear", "Slack", "Notion"):
        assert f"## {title}" in told
    assert ": ok." in told
    assert "refused" not in told
    assert "another type" not in told
    assert "As the sandbox claims." in told


def test_the_report_holds_no_value_of_an_answer_and_no_token(home: Path, vendors: Sandbox):
    live.main()

    told = written(home)
    chosen = client_settings(vendors.url)
    secrets = [chosen[name] for name in chosen if name.endswith(("TOKEN", "KEY"))]
    values = [*secrets, "Mara", "dpl_", "PAYMENT_WEBHOOK_SECRET"]
    assert len(secrets) == 5
    assert [value for value in values if value in told] == []


def test_a_github_app_of_the_environment_does_not_disturb_the_sandbox(
    home: Path, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(f"{PREFIX}GITHUB_TOKEN")
    monkeypatch.setenv(f"{PREFIX}GITHUB_APP_ID", "12")
    monkeypatch.setenv(f"{PREFIX}GITHUB_APP_PRIVATE_KEY", "no key at all")

    assert live.main() == 1
    assert "## Slack\n\n- token: ok." in written(home)


def test_a_token_that_is_refused_is_named_with_what_to_grant(
    home: Path, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    vendors.vercel.tokens.clear()

    assert live.main() == 1
    assert "project: refused. Grant a token" in written(home)


def test_without_a_token_the_report_says_which_setting_is_missing(
    home: Path, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(f"{PREFIX}LINEAR_API_KEY")

    assert live.main() == 1
    assert "Not tried: SYNC_ASSETS_LINEAR_API_KEY is not set" in written(home)


def test_without_a_scope_it_says_what_to_set_and_asks_nobody(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    assert live.main() == 0
    assert "SYNC_ASSETS_LIVE_VERCEL_SCOPE" in capsys.readouterr().out
    assert not (home / "live").exists()


def test_a_shape_has_paths_and_types_and_no_value():
    shape = shape_of({"pages": [{"id": "x", "at": 1}, {"at": None}], "dpl_0a1b2c3d4e": True})

    assert {path: sorted(kinds) for path, kinds in shape.items()} == {
        "": ["object"],
        "pages": ["list"],
        "pages[]": ["object"],
        "pages[].id": ["text"],
        "pages[].at": ["null", "number"],
        "{id}": ["boolean"],
    }


def test_what_differs_is_named_by_its_path():
    limits = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "7"}
    vendor = exchange("GET", "/v1/pages/0123456789abcdef01", 200, {"at": "now", "new": 1}, {})
    sandbox = exchange("GET", "/v1/pages/1123456789abcdef01", 200, {"at": 1, "old": 1}, limits)

    found = compare(vendor, sandbox)

    assert vendor.called == "GET /v1/pages/{id}"
    assert found.differ == ["at: text, not number"]
    assert (found.unclaimed, found.unseen) == (["new"], ["old"])
    assert found.headers_unseen == ["x-ratelimit-limit", "x-ratelimit-remaining"]
    assert found.limits == ["x-ratelimit-limit: absent, in the sandbox 500"]
    assert found.contradicts
