from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from sync_assets.sandbox.github.limits import Limits
from sync_assets.sandbox.repositories import Executable, Repository, Submodule, Symlink
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.plain_http import NO_AUTHORITIES

TOKEN = "ghs_12345_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSJ9.c2lnbmF0dXJl"
ODD_PATH = "a dir/c#?%é.txt"


@pytest.fixture
def sandbox(tmp_path: Path, clock: FakeClock) -> Generator[Sandbox]:
    limits = Limits(clock=lambda: clock().timestamp())
    tokens = {TOKEN: ("acme/*",), "weak": ()}
    with running_sandbox(tmp_path / "served", clock=clock, tokens=tokens, limits=limits) as sandbox:
        yield sandbox


@pytest.fixture
def repository(sandbox: Sandbox) -> Repository:
    """`acme/x`, public, with one of every kind of entry."""
    repository = sandbox.repositories.create("acme/x")
    repository.commit(
        {
            "README.md": "# X\n",
            "src/main.py": "print(1)\n",
            "src/deep/er/x.py": "x = 1\n",
            "run.sh": Executable("#!/bin/sh\n"),
            "link": Symlink("README.md"),
            "lib": Submodule("1" * 40),
            "empty": "",
            "logo.png": b"\x89PNG\0\xff",
            ODD_PATH: "odd\n",
        }
    )
    return repository


@pytest.fixture
def api(sandbox: Sandbox) -> Generator[httpx.Client]:
    """A client with a token that reads all of acme."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(
        base_url=f"{sandbox.url}/api/v3", headers=headers, verify=NO_AUTHORITIES
    ) as client:
        yield client
