"""Links in the index: equal to what the documents say, whatever happens to the documents."""

from collections.abc import Callable

import lancedb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from sync_assets.models import document_id
from sync_assets_tests import oracle
from sync_assets_tests.sync.test_verify import again, open_table
from sync_assets_tests.toy import Toy

TARGETS = {
    "ENG-42": "ticket:ENG-42",
    "OPS-7": "ticket:OPS-7",
    "acme/shop#3": "github:acme/shop#3",
    "https://example.com/page": "https://example.com/page",
    "0a1b2c3d4e": "commit:0a1b2c3d4e",
}
MENTIONS = st.lists(st.sampled_from(sorted(TARGETS)), max_size=4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abcd"), MENTIONS),
        st.tuples(st.just("rename"), st.sampled_from("abcd"), st.sampled_from("efgh")),
        st.tuples(st.just("remove"), st.sampled_from("abcdefgh"), st.none()),
    ),
    max_size=6,
)


def _expected(toy: Toy) -> set[tuple[str, str, str]]:
    """By the words that the tests planted, without our rules."""
    return {
        (document_id("toy", toy.source.identity, "notes", name), "mentions", TARGETS[word])
        for name, text in toy.world.notes.items()
        for word in text.split()
        if word in TARGETS
    }


def _stored(toy: Toy) -> list[tuple[str, str, str]]:
    rows = oracle.rows(toy.stores.settings.index_uri, "links", toy.source.source_id)
    return [(row["document_id"], row["kind"], row["target"]) for row in rows]


def _equal(toy: Toy) -> bool:
    stored = _stored(toy)
    return len(stored) == len(set(stored)) and set(stored) == _expected(toy)


@limits(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(STEPS, min_size=1, max_size=3))
def test_links_follow_every_edit_rename_and_removal(toy: Toy, rounds: list[list[tuple[str, ...]]]):
    toy.world.notes = {"kept": "kept ENG-42", "also": "also kept"}
    toy.world.content_proven = True
    toy.sync()
    for steps in rounds:
        for kind, name, change in steps:
            if kind == "write":
                toy.world.notes[name] = f"{name} " + " ".join(change)
            elif name in toy.world.notes:
                text = toy.world.notes.pop(name)
                if kind == "rename":
                    toy.world.notes[change] = text
        toy.sync()

        assert _equal(toy)
        assert toy.differences() == []
    assert toy.verify().equal


def missing_link(toy: Toy) -> None:
    open_table(toy, "links").delete("target = 'ticket:ENG-42'")


def extra_link(toy: Toy) -> None:
    again(open_table(toy, "links"), "target = 'ticket:ENG-42'", link_id="f" * 32, target="x")


def orphan_link(toy: Toy) -> None:
    where = "target = 'ticket:ENG-42'"
    again(open_table(toy, "links"), where, link_id="f" * 32, document_id="f" * 32)


def double_link(toy: Toy) -> None:
    again(open_table(toy, "links"), "target = 'ticket:ENG-42'")


@pytest.mark.parametrize("corrupt", [missing_link, extra_link, orphan_link, double_link])
def test_verify_names_a_wrong_link_and_mends_it(toy: Toy, corrupt: Callable[[Toy], None]):
    toy.world.notes["a"] = "see ENG-42"
    toy.sync()
    corrupt(toy)

    (found,) = toy.verify().differences
    assert found.kind == ("missing_link" if corrupt is missing_link else "extra_link")

    assert toy.verify(repair=True).equal
    assert _equal(toy)


def test_documents_without_links_cost_no_commit(toy: Toy):
    toy.sync()
    assert "links" not in toy.versions()

    toy.world.notes["a"] = "see ENG-42"
    toy.sync()
    before = toy.versions()["links"]
    toy.world.notes["b"] = "changed, and names nothing"
    toy.sync()

    assert toy.versions()["links"] == before


def test_an_index_of_older_rules_gets_its_links_and_embeds_nothing(toy: Toy):
    toy.world.notes["a"] = "see ENG-42"
    toy.sync()
    uri = toy.stores.settings.index_uri
    lancedb.connect(uri).drop_table("links")
    open_table(toy, "chunks").update(values={"chunker": 1})

    report = toy.sync("full")

    assert report.index is not None
    assert (report.index.texts_embedded, report.index.links_written) == (0, 1)
    assert _equal(toy)


def test_a_killed_commit_of_chunks_leaves_nothing_behind_for_long(toy: Toy):
    toy.world.notes["a"] = "see ENG-42"
    toy.sync()
    toy.world.notes["a"] = "see OPS-7"
    toy.step("list")
    toy.step("documents")
    open_table(toy, "links").update(  # as if killed between the links' commit and the chunks'
        where="target = 'ticket:ENG-42'", values={"target": "ticket:OPS-7"}
    )

    toy.sync()

    assert _equal(toy)
    assert toy.verify().equal


def test_a_removed_source_leaves_no_link(toy: Toy):
    from sync_assets.sync.removal import remove_source
    from sync_assets_tests.toy import ToyConnector

    toy.world.notes["a"] = "see ENG-42"
    toy.sync()

    remove_source(toy.stores, toy.source, ToyConnector(toy.world))

    assert _stored(toy) == []
