"""A Linear workspace in the sandbox, its source here, and what a test does with both."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync_assets.connectors.linear.connector import Linear
from sync_assets.sandbox.linear.records import Issue
from sync_assets.sandbox.linear.world import LinearWorld
from sync_assets.sandbox.server import running_sandbox
from sync_assets_tests.connectors.linear import issues
from sync_assets_tests.connectors.synced import Synced, opened_stores
from sync_assets_tests.fakes import FakeClock

DAY = 24 * 3_600


@dataclass
class Workspace(Synced):
    """Two teams, two people, and a source of one of the teams."""

    @property
    def world(self) -> LinearWorld:
        return self.sandbox.linear

    def open_issue(self, title: str, description: str | None = None) -> Issue:
        return self.world.open_issue("ENG", title, description)

    def settle(self) -> None:
        """What the last sync saw is no change any more."""
        self.clock.advance(300)
        self.sync()

    def asked(self) -> list[str]:
        """The operations of the last sync."""
        return [request.service for request in self.sandbox.requests]

    def texts(self) -> dict[str, str]:
        """Key -> text, as LanceDB has them."""
        return {row["key"]: row["text"] for row in self.rows("documents")}

    def links(self) -> set[tuple[str, str]]:
        return {(row["kind"], row["target"]) for row in self.rows("links")}

    def differences(self) -> list[str]:
        """By the oracle."""
        with self.world.lock:
            scope = None if self.source.scope == "workspace" else self.source.scope
            return issues.differences(self.index, self.source_id, self.world, scope)


@contextmanager
def running_workspace(folder: Path, clock: FakeClock, scope: str = "ENG") -> Generator[Workspace]:
    """Nothing is synced yet."""
    with running_sandbox(folder / "served", clock=clock) as sandbox:
        world = sandbox.linear
        world.create_team("ENG", "Engineering")
        world.create_team("OPS", "Operations")
        world.join("mara", "Mara Lind")
        world.join("tomas", "Tomas Ek")
        with opened_stores(sandbox, folder / "home", clock) as stores:
            workspace = Workspace(sandbox, stores, clock, Linear())
            workspace.register(scope)
            yield workspace
