from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.control.database import ControlDatabase
from sync_assets.control.failures import Failures, next_try
from sync_assets.control.registry import Registry
from sync_assets.errors import RateLimited, SourceUnavailable, UnknownSource
from sync_assets.models import FetchFailure, ListingEntry, Source
from sync_assets_tests.fakes import FakeClock

ID = "github:owner/name"
KEY = (ID, "files")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def failures(database: ControlDatabase, clock: FakeClock, source: Source) -> Failures:
    return Failures(database, clock, jitter=lambda: 0.5)


def failure(
    document_id: str = "d1", version: str = "v1", error: Exception | None = None
) -> FetchFailure:
    entry = ListingEntry(document_id, f"src/{document_id}.py", version, "blob")
    return FetchFailure(entry, error or SourceUnavailable("the network is down"))


def test_a_failed_document_is_remembered_with_its_reason(failures: Failures, clock: FakeClock):
    failures.record(*KEY, [failure()])
    (row,) = failures.list(ID)
    assert (row.document_id, row.key, row.version) == ("d1", "src/d1.py", "v1")
    assert (row.error, row.message) == ("SourceUnavailable", "the network is down")
    assert (row.attempts, row.first_at, row.last_at) == (1, clock(), clock())
    assert row.next_try_at == clock() + timedelta(seconds=10)


def test_attempts_add_up_until_the_version_changes(failures: Failures, clock: FakeClock):
    first_at = clock()
    for _ in range(3):
        failures.record(*KEY, [failure()])
        clock.advance(30)
    (row,) = failures.list()
    assert (row.attempts, row.first_at) == (3, first_at)

    failures.record(*KEY, [failure(version="v2")])
    (row,) = failures.list()
    assert (row.attempts, row.version, row.first_at) == (1, "v2", clock())


def test_a_document_listed_twice_in_a_batch_fails_once(failures: Failures):
    failures.record(*KEY, [failure(), failure(version="v2")])
    (row,) = failures.list()
    assert (row.attempts, row.version) == (1, "v2")


def test_waits_double_to_five_minutes_and_are_hourly_then():
    waits = [(next_try(n, NOW, 0.5) - NOW).total_seconds() for n in range(1, 8)]
    assert waits == [10, 20, 40, 80, 160, 3600, 3600]


@given(attempts=st.integers(1, 10_000), jitter=st.floats(0, 1))
def test_a_wait_is_never_shorter_than_8_seconds_nor_longer_than_72_minutes(
    attempts: int, jitter: float
):
    wait = (next_try(attempts, NOW, jitter) - NOW).total_seconds()
    assert 8 <= wait <= 72 * 60


def test_the_vendors_word_on_when_to_retry_counts_where_it_is_later(
    failures: Failures, clock: FakeClock
):
    soon, late = clock() + timedelta(seconds=1), clock() + timedelta(hours=2)
    failures.record(*KEY, [failure("a", error=RateLimited("slow down", retry_at=late))])
    failures.record(*KEY, [failure("b", error=RateLimited("slow down", retry_at=soon))])
    assert {row.document_id: row.next_try_at for row in failures.list()} == {
        "a": late,
        "b": clock() + timedelta(seconds=10),
    }


def test_the_text_of_a_foreign_error_is_not_stored(failures: Failures):
    # It may hold a piece of the document, and with it a secret that redaction never saw.
    failures.record(*KEY, [failure(error=KeyError("ghp_planted"))])
    (row,) = failures.list()
    assert (row.error, row.message) == ("KeyError", "Unexpected: see the log of the run")


def test_a_message_and_a_key_are_stored_as_readable_lines(failures: Failures):
    entry = ListingEntry("d1", "bad\udcff\0name", "v1", "blob")
    failures.record(*KEY, [FetchFailure(entry, SourceUnavailable("one\ntwo\0"))])
    (row,) = failures.list()
    assert row.key == "bad?\N{REPLACEMENT CHARACTER}name"
    assert row.message == "one two\N{REPLACEMENT CHARACTER}"


def test_only_what_is_due_is_taken_up_longest_waiting_first(failures: Failures, clock: FakeClock):
    failures.record(*KEY, [failure("a"), failure("b")])
    failures.record(*KEY, [failure("a")])
    assert failures.due(clock()) == ()
    clock.advance(10)
    assert [row.document_id for row in failures.due(clock())] == ["b"]
    clock.advance(10)
    assert [row.document_id for row in failures.due(clock())] == ["b", "a"]


def test_nothing_is_due_for_a_source_that_is_not_active(
    failures: Failures, registry: Registry, clock: FakeClock
):
    failures.record(*KEY, [failure()])
    clock.advance(10)
    registry.pause(ID)
    assert failures.due(clock()) == ()
    registry.resume(ID)
    assert len(failures.due(clock())) == 1


def test_an_operator_can_have_it_tried_at_once(failures: Failures, clock: FakeClock):
    failures.record(*KEY, [failure("a"), failure("b")])
    failures.retry_now(["a", "unknown"])
    assert [row.document_id for row in failures.due(clock())] == ["a"]


def test_a_document_that_was_read_is_struck_out(failures: Failures):
    failures.record(*KEY, [failure("a"), failure("b")])
    failures.resolve(["b", "never failed"])
    failures.resolve([])
    assert failures.outstanding(*KEY) == {"a"}


def test_each_stream_has_its_own_outstanding_documents(failures: Failures):
    failures.record(*KEY, [failure("a")])
    failures.record(ID, "issues", [failure("b")])
    assert failures.outstanding(*KEY) == {"a"}
    assert failures.outstanding(ID, "issues") == {"b"}
    assert failures.outstanding("nobody", "files") == set()
    assert failures.list("nobody") == ()


def test_thousands_of_documents_may_fail_at_once(failures: Failures):
    ids = [f"d{n}" for n in range(1_300)]
    for _ in range(2):
        failures.record(*KEY, [failure(document_id) for document_id in ids])
    assert failures.outstanding(*KEY) == set(ids)
    assert {row.attempts for row in failures.list()} == {2}
    failures.retry_now(ids)
    failures.resolve(ids)
    assert failures.list() == ()


def test_failures_of_a_source_that_is_gone_are_not_stored(failures: Failures, registry: Registry):
    registry.delete(ID)
    with pytest.raises(UnknownSource, match="removed meanwhile"):
        failures.record(*KEY, [failure()])
