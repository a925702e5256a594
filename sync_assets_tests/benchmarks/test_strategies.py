import pytest

from benchmarks.outcomes import Fetched
from benchmarks.strategies import StrategiesResult, Strategy

BLOB = "GET http://127.0.0.1:1/api/v3/repos/o/n/git/blobs/0a1b"


def strategy(transport: str, documents: int, *, limited: str = "") -> Strategy:
    outcome = Fetched(
        unchanged=False,
        documents=documents,
        content_bytes=1,
        list_seconds=0.1,
        seconds=2.0,
        peak_bytes=1,
        limited=limited,
    )
    calls = {"core": 2, "graphql": 20, "other": 0}
    return Strategy(transport, 1_000, outcome, calls, 1, 7)


@pytest.mark.parametrize(
    ("limited", "who"),
    [
        (
            f"{BLOB}: its rate budget `core` is used up, until 2026-01-01 13:00:00 UTC",
            "our own: its rate budget `core` is used up",
        ),
        (f"{BLOB}: GitHub's rate limit, until 13:00:00 UTC", "the server: GitHub's rate limit"),
        (f"{BLOB}: HTTP 429: too many requests", "the server: HTTP 429: too many requests"),
    ],
)
def test_strategy_that_meets_a_limit_says_where_and_by_whom_it_was_stopped(limited: str, who: str):
    stopped = strategy("blobs", 900, limited=limited)
    [_, row] = StrategiesResult([strategy("git", 1_000), stopped]).tables()[0].rows

    assert row[-1] == f"**stops at 900 files** ({who})"
    assert row[3] == ""


def test_strategy_that_lost_a_file_misses_its_claim():
    result = StrategiesResult([strategy("git", 1_000), strategy("graphql", 999)])

    missed = [claim.text for claim in result.claims() if not claim.met]

    assert "files not read of 1,000 files by graphql" in missed
