from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.settings import Settings
from sync_assets_tests.connectors.webhooks.signing import SECRET
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.homes import with_database
from sync_assets_tests.server.serving import Running, running_server

SCOPES = {
    "github": "owner/name",
    "vercel": "prj_1",
    "linear": "team-1",
    "notion": "98024f3c-b1d3-4aec-a301-f01e0dacf023",
    "slack": "C0123",
}
"""What the samples of `signing` are about."""


def with_secrets(home: Path, secret: str = SECRET, previous: str = "") -> Settings:
    """Settings with a secret for each vendor, on any free port."""
    own: dict[str, Any] = {}
    for name in WEBHOOKS:
        own |= {f"{name}_webhook_secret": secret, f"{name}_webhook_secret_previous": previous}
    return with_database(Settings(home=home, embedder="hash", server_port=0, **own))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return with_secrets(tmp_path / "home")


@pytest.fixture
def receiver(settings: Settings, clock: FakeClock) -> Iterator[Running]:
    """The server, with a source of each vendor registered."""
    with running_server(settings, clock) as running:
        for connector, scope in SCOPES.items():
            running.registry.add(connector, scope, {}, "0 * * * *")
        yield running
