import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.errors import PageTooLarge, SourceUnavailable, UnexpectedPayload
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
        fetch, entries(count), size=size, in_flight=in_flight, counts=counts
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

    got = list(fetch_in_batches(fetch, entries(30), size=5, in_flight=3, counts=BatchCounts()))

    assert most == 3
    assert sum(len(items) for items in got) == 30


def test_an_outage_is_raised_after_the_batches_in_flight_were_yielded():
    both = threading.Barrier(2, timeout=10)

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        both.wait()
        if batch[0].document_id == "0":
            raise SourceUnavailable("the vendor is down")
        return [entry.document_id for entry in batch]

    got: list[object] = []
    work = fetch_in_batches(fetch, entries(4), size=2, in_flight=2, counts=BatchCounts())
    with pytest.raises(SourceUnavailable, match="the vendor is down"):
        got.extend(item for items in work for item in items)

    assert got == ["2", "3"]


def test_a_batch_that_is_too_large_is_halved_until_it_fits():
    sizes: list[int] = []

    def fetch(batch: Sequence[ListingEntry]) -> list[str]:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise PageTooLarge("too much at once")
        return [entry.document_id for entry in batch]

    got = list(fetch_in_batches(fetch, entries(8), size=8, in_flight=1, counts=BatchCounts()))

    assert [item for items in got for item in items] == [str(n) for n in range(8)]
    assert max(sizes[1:]) < 8
