from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import AnyHttpUrl, SecretStr

from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings

TOKEN = "ghs_1234567890abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "served", tokens={TOKEN: ("acme/*",), "weak": ()}) as sandbox:
        yield sandbox


@pytest.fixture
def repository(sandbox: Sandbox) -> Repository:
    """`acme/x`, public, with two files."""
    repository = sandbox.repositories.create("acme/x")
    repository.commit({"README.md": "# X\n", "src/main.py": "print(1)\n"})
    return repository


@pytest.fixture
def settings(tmp_path: Path, sandbox: Sandbox) -> Settings:
    return Settings(
        home=tmp_path / "home",
        github_web_url=AnyHttpUrl(sandbox.url),
        github_api_url=AnyHttpUrl(f"{sandbox.url}/api/v3"),
        github_raw_url=AnyHttpUrl(f"{sandbox.url}/raw"),
        git_timeout_seconds=60,
    )


@pytest.fixture
def private_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"github_token": SecretStr(TOKEN)})
