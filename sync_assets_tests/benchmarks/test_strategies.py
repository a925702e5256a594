from benchmarks.outcomes import Fetched
from benchmarks.strategies import StrategiesResult, Strategy


def strategy(transport: str, documents: int, *, refused: str = "") -> Strategy:
    outcome = Fetched(
        unchanged=False,
        documents=documents,
        content_bytes=1,
        list_seconds=0.1,
        seconds=2.0,
        peak_bytes=1,
    )
    calls = {"core": 2, "graphql": 20, "other": 0}
    return Strategy(transport, 1_000, outcome, calls, 1, refused, 7)


def test_strategy_that_meets_a_limit_says_where_it_stopped_and_is_compared_with_nothing():
    stopped = strategy("blobs", 900, refused="core, secondary")
    [_, row] = StrategiesResult([strategy("git", 1_000), stopped]).tables()[0].rows

    assert row[-1] == "**stops at 900 files** (core, secondary)"
    assert row[3] == ""


def test_strategy_that_lost_a_file_misses_its_claim():
    result = StrategiesResult([strategy("git", 1_000), strategy("graphql", 999)])

    missed = [claim.text for claim in result.claims() if not claim.met]

    assert "files not read of 1,000 files by graphql" in missed
