"""Pure: a page of Notion as it was read -> its document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from sync_assets.connectors.notion.facts import versioned
from sync_assets.connectors.notion.nodes import Node, lines_of
from sync_assets.connectors.notion.payloads import Comment, Page
from sync_assets.connectors.notion.properties import property_lines, related, title_of
from sync_assets.connectors.notion.scope import page_url, plain_id
from sync_assets.connectors.notion.text import inline, unsigned
from sync_assets.connectors.notion.values import Property
from sync_assets.conversation import message, paragraphs
from sync_assets.models import Document, ListingEntry


@dataclass(frozen=True, slots=True)
class Reading:
    """All of one page."""

    page: Page
    properties: Mapping[str, Property]
    body: Sequence[Node]
    comments: Sequence[Comment]
    author: str


def page_document(entry: ListingEntry, reading: Reading) -> Document:
    """The title, the properties, the content and what was commented, as markdown."""
    page = reading.page
    links: list[JsonValue] = [
        {"kind": "mentions", "target": page_url(each)} for each in related(reading.properties)
    ]
    title = title_of(page.model_copy(update={"properties": reading.properties}))
    parts = [
        f"# {title}",
        "\n".join(f"- {name}: {said}" for name, said in property_lines(reading.properties)),
        "\n".join(lines_of(reading.body)),
        *_discussion(reading.comments),
    ]
    return versioned(
        Document(
            document_id=entry.document_id,
            key=entry.key,
            version=entry.version,
            title=title,
            url=page_url(page.id),
            text=unsigned(paragraphs(parts)),
            author=reading.author,
            created_at=datetime.fromisoformat(page.created_time),
            updated_at=datetime.fromisoformat(page.last_edited_time),
            metadata={
                "id": plain_id(page.id),
                "comments": len(reading.comments),
                "links": links,
                "names": [page_url(page.id)],
            },
        ),
        page,
    )


def _discussion(comments: Sequence[Comment]) -> Iterator[str]:
    if comments:
        yield "## Comments"
    for each in comments:
        speaker = each.display_name.resolved_name or each.created_by.name or each.created_by.id
        at = datetime.fromisoformat(each.created_time)
        yield message(speaker.replace("*", ""), "commented", at, inline(each.rich_text))
