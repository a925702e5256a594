"""A Notion workspace in the sandbox, its source here, and an oracle that asks only these two.

The oracle knows no markdown: every text in these tests holds words like `w12x`, and a page must
say exactly those that the workspace's own state says, in that order.
"""

import json
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from sync_assets.connectors.notion.connector import Notion
from sync_assets.sandbox.notion.content import Block
from sync_assets.sandbox.notion.records import DataSource, Page
from sync_assets.sandbox.notion.world import NotionWorld
from sync_assets.sandbox.server import running_sandbox
from sync_assets_tests.connectors.synced import Synced, opened_stores
from sync_assets_tests.fakes import FakeClock

MINUTE = 60
_WORDS = re.compile(r"w\d+x")


@dataclass
class Handbook(Synced):
    """What a test does with them."""

    table: DataSource
    elsewhere: str
    """A page of another table, that holds what synced blocks show."""

    @property
    def world(self) -> NotionWorld:
        return self.sandbox.notion

    def page(self, title: str, *blocks: Block, **properties: tuple[str, object]) -> Page:
        return self.world.create_page(self.table, title, *blocks, properties=properties)

    def settle(self, minutes: float = 3) -> None:
        """Time passes, so that edits are of another minute than what comes next."""
        self.clock.advance(minutes * MINUTE)

    def asked(self) -> list[str]:
        """What was called in the last sync: `/pages/{id}/markdown`."""
        return [request.service.removeprefix("notion ") for request in self.sandbox.requests]

    def texts(self) -> dict[str, str]:
        """Title -> text."""
        return {row["title"]: row["text"] for row in self.rows()}

    def versions(self) -> dict[str, str]:
        """Title -> version."""
        return {row["title"]: row["version"] for row in self.rows()}

    def held(self) -> dict[str, list[str]]:
        """Page -> the words that its document says."""
        return {
            json.loads(row["metadata"])["id"]: _WORDS.findall(row["text"]) for row in self.rows()
        }

    def expected(self) -> dict[str, list[str]]:
        """The same, by the workspace's own state."""
        return {
            page.id.replace("-", ""): [
                word for said in self._said(page) for word in _WORDS.findall(said)
            ]
            for page in self.world.listed(self.table.id)
            if not (page.in_trash or page.is_archived)
        }

    def differences(self) -> list[str]:
        """What is missing, too much, or says something else."""
        held, expected = self.held(), self.expected()
        found = [f"{page} is not there" for page in held.keys() - expected.keys()]
        for page, words in expected.items():
            if page not in held:
                found.append(f"{page} is missing")
            elif held[page] != words:
                found.append(f"{page} says {held[page]}, not {words}")
        return sorted(found)

    def _said(self, page: Page) -> Iterator[str]:
        yield page.title
        for name in sorted(page.properties):
            yield from _shown(page.properties[name][1])
        for block in page.blocks:
            yield from self._said_by(block)
        for comment in self.world.comments.values():
            if comment.parent == page.id:
                yield comment.words

    def _said_by(self, block: Block) -> Iterator[str]:
        value = block.value
        yield "".join(run["plain_text"] for run in value.get("rich_text", []))
        yield from (value.get(name, "") for name in ("title", "expression"))
        for runs in (*value.get("cells", []), value.get("caption", [])):
            yield "".join(run["plain_text"] for run in runs)
        origin = self.world.blocks[block.origin] if block.origin else block
        for child in origin.children:
            yield from self._said_by(child)


def _shown(value: object) -> Iterator[str]:
    """What a property of options, files or text shows."""
    for each in cast("list[object]", value) if isinstance(value, list) else [value]:
        known = cast("dict[str, str]", each) if isinstance(each, dict) else {}
        yield known.get("plain_text") or known.get("name") or ""


@contextmanager
def running_handbook(
    folder: Path, clock: FakeClock, settings: Mapping[str, JsonValue] | None = None
) -> Generator[Handbook]:
    """A workspace with an empty table, and a source that is not synced yet."""
    with running_sandbox(folder / "served", clock=clock) as sandbox:
        table = sandbox.notion.create_source("Handbook")
        outside = sandbox.notion.create_source("Elsewhere")
        elsewhere = sandbox.notion.create_page(outside, "Originals").id
        with opened_stores(sandbox, folder / "home", clock) as stores:
            handbook = Handbook(sandbox, stores, clock, Notion(), table, elsewhere)
            handbook.register(table.id, settings)
            yield handbook
