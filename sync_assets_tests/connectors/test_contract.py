"""What the engine may rely on, shown of every stream of every connector and of two toys."""

import re
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from sync_assets.connectors.catalog import CONNECTORS
from sync_assets.errors import InvalidSettings, SourceError, SourceRejectedUs, SourceUnavailable
from sync_assets.models import Document
from sync_assets_tests.connectors.synced import GITHUB_TOKEN
from sync_assets_tests.connectors.vendors import OTHER_WAYS, VENDORS, Planted, running_vendor

HEX = re.compile(r"[0-9a-f]{32}")


KINDS = [*VENDORS, *(pytest.param(kind, marks=pytest.mark.chaos) for kind in OTHER_WAYS)]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def synced(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Planted]:
    with running_vendor(request.param, tmp_path) as synced:
        yield synced


@pytest.fixture
def three(synced: Planted) -> list[str]:
    """Three documents, by their handles."""
    return [synced.vendor.create(f"planted{number}") for number in range(3)]


def test_every_stream_of_every_connector_is_shown_here():
    streams = {
        f"{connector.name}{stream.name.replace('_', '')}"
        for connector in CONNECTORS.values()
        for stream in connector.streams
    }

    assert streams <= {kind.__name__.lower() for kind in VENDORS}


def test_life_of_documents_is_followed_and_verify_agrees_at_every_step(
    synced: Planted, three: list[str]
):
    vendor = synced.vendor
    synced.sync("full")
    assert [synced.found(f"planted{number}") for number in range(3)] == [1, 1, 1]
    assert synced.verify().differences == []

    known = vendor.edit(three[0], "edited0")
    vendor.create("planted3")
    synced.sync()
    assert synced.found(known) == 1
    assert synced.found("planted3") == 1
    assert synced.verify().differences == []

    if vendor.deletes:
        vendor.delete(three[1])
    synced.sweep()
    assert synced.found("planted1") == 0 if vendor.deletes else 1
    assert len(synced.texts()) == 4 - vendor.deletes + vendor.noise
    assert synced.verify().differences == []


def test_nothing_is_fetched_or_written_where_nothing_changed(synced: Planted, three: list[str]):
    synced.sync("full")
    synced.sync()
    report = synced.sync()

    documents, index = report.documents, report.index
    assert documents is None or (documents.added, documents.changed, documents.fetched) == (0, 0, 0)
    assert index is None or index.texts_embedded == 0
    assert three


@pytest.mark.parametrize("killed_after", ["list", "documents"])
def test_sync_that_was_killed_is_made_whole_by_the_next(
    synced: Planted, three: list[str], killed_after: str
):
    synced.sync("full")
    known = synced.vendor.edit(three[2], "edited2")
    synced.vendor.create("planted3")
    synced.step(killed_after)
    synced.sync()

    assert synced.found(known) == 1
    assert synced.found("planted3") == 1
    assert synced.verify().differences == []


def test_complete_listing_is_the_same_twice_and_names_each_document_once(
    synced: Planted, three: list[str]
):
    with synced.session() as first, synced.session() as second:
        one, two = first.list(None), second.list(None)

    assert one.complete
    assert {entry.document_id: (entry.key, entry.version) for entry in one.entries} == {
        entry.document_id: (entry.key, entry.version) for entry in two.entries
    }
    assert len({entry.document_id for entry in one.entries}) == len(one.entries)
    assert all(HEX.fullmatch(entry.document_id) for entry in one.entries)
    assert len(one.entries) == len(three) + synced.vendor.noise


def test_watermark_is_understood_by_another_process_that_sees_no_change(
    synced: Planted, three: list[str]
):
    synced.vendor.clock.advance(3_600)
    with synced.session() as session:
        watermark = session.list(None).watermark
    synced.vendor.clock.advance(3_600)
    with synced.session() as session:
        settled = session.list(watermark).watermark
    with synced.session() as session:
        later = session.list(settled)

    assert later.unchanged or not later.complete
    assert three


def test_every_entry_is_fetched_once_by_several_threads_at_a_time(
    synced: Planted, three: list[str]
):
    with synced.session() as session, ThreadPoolExecutor(3) as pool:
        listing = session.list(None)
        entries = [*listing.entries]
        jobs = [pool.submit(list, session.fetch([entry], listing.watermark)) for entry in entries]
        fetched = [each for job in jobs for each in job.result()]

    documents = [each for each in fetched if isinstance(each, Document)]
    assert {each.document_id for each in documents} == {each.document_id for each in entries}
    assert len(documents) == len(entries) == len(three) + synced.vendor.noise
    for each in documents:
        version = {entry.document_id: entry.version for entry in entries}[each.document_id]
        assert each.version == version
        assert each.url.startswith(("https://", "http://"))
        assert each.title
        assert "\0" not in each.text
        assert synced.connector.lines_url(each, 1, 1).startswith(("https://", "http://"))


def test_refused_token_is_one_line_without_the_token_and_loses_nothing(
    synced: Planted, three: list[str]
):
    synced.sync("full")
    synced.vendor.edit(three[0], "edited0")
    synced.vendor.refuse()

    with pytest.raises(SourceRejectedUs) as refused:
        synced.sync()

    message = str(refused.value)
    assert "\n" not in message
    assert GITHUB_TOKEN not in message
    assert "sandbox" not in message.replace(synced.vendor.sandbox.url, "")
    synced.vendor.recover()
    assert len(synced.texts()) == 3 + synced.vendor.noise
    synced.sync()
    assert synced.verify().differences == []


def test_vendor_that_is_down_loses_nothing_and_the_next_sync_is_whole(
    synced: Planted, three: list[str]
):
    synced.sync("full")
    known = synced.vendor.edit(three[0], "edited0")
    synced.vendor.fail()

    with pytest.raises(SourceUnavailable):
        synced.sync()

    synced.vendor.recover()
    synced.sync()
    assert synced.found(known) == 1


def test_listing_of_a_vendor_that_is_down_is_no_empty_listing(synced: Planted, three: list[str]):
    synced.vendor.fail()

    with synced.session() as session, pytest.raises(SourceError):
        list(session.fetch(session.list(None).entries, ""))
    assert three


def test_scope_has_one_spelling_and_a_link(synced: Planted):
    connector, source = synced.connector, synced.source

    assert connector.parse_scope(source.scope) == source.scope
    assert connector.parse_scope(f" {source.scope} ".strip()) == source.scope
    assert connector.link(source, synced.stores.settings).startswith(("https://", "http://"))


@pytest.mark.parametrize("connector", CONNECTORS)
@pytest.mark.parametrize("scope", ["", " ", "a b\nc", "https://", "x" * 3_000])
def test_scope_that_is_none_is_refused_in_one_line(connector: str, scope: str):
    with pytest.raises(InvalidSettings) as refused:
        CONNECTORS[connector].parse_scope(scope)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("connector", CONNECTORS)
def test_setting_that_a_connector_does_not_know_is_refused(connector: str):
    with pytest.raises(ValidationError, match="Extra inputs"):
        CONNECTORS[connector].settings_model.model_validate({"surprise": 1})
