"""Every stream of every vendor behind one small interface: what the contract suite drives.

A document is named by its handle; each write says words that are then to be found in its text.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pydantic import JsonValue

from sync_assets.connectors.base import Connector, Hint
from sync_assets.connectors.catalog import CONNECTORS
from sync_assets.errors import SourceRejectedUs, SourceUnavailable
from sync_assets.models import SyncMode, SyncReport
from sync_assets.sandbox.faults import Answer
from sync_assets.sandbox.notion.content import block
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.sandbox.vercel.world import DONE
from sync_assets_tests.connectors.synced import GITHUB_TOKENS, Synced, opened_stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.toy import ToyConnector, World
from sync_assets_tests.toy_feed import Tracker, TrackerConnector

REPOSITORY = "acme/shop"
CHANNEL = "C0PAYMENTS"


@dataclass
class Vendor(ABC):
    """A vendor's world with an empty place in it, and how it changes."""

    sandbox: Sandbox
    clock: FakeClock
    count: int = field(default=0, init=False)

    stream = ""
    scope = ""
    noise = 0
    """Documents that are there though nobody wrote them."""
    deletes = True
    """Whether the vendor deletes single documents."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the empty place."""

    @abstractmethod
    def connector(self) -> Connector:
        """As the catalog has it."""

    @abstractmethod
    def create(self, words: str) -> str:
        """A new document; its handle."""

    @abstractmethod
    def edit(self, handle: str, words: str) -> str:
        """Another content; the words by which it is known afterwards."""

    @abstractmethod
    def delete(self, handle: str) -> None:
        """It is there no more."""

    def refuse(self) -> None:
        """Our token is not accepted any more."""
        self.sandbox.faults.add(Answer(401, '{"message": "Bad credentials"}'), times=99)

    def fail(self) -> None:
        """The vendor is down."""
        self.sandbox.faults.add(Answer(503, "down"), times=99)

    def recover(self) -> None:
        """It is up again, and accepts us."""
        self.sandbox.faults.clear()

    @property
    def options(self) -> Mapping[str, JsonValue]:
        return {}


class GitFiles(Vendor):
    stream = "files"

    def prepare(self) -> None:
        self.sandbox.repositories.create(REPOSITORY)
        self.scope = f"{self.sandbox.url}/{REPOSITORY}.git"

    def connector(self) -> Connector:
        return CONNECTORS["git"]

    def create(self, words: str) -> str:
        self.count += 1
        return self._write(f"docs/{self.count}.md", words)

    def edit(self, handle: str, words: str) -> str:
        self._write(handle, words)
        return words

    def delete(self, handle: str) -> None:
        self.sandbox.repositories.get(REPOSITORY).commit({handle: None})

    def _write(self, path: str, words: str) -> str:
        self.sandbox.repositories.get(REPOSITORY).commit({path: f"# A page\n\n{words}\n"})
        return path


class GitHubFiles(GitFiles):
    def prepare(self) -> None:
        super().prepare()
        self.scope = REPOSITORY

    def connector(self) -> Connector:
        return CONNECTORS["github"]


class GitHubFilesByApi(GitHubFiles):
    @property
    def options(self) -> Mapping[str, JsonValue]:
        return {"transport": "graphql"}


class GitHubIssues(Vendor):
    stream = "issues"
    scope = REPOSITORY

    def prepare(self) -> None:
        self.tracker = self.sandbox.trackers.of(self.sandbox.repositories.create(REPOSITORY))

    def connector(self) -> Connector:
        return CONNECTORS["github"]

    @property
    def options(self) -> Mapping[str, JsonValue]:
        return {"streams": [self.stream]}

    def create(self, words: str) -> str:
        return str(self.tracker.open_issue("A question", words).number)

    def edit(self, handle: str, words: str) -> str:
        self.tracker.comment(int(handle), words)
        return words

    def delete(self, handle: str) -> None:
        self.tracker.delete(int(handle))


