"""Listings that were taken and are not in the index yet, where listing again would cost calls."""

import gzip
import json
from dataclasses import dataclass
from datetime import datetime

from sync_assets.models import Listing, ListingEntry


@dataclass(frozen=True, slots=True)
class PendingListing:
    """A listing on its way into the index, with all that later feeds added to it.

    `basis` is what it was taken for (see Cursor). `current`: with its entries stored, the index is
    up to date as far as the source's feeds show. `swept_at` is when its complete listing began,
    None where it has none. `vanished` are documents that fetching no longer found and nobody
    confirmed to be gone. `urgent` are those that are to be brought in first, and alone; None where
    there is no hurry.
    """

    listing: Listing
    basis: str
    current: bool
    swept_at: datetime | None = None
    vanished: frozenset[str] = frozenset()
    urgent: frozenset[str] | None = None

    def wants(self, document_id: str) -> bool:
        """Whether the document is to be brought in now."""
        return self.urgent is None or document_id in self.urgent


def packed(pending: PendingListing) -> bytes:
    """As it is stored: JSON, compressed."""
    listing, swept_at = pending.listing, pending.swept_at
    facts = {
        "watermark": listing.watermark,
        "complete": listing.complete,
        "content_proven": listing.content_proven,
        "excluded": listing.excluded,
        "gone": [*listing.gone],
        "entries": [
            [each.document_id, each.key, each.version, each.locator, each.size, each.reason]
            for each in listing.entries
        ],
        "basis": pending.basis,
        "current": pending.current,
        "swept_at": None if swept_at is None else swept_at.isoformat(),
        "vanished": sorted(pending.vanished),
        "urgent": None if pending.urgent is None else sorted(pending.urgent),
    }
    return gzip.compress(json.dumps(facts).encode(), compresslevel=5, mtime=0)


def unpacked(payload: bytes) -> PendingListing:
    """What `packed` stored."""
    facts = json.loads(gzip.decompress(payload))
    swept_at = facts["swept_at"]
    return PendingListing(
        Listing(
            watermark=facts["watermark"],
            entries=[ListingEntry(*entry) for entry in facts["entries"]],
            complete=facts["complete"],
            content_proven=facts["content_proven"],
            excluded=facts["excluded"],
            gone=facts["gone"],
        ),
        basis=facts["basis"],
        current=facts["current"],
        swept_at=None if swept_at is None else datetime.fromisoformat(swept_at),
        vanished=frozenset(facts["vanished"]),
        urgent=None if facts.get("urgent") is None else frozenset(facts["urgent"]),
    )
