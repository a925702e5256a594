"""Pure comparisons: what the source has against what is stored, and so what to do."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync_assets.index.reader import StoredChunks, StoredDocument, StoredListing
from sync_assets.models import ListingEntry, SkipReason

FOUND_BY_FETCHING: frozenset[SkipReason] = frozenset({"binary", "lfs_pointer", "not_utf8"})
"""Reasons that only the content shows: remembered by version, so that it is fetched once."""


@dataclass(frozen=True, slots=True)
class DocumentPlan:
    """What must be fetched. A move is an addition whose version a vanished document had."""

    fetch: Sequence[ListingEntry]
    added: int
    changed: int
    moved: int
    unchanged: int
    skipped: Counter[str]


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What must be indexed and what must go.

    `unsearchable` are still listed, but no longer searchable; `moved` live on under a new id;
    `absent` are no longer listed, and need the delete valve: an incomplete listing has none.
    `gone` are those of which the vendor said so outright, and forced ones of which nothing but
    links is left.
    `unfetched` are listed and not stored at the listed version: while there are any, the index
    does not equal the listing.
    """

    index: Sequence[str]
    unfetched: Collection[str]
    unsearchable: Collection[str]
    moved: Collection[str]
    absent: Collection[str]
    gone: Collection[str] = ()


def plan_documents(
    entries: Iterable[ListingEntry],
    documents: Mapping[str, StoredDocument],
    listed: Mapping[str, StoredListing],
    *,
    redaction: int,
    force: Collection[str] = frozenset(),
) -> DocumentPlan:
    """Which documents to fetch: new ones, changed ones, those of older redaction rules, forced."""
    fetch: list[ListingEntry] = []
    skipped: Counter[str] = Counter()
    unchanged = changed = 0
    present: set[str] = set()
    new_versions: list[str] = []
    for entry in entries:
        present.add(entry.document_id)
        reason = entry.reason or remembered_reason(entry, listed)
        if reason and (entry.reason or entry.document_id not in force):
            skipped[reason] += 1
            continue
        stored = documents.get(entry.document_id)
        if stored is None:
            new_versions.append(entry.version)
        elif is_current(stored, entry, redaction) and entry.document_id not in force:
            unchanged += 1
            continue
        else:
            changed += 1
        fetch.append(entry)
    vanished = Counter(row.version for key, row in documents.items() if key not in present)
    moved = sum((vanished & Counter(new_versions)).values())
    return DocumentPlan(
        fetch=fetch,
        added=len(new_versions) - moved,
        changed=changed,
        moved=moved,
        unchanged=unchanged,
        skipped=skipped,
    )


def is_current(row: StoredDocument, entry: ListingEntry, redaction: int) -> bool:
    """Whether the document is stored once, as listed, by today's rules of redaction."""
    return (row.version, row.copies, row.redaction) == (entry.version, 1, redaction)


def remembered_reason(
    entry: ListingEntry, listed: Mapping[str, StoredListing]
) -> SkipReason | None:
    """Why an earlier fetch of this very version found it not searchable, if it did."""
    row = listed.get(entry.document_id)
    if row is None or row.version != entry.version or row.reason not in FOUND_BY_FETCHING:
        return None
    return row.reason


def plan_index(
    entries: Iterable[ListingEntry],
    documents: Mapping[str, StoredDocument],
    chunks: Mapping[str, StoredChunks],
    listed: Mapping[str, StoredListing],
    *,
    complete: bool,
    redaction: int,
    chunker: int,
    scope: str,
    force: Collection[str] = frozenset(),
    gone: Collection[str] = (),
    vanished: Collection[str] = (),
) -> IndexPlan:
    """Which documents to chunk anew, and which stored ones are no longer wanted. Those that
    `vanished` without proof stay as they are.
    """
    searchable: set[str] = set()
    unfetched: set[str] = set()
    present: set[str] = set()
    new_versions: Counter[str] = Counter()
    awaited: Counter[str] = Counter()
    for entry in entries:
        present.add(entry.document_id)
        if entry.reason or remembered_reason(entry, listed):
            continue
        searchable.add(entry.document_id)
        row = documents.get(entry.document_id)
        if row is None or not is_current(row, entry, redaction):
            unfetched.add(entry.document_id)
            if row is None:
                awaited[entry.version] += 1
        elif entry.document_id not in listed:
            new_versions[entry.version] += 1
    index = [
        key
        for key, row in documents.items()
        if key in searchable
        and (key in force or not is_exact(row, chunks.get(key), chunker=chunker, scope=scope))
    ]
    stored = documents.keys() | chunks.keys()
    moved: set[str] = set()
    absent: set[str] = set()
    for key in stored.difference(present, gone, vanished) if complete else ():
        row = documents.get(key)
        if row is not None and new_versions[row.version] > 0:
            new_versions[row.version] -= 1
            moved.add(key)
        elif row is not None and awaited[row.version] > 0:
            awaited[row.version] -= 1  # it stays until it is fetched under its new id
        else:
            absent.add(key)
    return IndexPlan(
        index=index,
        unfetched=unfetched,
        unsearchable=(stored & present) - searchable,
        moved=moved,
        absent=absent,
        gone=stored.intersection(gone) | (set(force) - stored - present if complete else set()),
    )


def is_exact(
    document: StoredDocument, chunks: StoredChunks | None, *, chunker: int, scope: str
) -> bool:
    """Whether the stored chunks are one whole set of this document at this version, made while
    the source had this scope: `#12` is a link into the scope's repository.
    """
    return (
        chunks is not None
        and not chunks.torn
        and (chunks.version, chunks.content_hash) == (document.version, document.content_hash)
        and (chunks.chunker, chunks.scope) == (chunker, scope)
        and chunks.count == chunks.distinct
    )
