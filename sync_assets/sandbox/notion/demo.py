"""The demo's handbook: a runbook, a decision, a page that newcomers read."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sync_assets.sandbox.notion.content import block, table
from sync_assets.sandbox.notion.records import DataSource
from sync_assets.sandbox.notion.shapes import page_url
from sync_assets.sandbox.notion.world import NotionWorld


@dataclass(frozen=True, slots=True)
class DemoHandbook:
    """The data source, and the page of the decision that others name."""

    source: DataSource
    decision: str


def build_demo_handbook(world: NotionWorld) -> DemoHandbook:
    """Three pages that name issues and pull requests."""
    source = world.create_source("Handbook", {"Kind": "select"})
    world.create_page(
        source,
        "A product is oversold",
        block("paragraph", "When more is paid for than is on the shelf, as in SHOP-12."),
        block("heading_2", "In the first ten minutes"),
        block("numbered_list_item", "Hide it. A stock of 0 only confuses the warehouse."),
        block("numbered_list_item", "Tell customer care how many orders cannot be filled."),
        block("heading_2", "On the same day"),
        block("bulleted_list_item", "Offer the next batch or the money, as they choose."),
        block("bulleted_list_item", "Does checkout hold pieces? acme/storefront#8 says how."),
        properties=_kind("Runbook"),
        at=_at(3, 18, 10),
    )
    decision = world.create_page(
        source,
        "The server keeps carts",
        block("paragraph", "Decided on 27 March for SHOP-14."),
        block("paragraph", "For thirty days, under a random id in a cookie that the server sets."),
        table(
            ["What else we looked at", "Why not"],
            ["Ask for an account", "one order in nine is lost before payment"],
            ["Store it in the browser only", "Safari deletes it after a week"],
            ["Keep it for a year", "the privacy team agreed to thirty days"],
        ),
        properties=_kind("Decision"),
        at=_at(3, 27, 9, 10),
    )
    world.create_page(
        source,
        "Who sees what breaks",
        block("paragraph", "Customer care hears of it first, and says so in #storefront."),
        block("paragraph", "Whoever is on call opens the ticket; what mends it names the ticket."),
        block("callout", "A build fails for no reason? Once without the cache, see SHOP-17."),
        properties=_kind("Guide"),
        at=_at(4, 10, 16),
    )
    return DemoHandbook(source, page_url(decision))


def _kind(name: str) -> dict[str, tuple[str, object]]:
    return {"Kind": ("select", {"id": name.lower(), "name": name, "color": "default"})}


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=UTC)
