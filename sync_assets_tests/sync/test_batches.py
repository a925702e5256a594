import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.connectors.base import Size
from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.models import FetchFailure, ListingEntry
from sync_assets.sync.batches import BatchCounts, fetch_in_batches


def entries(count: int) -> list[ListingEntry]:
    return [ListingEntry(str(n), f"file {n}", "v1", f"blob {n}") for n in range(count)]


@given(
    count=st.integers(0, 60),
    size=st.integers(1, 20),
    in_flight=st.integers(1, 5),
    poisonous=st.sets(st.integers(0, 59)),
)
def test_every_document_comes_once_and_a_poisonous_one_alone_fails(
    count: int, size: int, in_flight: int, poisonous: set[int]
):
    bad = {str(n) for n in poisonous if n < count}

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        if bad & {entry.document_id for entry in batch}:
            raise UnexpectedPayload("cannot be parsed")
        return [entry.document_id for entry in batch]

    counts = BatchCounts()
    good: list[str] = []
    failed: list[str] = []
    for items in fetch_in_batches(
        fetch, entries(count), size=Size(size), in_flight=in_flight, counts=counts
    ):
        for item in items:
            if isinstance(item, FetchFailure):
                failed.append(item.entry.document_id)
            else:
                good.append(item)

    assert sorted(failed) == sorted(bad)
    assert sorted(good + failed) == sorted(str(n) for n in range(count))
    assert counts.summary().processed == count
    assert counts.summary().failed == len(bad)


def test_no_more_batches_are_in_flight_than_asked_for():
    running = 0
    most = 0
    lock = threading.Lock()
    three = threading.Barrier(3, timeout=10)

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        three.wait()
        with lock:
            running -= 1
        return [entry.document_id for entry in batch]

    got = list(
        fetch_in_batches(fetch, entries(30), size=Size(5), in_flight=3, counts=BatchCounts())
    )

    assert most == 3
    assert sum(len(items) for items in got) == 30


def test_an_outage_is_raised_after_the_batches_in_flight_were_yielded():
    both = threading.Barrier(2, timeout=10)

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        both.wait()
        if batch[0].document_id == "0":
            raise SourceRejectedUs("the token was withdrawn")
        return [entry.document_id for entry in batch]

    got: list[object] = []
    work = fetch_in_batches(fetch, entries(4), size=Size(2), in_flight=2, counts=BatchCounts())
    with pytest.raises(SourceRejectedUs, match="the token was withdrawn"):
        got.extend(item for items in work for item in items)

    assert got == ["2", "3"]


def test_a_batch_that_is_too_large_is_halved_until_it_fits():
    sizes: list[int] = []

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise PageTooLarge("too much at once")
        return [entry.document_id for entry in batch]

    got = list(fetch_in_batches(fetch, entries(8), size=Size(8), in_flight=1, counts=BatchCounts()))

    assert [item for items in got for item in items] == [str(n) for n in range(8)]
    assert max(sizes[1:]) < 8


def run(fetch: Callable[[Sequence[ListingEntry]], list[str]], count: int, size: Size) -> list[str]:
    work = fetch_in_batches(fetch, entries(count), size=size, in_flight=1, counts=BatchCounts())
    return [
        f"failed {item.entry.document_id}" if isinstance(item, FetchFailure) else item
        for items in work
        for item in items
    ]


def test_after_a_time_out_batches_have_25_documents_and_grow_back():
    sizes: list[int] = []

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        sizes.append(len(batch))
        if len(sizes) == 1:
            raise SourceUnavailable("no answer in time")
        return [entry.document_id for entry in batch]

    size = Size(50)
    assert len(run(fetch, 1000, size)) == 1000
    assert sizes[:3] == [50, 25, 25]
    assert size.now == 50


def test_a_document_that_always_times_out_is_isolated_and_named():
    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        if any(entry.document_id == "7" for entry in batch):
            raise SourceUnavailable("no answer in time")
        return [entry.document_id for entry in batch]

    got = run(fetch, 50, Size(50))

    assert [item for item in got if item.startswith("failed")] == ["failed 7"]
    assert len(got) == 50


def test_a_vendor_that_is_down_is_given_up_after_two_splits():
    calls = 0

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        nonlocal calls
        calls += 1
        raise SourceUnavailable("no connection")

    with pytest.raises(SourceUnavailable):
        run(fetch, 50, Size(50))
    assert calls <= 5


def test_after_a_rate_limit_batches_have_10_documents():
    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        raise RateLimited("wait")

    size = Size(50)
    with pytest.raises(RateLimited):
        run(fetch, 50, size)
    assert size.now == 10


def test_a_size_that_was_learned_grows_a_step_where_all_went_well_and_not_where_it_failed():
    size = Size(50, 10)
    assert run(lambda batch: [entry.document_id for entry in batch], 20, size)
    assert size.next_time() == 20

    size.halve()
    assert size.next_time() == 5