class GitHubIssuesByRest(GitHubIssues):
    @property
    def options(self) -> Mapping[str, JsonValue]:
        return {"streams": [self.stream], "graphql": False}


class GitHubPullRequests(GitHubIssues):
    stream = "pull_requests"
    deletes = False

    def create(self, words: str) -> str:
        return str(self.tracker.open_pull("A change", words).number)


class VercelDeployments(Vendor):
    stream = "deployments"
    scope = "acme/shop"
    noise = 1  # the names of the project's variables

    def prepare(self) -> None:
        self.sandbox.vercel.create_project("shop")

    def connector(self) -> Connector:
        return CONNECTORS["vercel"]

    def create(self, words: str) -> str:
        world = self.sandbox.vercel
        return world.deploy("shop", plan=DONE, log=[words], target="production").id

    def edit(self, handle: str, words: str) -> str:
        found = self.sandbox.vercel.find(handle)
        assert found is not None
        self.sandbox.vercel.promote(found, f"{words}.example.com")
        return "promoted"

    def delete(self, handle: str) -> None:
        found = self.sandbox.vercel.find(handle)
        assert found is not None
        self.sandbox.vercel.delete(found)


class LinearIssues(Vendor):
    stream = "issues"
    scope = "ENG"

    def prepare(self) -> None:
        self.sandbox.linear.create_team("ENG", "Engineering")
        self.sandbox.linear.join("mara", "Mara Lind")

    def connector(self) -> Connector:
        return CONNECTORS["linear"]

    def create(self, words: str) -> str:
        return self.sandbox.linear.open_issue("ENG", "A wish", words).id

    def edit(self, handle: str, words: str) -> str:
        self.sandbox.linear.comment(self.sandbox.linear.issues[handle], words)
        return words

    def delete(self, handle: str) -> None:
        self.sandbox.linear.delete(self.sandbox.linear.issues[handle])


class SlackConversations(Vendor):
    stream = "conversations"
    scope = CHANNEL

    def prepare(self) -> None:
        self.sandbox.slack.create_channel(CHANNEL, "payments")
        self.sandbox.slack.join("U0MARA", "Mara Lind")

    def connector(self) -> Connector:
        return CONNECTORS["slack"]

    def create(self, words: str) -> str:
        world = self.sandbox.slack
        parent = world.post(CHANNEL, "U0MARA", "What is it?")
        self.clock.advance(1)
        world.reply(CHANNEL, parent, "U0MARA", words)
        return parent.ts

    def edit(self, handle: str, words: str) -> str:
        world = self.sandbox.slack
        world.reply(CHANNEL, world.channels[CHANNEL].messages[handle], "U0MARA", words)
        return words

    def delete(self, handle: str) -> None:
        world, channel = self.sandbox.slack, self.sandbox.slack.channels[CHANNEL]
        for reply in channel.replies(handle):
            world.delete(CHANNEL, reply)
        world.delete(CHANNEL, channel.messages[handle])


class NotionPages(Vendor):
    stream = "pages"

    def prepare(self) -> None:
        self.table = self.sandbox.notion.create_source("Handbook")
        self.scope = self.table.id

    def connector(self) -> Connector:
        return CONNECTORS["notion"]

    def create(self, words: str) -> str:
        made = block("toggle", "Read on", block("paragraph", words))
        return self.sandbox.notion.create_page(self.table, "A page", made).id

    def edit(self, handle: str, words: str) -> str:
        page = self.sandbox.notion.pages[handle]
        self.sandbox.notion.write(page.blocks[0], block("quote", words))
        return words

    def delete(self, handle: str) -> None:
        self.sandbox.notion.delete(self.sandbox.notion.pages[handle])


class NotionPagesByBlocks(NotionPages):
    @property
    def options(self) -> Mapping[str, JsonValue]:
        return {"content": "blocks"}


