from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.control.filing import Incoming
from sync_assets.errors import InvalidSettings
from sync_assets.index.predicates import Filter
from sync_assets.search import SearchMode, blend, search
from sync_assets_tests.toy import Toy

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 20), max_size=8)


@given(SCORES, SCORES)
def test_a_blend_ranks_every_candidate_once_between_zero_and_one(
    cosines: dict[str, float], bm25: dict[str, float]
):
    ranked = blend(cosines, bm25, mode="hybrid")

    assert {key for key, _ in ranked} == cosines.keys() | bm25.keys()
    assert all(0 <= score <= 1 for _, score in ranked)
    assert ranked == sorted(ranked, key=lambda item: (-item[1], item[0]))


def test_what_both_lists_put_first_is_first():
    ranked = blend({"a": 0.9, "b": 0.5, "c": 0.1}, {"a": 7.0, "c": 6.0}, mode="hybrid")

    assert [key for key, _ in ranked] == ["a", "c", "b"]


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_a_note_is_found_by_its_words(toy: Toy, mode: SearchMode):
    toy.sync()

    answer = search(toy.stores, "red fish", mode=mode, limit=1)

    (hit,) = answer.hits
    assert (hit.title, hit.text) == ("c", "red fish")
    assert (hit.start_line, hit.end_line) == (1, 1)
    assert hit.url == "https://toy.example/c#L1-L1"
    assert hit.stale == "false"
    assert hit.verified_at == toy.stores.clock()


def test_an_identifier_is_found_by_its_parts(toy: Toy):
    toy.world.notes["handler"] = "def retryPaymentWebhook(): pass"
    toy.sync()

    answer = search(toy.stores, "payment webhook", mode="text")

    assert answer.hits[0].title == "handler"


def test_a_hit_says_that_a_newer_version_could_not_be_fetched(toy: Toy):
    toy.sync()
    toy.world.notes["a"] = "changed and broken"
    toy.world.broken = {"a"}
    toy.sync()

    (hit,) = search(toy.stores, "one", mode="text").hits

    assert hit.stale == "true"
    assert hit.stale_because == "a newer version is listed and could not be fetched"


def test_a_hit_of_a_source_not_seen_for_two_periods_is_of_unknown_freshness(toy: Toy):
    toy.sync()
    toy.clock.advance(timedelta(minutes=46).total_seconds())

    (hit,) = search(toy.stores, "red", mode="text").hits

    assert hit.stale == "unknown"


def test_a_hit_of_a_paused_source_says_so(toy: Toy):
    toy.sync()
    toy.stores.registry.pause(toy.source.source_id)

    (hit,) = search(toy.stores, "red", mode="text").hits

    assert (hit.stale, hit.stale_because) == ("unknown", "the source is paused")


@pytest.mark.parametrize(
    ("streams", "stale"), [(["notes"], "true"), ([], "true"), (["files"], "false")]
)
def test_a_hit_says_that_a_webhook_told_of_a_change_until_it_is_brought_in(
    toy: Toy, streams: list[str], stale: str
):
    toy.sync()
    inbox = toy.stores.inbox
    inbox.store([Incoming("toy", "1", "push", lambda _: True, streams)])

    (hit,) = search(toy.stores, "red", mode="text").hits
    assert hit.stale == stale

    (delivery,) = inbox.newest(toy.source.source_id)
    inbox.claim([delivery.number], "a run")
    (hit,) = search(toy.stores, "red", mode="text").hits
    assert hit.stale == stale

    inbox.done([delivery], "a run", toy.clock())
    (hit,) = search(toy.stores, "red", mode="text").hits
    assert (hit.stale, hit.stale_because) == ("false", None)


def test_filters_limit_what_is_found(toy: Toy):
    toy.sync()

    paths = {hit.path for hit in search(toy.stores, "fish", only=Filter(path="[ab].txt")).hits}
    elsewhere = search(toy.stores, "fish", only=Filter(connector="github")).hits
    unregistered = search(toy.stores, "fish", only=Filter(source_ids=["toy:other"])).hits

    assert paths <= {"a.txt", "b.txt"}
    assert elsewhere == unregistered == []


def test_nothing_indexed_finds_nothing(toy: Toy):
    assert search(toy.stores, "anything").hits == []


def test_an_empty_query_is_refused(toy: Toy):
    with pytest.raises(InvalidSettings, match="empty"):
        search(toy.stores, "  ")
