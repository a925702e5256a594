"""What webhooks named, read by itself, or beside all else that is to be looked at."""

import json
from collections.abc import Sequence

from sync_assets.connectors.base import Hint, Session
from sync_assets.models import Listing
from sync_assets.sync.joining import overlaid

AT_ONCE = 10
"""Of many hints, parts of so many are tried before each alone."""


def look(
    session: Session, since: str | None, hints: Sequence[Hint], *, owed: bool
) -> tuple[Listing, bool]:
    """The listing, and whether it says something only of what the hints name.

    Where a look at everything is `owed`, or a hint is empty, or the vendor cannot be asked for all
    of them together, what they name is read beside the changes: no feed may show it (an edited
    reply, a comment), and nobody will name it again.
    """
    named = [*{json.dumps(hint, sort_keys=True): hint for hint in hints if hint}.values()]
    if not named or since is None:
        return session.list(since), False
    alone = not owed and all(hints)
    if alone and (touched := session.touched(since, named)) is not None:
        return touched, True
    listing = session.list(since)
    return (listing if listing.complete else _beside(session, listing, named, asked=alone)), False


def _beside(session: Session, listing: Listing, named: Sequence[Hint], *, asked: bool) -> Listing:
    """With what is named laid over it: in parts where the vendor was `asked` for all of it in vain,
    so that one hint that tells nothing spoils no other.
    """
    touched = None if asked else session.touched(listing.watermark, named)
    if touched is not None:
        return overlaid(listing, touched)
    if len(named) > 1:
        size = AT_ONCE if len(named) > AT_ONCE else 1
        for start in range(0, len(named), size):
            some = named[start : start + size]
            listing = _beside(session, listing, some, asked=False)
    return listing
