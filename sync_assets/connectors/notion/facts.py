"""Pure: from where to ask, and what version a page is of.

Notion tells times to the minute and nothing else of a page's content, so no version follows from a
list. Each page that is listed is read, and its version is what was read.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from sync_assets.connectors.notion.payloads import Page
from sync_assets.models import Document, digest

OVERLAP = timedelta(minutes=1)
"""An edit is told by the beginning of its minute, and two servers may disagree about which."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """Notion's time when the listing began."""

    at: str

    @classmethod
    def of(cls, moment: datetime) -> Self:
        return cls(f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(**json.loads(text))

    @property
    def since(self) -> str:
        """What was edited since then was edited in this minute or later."""
        minute = datetime.fromisoformat(self.at).replace(second=0, microsecond=0)
        return f"{minute - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"

    def __str__(self) -> str:
        """As `parse` reads it."""
        return json.dumps(asdict(self), separators=(",", ":"))


def unread_version(page: Page) -> str:
    """In the place of a version: the page is still to be read."""
    return f"{page.last_edited_time}:unread"


def versioned(document: Document, page: Page) -> Document:
    """The document with a version that changes exactly when it does."""
    facts = {**asdict(replace(document, version="")), "metadata": dict(document.metadata)}
    text = json.dumps(facts, sort_keys=True, default=str, ensure_ascii=False)
    return replace(document, version=f"{page.last_edited_time}:{digest(text)[:16]}")
