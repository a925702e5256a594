"""Wrong usage: one clear line on standard error, the right exit code, no output."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sync_assets_tests.cli.conftest import Cli, Outcome

WRONG: list[tuple[list[str], str]] = [
    (["sources", "add", "gitlab", "acme/shop"], "gitlab"),
    (["sources", "add", "github", "acme"], "owner/name"),
    (["sources", "add", "github", "acme/shop", "--schedule", "often"], "five fields"),
    (["sources", "add", "github", "acme/shop", "--schedule", "61 * * * *"], "five fields"),
    (["sources", "add", "github", "acme/shop", "--include", "[z-"], "[z-"),
    (["sources", "add", "github", "acme/shop", "--max-file-bytes", "0"], "max_file_bytes"),
    (["sources", "add", "github", "acme/shop", "--colour", "red"], "--colour"),
    (["sources", "show", "github:acme/shop"], "github:acme/shop"),
    (["sources", "edit", "github:acme/shop", "--branch", "x"], "github:acme/shop"),
    (["sources", "pause", "github:acme/shop"], "github:acme/shop"),
    (["sources", "remove", "github:acme/shop"], "github:acme/shop"),
    (["sync", "github:acme/shop"], "github:acme/shop"),
    (["verify", "github:acme/shop"], "github:acme/shop"),
    (["failures", "list", "github:acme/shop"], "github:acme/shop"),
    (["failures", "forget", "--key", "a.py"], "a.py"),
    (["approve", "7"], "7"),
    (["approve", "--reject"], "--reject"),
    (["status", "--csv", "--json"], "--csv"),
    (["search", " "], "empty"),
    (["search", "tea", "--source", "github:acme/shop"], "github:acme/shop"),
    (["search", "tea", "--connector", "gitlab"], "gitlab"),
    (["search", "tea", "--mode", "psychic"], "psychic"),
    (["search", "tea", "--limit", "0"], "limit"),
    (["serve"], "serve"),
]


def _is_one_line(outcome: Outcome, *, code: int, saying: str) -> bool:
    lines = outcome.err.splitlines()
    assert (outcome.code, outcome.out, len(lines)) == (code, "", 1), outcome
    assert lines[0].startswith("Error: ")
    assert saying in lines[0]
    return True


@pytest.mark.parametrize(
    ("arguments", "saying"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG]
)
def test_wrong_usage_is_one_line_and_exit_code_2(cli: Cli, arguments: list[str], saying: str):
    assert _is_one_line(cli(*arguments), code=2, saying=saying)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SYNC_ASSETS_EMBEDDER", "magic"),
        ("SYNC_ASSETS_BATCH_DOCUMENTS", "many"),
        ("SYNC_ASSETS_GITHUB_WEB_URL", "nowhere"),
        ("SYNC_ASSETS_DATABASE_URL", "mysql://user:hunter2@db/shop"),
    ],
)
def test_wrong_setting_is_named_and_its_value_is_not_shown(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(name, value)

    outcome = cli("sources", "list")

    assert _is_one_line(outcome, code=2, saying=name)
    assert "hunter2" not in outcome.err


def test_home_that_cannot_be_written_is_one_line_and_exit_code_1(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SYNC_ASSETS_HOME", str(tmp_path / "file" / "home"))

    assert _is_one_line(cli("sources", "list"), code=1, saying="SYNC_ASSETS_HOME")


def test_refused_source_leaves_nothing_registered(cli: Cli):
    cli("sources", "add", "github", "acme/shop", "--schedule", "often")

    assert cli("sources", "list", "--json").json == []


def test_version_is_the_installed_one(cli: Cli):
    assert cli("--version").out.strip() == version("sync-assets")


def test_help_shows_examples_and_opens_nothing(cli: Cli, home: Path):
    outcome = cli("sources", "add", "--help")

    assert outcome.code == 0
    assert "sync-assets sources add github owner/name" in outcome.out
    assert not home.exists()


def test_installed_command_exits_with_the_code_of_its_outcome(home: Path):
    command = Path(sys.executable).with_name("sync-assets")
    done = subprocess.run(
        [command, "sources", "show", "github:acme/shop"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: No source github:acme/shop")
