from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync_assets.sandbox.server import Sandbox, running_sandbox

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def sandbox(tmp_path: Path) -> Generator[Sandbox]:
    tokens = {"all-of-acme": ("acme/*",), "nothing": ()}
    with running_sandbox(tmp_path / "served", clock=lambda: NOON, tokens=tokens) as sandbox:
        yield sandbox
