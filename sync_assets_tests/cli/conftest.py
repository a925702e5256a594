"""The command line as a function, on a HOME of the test's own, with the `hash` embedder."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync_assets.cli.app import run
from sync_assets.sandbox.repositories import Repositories, Repository


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        return json.loads(self.out)


Cli = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("SYNC_ASSETS_HOME", str(home))
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDER", "hash")
    monkeypatch.setenv("SYNC_ASSETS_SERVER_PORT", "0")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return home


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run one command; the entry point below `main`, which only exits."""

    def call(*arguments: str | Path) -> Outcome:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A bare git repository with three searchable files and a binary one."""
    created = Repositories(tmp_path / "git").create("acme/shop")
    created.commit(
        {
            "README.md": "# Shop\n\nA shop for tea.\n",
            "src/cart.py": "def total(prices):\n    return sum(prices)\n",
            "src/refund.py": "def refund(order):\n    return -order.total\n",
            "logo.bin": b"\x00\x01\x02",
        }
    )
    return created
