"""Batches of documents, several in flight at once; a poisonous one is narrowed down."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from sync_assets.errors import PageTooLarge, SourceError, UnexpectedPayload
from sync_assets.models import BatchSummary, FetchFailure, ListingEntry

T = TypeVar("T")


@dataclass(slots=True)
class BatchCounts:
    """Counts that grow while batches run."""

    batches: int = 0
    failed: int = 0
    processed: int = 0

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
    size: int,
    in_flight: int,
    counts: BatchCounts,
) -> Iterator[list[T | FetchFailure]]:
    """Fetch `entries` in batches of `size`, at most `in_flight` at once, in order of completion.

    A batch that fails for what it holds (PageTooLarge, UnexpectedPayload) is halved until the
    document at fault stands alone as a `FetchFailure`. Any other SourceError concerns the whole
    source: batches in flight are finished and yielded, then it is raised.
    """
    waiting = [entries[at : at + size] for at in range(0, len(entries), size)]
    waiting.reverse()
    running: dict[Future[list[T]], Sequence[ListingEntry]] = {}
    fatal: SourceError | None = None
    with ThreadPoolExecutor(in_flight, thread_name_prefix="fetch") as pool:
        while running or (waiting and fatal is None):
            while waiting and fatal is None and len(running) < in_flight:
                batch = waiting.pop()
                running[pool.submit(fetch, batch)] = batch
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                batch = running.pop(future)
                error = future.exception()
                if isinstance(error, PageTooLarge | UnexpectedPayload) and len(batch) > 1:
                    middle = len(batch) // 2
                    waiting += [batch[middle:], batch[:middle]]
                    continue
                counts.batches += 1
                counts.processed += len(batch)
                if error is None:
                    yield [*future.result()]
                    continue
                counts.failed += 1
                if isinstance(error, PageTooLarge | UnexpectedPayload):
                    yield [FetchFailure(batch[0], error)]
                elif isinstance(error, SourceError):
                    fatal = fatal or error
                else:
                    raise error
    if fatal is not None:
        raise fatal
