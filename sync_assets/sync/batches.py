"""Batches of documents, several in flight at once; a poisonous one is narrowed down."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeVar

from sync_assets.connectors.base import AFTER_A_TIMEOUT, Size
from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceError,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.models import BatchSummary, FetchFailure, ListingEntry

T = TypeVar("T")

AFTER_A_LIMIT = 10
"""Documents of a batch after a rate limit, until it has grown back."""
SPLITS_OF_AN_OUTAGE = 2
_MAY_BE_SPLIT = (PageTooLarge, SourceUnavailable, UnexpectedPayload)


@dataclass(slots=True)
class BatchCounts:
    """Counts that grow while batches run."""

    batches: int = 0
    failed: int = 0
    processed: int = 0
    stopped: bool = False

    def summary(self) -> BatchSummary:
        return BatchSummary(
            batches=self.batches,
            succeeded=self.batches - self.failed,
            failed=self.failed,
            processed=self.processed,
        )


def fetch_in_batches(
    fetch: Callable[[Sequence[ListingEntry]], list[T]],
    entries: Sequence[ListingEntry],
    *,
    size: Size,
    in_flight: int,
    counts: BatchCounts,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[list[T | FetchFailure]]:
    """Fetch `entries` in batches of `size`, at most `in_flight` at once, in order of completion.

    A batch that is too large, times out or cannot be understood is split until the document at
    fault stands alone as a `FetchFailure`; `size` learns from what was too large or too slow. A
    vendor that fails batch after batch and has served none is down, and any other SourceError
    concerns the whole source too: batches in flight are finished and yielded, then it is raised.
    After `stop`, no batch begins.
    """
    waiting = _Waiting(list(entries), size)
    running: dict[Future[list[T]], _Batch] = {}
    fatal: SourceError | None = None
    with ThreadPoolExecutor(in_flight, thread_name_prefix="fetch") as pool:
        while running or (waiting and fatal is None and not counts.stopped):
            counts.stopped = counts.stopped or stop()
            while waiting and fatal is None and not counts.stopped and len(running) < in_flight:
                batch = waiting.take()
                running[pool.submit(fetch, batch.entries)] = batch
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                batch = running.pop(future)
                error = future.exception()
                if waiting.split(batch, error):
                    continue
                counts.batches += 1
                counts.processed += len(batch.entries)
                if error is None:
                    waiting.worked(batch)
                    yield [*future.result()]
                    continue
                counts.failed += 1
                if not isinstance(error, SourceError):
                    raise error
                if waiting.blames(batch, error):
                    yield [FetchFailure(batch.entries[0], error)]
                else:
                    fatal = fatal or error
    if isinstance(fatal, RateLimited):
        size.limit(AFTER_A_LIMIT)
    if fatal is not None:
        raise fatal


@dataclass(frozen=True, slots=True)
class _Batch:
    """Documents to ask for at once; `depth` is how often a failed batch was split to make it."""

    entries: Sequence[ListingEntry]
    depth: int = 0


@dataclass(slots=True)
class _Waiting:
    """What is still to be fetched: the pieces of failed batches first, oldest first, so that the
    good half of a bad batch is tried before the bad one is cut further.
    """

    left: list[ListingEntry]
    size: Size
    pieces: deque[_Batch] = field(default_factory=deque[_Batch])
    served: bool = False

    def __bool__(self) -> bool:
        return bool(self.pieces or self.left)

    def take(self) -> _Batch:
        """The next batch."""
        if self.pieces:
            return self.pieces.popleft()
        batch = _Batch(self.left[: self.size.now])
        del self.left[: len(batch.entries)]
        return batch

    def worked(self, batch: _Batch) -> None:
        """The batch was served."""
        self.served = True
        if len(batch.entries) >= self.size.now:
            self.size.worked()

    def split(self, batch: _Batch, error: BaseException | None) -> bool:
        """Whether the failed batch is to be tried again in pieces; they wait then."""
        count = len(batch.entries)
        if count == 1 or not isinstance(error, _MAY_BE_SPLIT):
            return False
        if isinstance(error, SourceUnavailable):
            if not self.served and batch.depth >= SPLITS_OF_AN_OUTAGE:
                return False
            self.size.limit(AFTER_A_TIMEOUT)
        smaller = (count + 1) // 2
        if isinstance(error, SourceUnavailable) and count > AFTER_A_TIMEOUT:
            smaller = AFTER_A_TIMEOUT
        elif isinstance(error, PageTooLarge):
            self.size.halve(count)
        self.pieces.extend(
            _Batch(batch.entries[at : at + smaller], batch.depth + 1)
            for at in range(0, count, smaller)
        )
        return True

    def blames(self, batch: _Batch, error: SourceError) -> bool:
        """Whether the one document of the batch is at fault, and not the vendor as a whole."""
        if len(batch.entries) > 1 or not isinstance(error, _MAY_BE_SPLIT):
            return False
        return self.served or not isinstance(error, SourceUnavailable)
