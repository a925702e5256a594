"""A Slack workspace in the sandbox, its source here, and an oracle that asks only these two."""

import json
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from sync_assets.connectors.slack.connector import Slack
from sync_assets.sandbox.server import running_sandbox
from sync_assets.sandbox.slack.world import Channel, Message, SlackWorld
from sync_assets_tests.connectors.synced import Synced, opened_stores
from sync_assets_tests.fakes import FakeClock

CHANNEL = "C0PAYMENTS"
MARA, TOMAS = "U0MARA", "U0TOMAS"


@dataclass
class Workspace(Synced):
    """What a test does with them."""

    @property
    def world(self) -> SlackWorld:
        return self.sandbox.slack

    @property
    def channel(self) -> Channel:
        return self.world.channels[CHANNEL]

    def post(self, text: str, user: str = MARA, at: datetime | None = None) -> Message:
        self.clock.advance(1)
        return self.world.post(CHANNEL, user, text, at=at)

    def reply(
        self,
        parent: Message,
        text: str,
        user: str = TOMAS,
        *,
        at: datetime | None = None,
        broadcast: bool = False,
    ) -> Message:
        self.clock.advance(1)
        return self.world.reply(CHANNEL, parent, user, text, at=at, broadcast=broadcast)

    def asked(self) -> list[str]:
        """The methods called in the last sync."""
        return [request.path.rpartition("/")[2] for request in self.sandbox.requests]

    def held(self) -> dict[str, str]:
        """Key without the channel -> text, as LanceDB has them."""
        return {row["key"].partition("/")[2]: row["text"] for row in self.rows()}

    def chunks(self) -> str:
        """The text of everything that is found."""
        return json.dumps([row["text"] for row in self.rows("chunks")])

    def expected(self) -> dict[str, list[str]]:
        """By the sandbox's own state: document -> what it must say, in order."""
        documents = defaultdict[str, list[str]](list)
        for ts in sorted(self.channel.messages):
            message = self.channel.messages[ts]
            day = f"{datetime.fromtimestamp(float(ts), UTC):%Y-%m-%d}"
            if message.subtype == "channel_join":
                continue
            replies = self.channel.replies(ts)
            if replies:
                members = [message, *replies]
                documents[f"{day}/{ts}"] = [
                    "(deleted)" if each.subtype == "tombstone" else each.text for each in members
                ]
            elif message.thread is None or message.is_broadcast:
                documents[day].append(message.text)
        return documents

    def differences(self) -> list[str]:
        """What is missing, too much, or says something else."""
        held, expected, found = self.held(), self.expected(), list[str]()
        found += [f"{key} is not there" for key in held.keys() - expected.keys()]
        for key, texts in expected.items():
            if key not in held:
                found.append(f"{key} is missing")
            elif _said(held[key]) != texts:
                found.append(f"{key} says something else")
        return sorted(found)


def _said(text: str) -> list[str]:
    """The words of each message; each is one paragraph below its speaker's line."""
    paragraphs = text.rstrip("\n").split("\n\n")
    return paragraphs[1::2]


@contextmanager
def running_workspace(
    folder: Path, clock: FakeClock, settings: Mapping[str, JsonValue] | None = None
) -> Generator[Workspace]:
    """A workspace with two members and a channel, and a source that is not synced yet."""
    with running_sandbox(folder / "served", clock=clock) as sandbox:
        sandbox.slack.create_channel(CHANNEL, "payments")
        sandbox.slack.join(MARA, "Mara Lind")
        sandbox.slack.join(TOMAS, "Tomas Ek")
        with opened_stores(sandbox, folder / "home", clock) as stores:
            workspace = Workspace(sandbox, stores, clock, Slack())
            workspace.register(CHANNEL, settings)
            yield workspace
