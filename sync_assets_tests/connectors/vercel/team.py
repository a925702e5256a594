"""A Vercel team in the sandbox, its source here, and an oracle that asks only these two stores."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync_assets.connectors.vercel.connector import Vercel
from sync_assets.sandbox.server import running_sandbox
from sync_assets.sandbox.vercel.world import FINAL, VercelWorld
from sync_assets_tests.connectors.synced import Synced, opened_stores
from sync_assets_tests.fakes import FakeClock


@dataclass
class Team(Synced):
    """What a test does with them."""

    @property
    def world(self) -> VercelWorld:
        return self.sandbox.vercel

    def asked(self) -> list[str]:
        """The paths of the last sync."""
        return [request.path.removeprefix("/vercel") for request in self.sandbox.requests]

    def held(self) -> dict[str, tuple[str, str]]:
        """Deployment -> state and text, as LanceDB has them."""
        facts = [(json.loads(row["metadata"]), row["text"]) for row in self.rows()]
        return {fact["id"]: (fact["state"], text) for fact, text in facts if "id" in fact}

    def differences(self) -> list[str]:
        """By the sandbox's own state: deployments, states, and every line of every log."""
        held, now, found = self.held(), self.world.now, list[str]()
        visible = [each for each in self.world.listed(None) if each.deleted is None]
        for gone in held.keys() - {each.id for each in visible}:
            found.append(f"{gone} is not there")
        for each in visible:
            state, text = held.get(each.id, ("nothing", ""))
            if state != each.state(now).lower():
                found.append(f"{each.id} is {each.state(now)}, not {state}")
            elif each.state(now) in FINAL and not all(line in text for line in each.log):
                found.append(f"{each.id}: its log is not whole")
            elif each.substate == "PROMOTED" and "promoted" not in text:
                found.append(f"{each.id} is promoted")
        return found


@contextmanager
def running_team(folder: Path, clock: FakeClock, scope: str = "acme/shop") -> Generator[Team]:
    """A team with the projects `shop` and `docs`, and a source that is not synced yet."""
    with running_sandbox(folder / "served", clock=clock) as sandbox:
        sandbox.vercel.create_project("shop")
        sandbox.vercel.create_project("docs")
        with opened_stores(sandbox, folder / "home", clock) as stores:
            team = Team(sandbox, stores, clock, Vercel())
            team.register(scope)
            yield team