class ToyNotes(Vendor):
    """A sixth vendor, whose connector is the smallest honest one."""

    stream = "notes"
    scope = "anything"

    def prepare(self) -> None:
        self.world = World()

    def connector(self) -> Connector:
        return ToyConnector(self.world)

    def create(self, words: str) -> str:
        self.count += 1
        self.world.notes[f"note {self.count}"] = words
        return f"note {self.count}"

    def edit(self, handle: str, words: str) -> str:
        self.world.notes[handle] = words
        return words

    def delete(self, handle: str) -> None:
        del self.world.notes[handle]

    def refuse(self) -> None:
        self.world.outage = SourceRejectedUs("the toy does not know us")

    def fail(self) -> None:
        self.world.outage = SourceUnavailable("the toy is down")

    def recover(self) -> None:
        self.world.outage = None


class ToyTickets(Vendor):
    """A seventh, with feeds of changes, and sweeps."""

    stream = "tickets"
    scope = "anything"

    def prepare(self) -> None:
        self.world = Tracker()

    def connector(self) -> Connector:
        return TrackerConnector(self.world)

    @property
    def options(self) -> Mapping[str, JsonValue]:
        return {"replies": False}

    def create(self, words: str) -> str:
        self.count += 1
        self.world.write(f"ticket {self.count}", words)
        return f"ticket {self.count}"

    def edit(self, handle: str, words: str) -> str:
        self.world.write(handle, words)
        return words

    def delete(self, handle: str) -> None:
        self.world.delete(handle, with_tombstone=False)

    def refuse(self) -> None:
        self.world.limited = SourceRejectedUs("the tracker does not know us")

    def fail(self) -> None:
        self.world.limited = SourceUnavailable("the tracker is down")

    def recover(self) -> None:
        self.world.limited = None


VENDORS: Collection[type[Vendor]] = (
    GitFiles,
    GitHubFiles,
    GitHubIssues,
    GitHubPullRequests,
    VercelDeployments,
    LinearIssues,
    SlackConversations,
    NotionPages,
    ToyNotes,
    ToyTickets,
)
OTHER_WAYS: Collection[type[Vendor]] = (GitHubFilesByApi, GitHubIssuesByRest, NotionPagesByBlocks)
"""To the same documents."""


@dataclass
class Planted(Synced):
    """A registered source of a vendor's place, where time passes."""

    vendor: Vendor

    def sync(self, mode: SyncMode = "incremental", *hints: Hint) -> SyncReport:
        """A sync some time after what happened last."""
        self.clock.advance(300)
        return super().sync(mode, *hints)

    def sweep(self) -> SyncReport:
        """A day later, when a complete listing is due."""
        self.clock.advance(timedelta(days=1).total_seconds())
        return self.sync("full")

    def step(self, last: str) -> None:
        self.clock.advance(300)
        super().step(last)

    def texts(self, table: str = "documents") -> list[str]:
        """As LanceDB has them."""
        return [row["text"] for row in self.rows(table)]

    def found(self, words: str) -> int:
        """How many documents have them, which chunks must agree with."""
        documents = sum(words in text for text in self.texts())
        chunks = sum(words in text for text in self.texts("chunks"))
        assert bool(documents) == bool(chunks)
        return documents


@contextmanager
def running_vendor(kind: type[Vendor], folder: Path) -> Generator[Planted]:
    """An empty place at the vendor, and a source of it that is not synced yet."""
    clock = FakeClock()
    with running_sandbox(folder / "served", clock=clock, tokens=GITHUB_TOKENS) as sandbox:
        vendor = kind(sandbox, clock)
        vendor.prepare()
        connector = vendor.connector()
        with opened_stores(sandbox, folder / "home", clock) as stores:
            planted = Planted(sandbox, stores, clock, connector, vendor)
            options = connector.settings_model.model_validate(vendor.options)
            planted.register(vendor.scope, options.model_dump(mode="json"))
            yield planted
