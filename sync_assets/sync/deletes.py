"""The delete valve: which vanished documents may go at once, and which wait for a person."""

from collections.abc import Collection

from sync_assets.models import digest

SMALL = 10
"""Below this many stored documents only the loss of all of them is suspicious."""


def may_delete(
    absent: Collection[str],
    stored: int,
    *,
    content_proven: bool,
    asked: bool,
    approved: bool,
    pending: bool = False,
) -> bool:
    """Whether `absent` of `stored` documents may be deleted on the word of a listing.

    Always where content hashes prove it, an operator's edit asked for it or an operator approved
    it; else not when all, or more than half of ten or more, would go, nor while a question about
    other deletes of the stream is `pending`.
    """
    if content_proven or asked or approved:
        return True
    lost = len(absent)
    return not (pending or lost >= stored or (stored >= SMALL and lost * 2 > stored))


def deletion_digest(absent: Collection[str]) -> str:
    """Names a proposed set of deletes, so that an approval is for this set and no other."""
    return digest(*sorted(absent))
