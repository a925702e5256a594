"""From a hit to what it is linked with, through real tables."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from pydantic import JsonValue

from sync_assets.chunking.chunk import chunk_document
from sync_assets.following import MOST_FOUND, follow
from sync_assets.index.predicates import Filter
from sync_assets.index.rows import ChunkedDocument, DocumentRow
from sync_assets.links import links_of
from sync_assets.models import Document, Source
from sync_assets.search import search
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets_tests.fakes import FakeClock

SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
SHOP = "https://github.com/acme/shop"


class Desk:
    """A shop's repository and a team's chat, with documents that a test puts in."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.shop = stores.registry.add("github", "Acme/Shop@main", {}, "* * * * *")
        self.chat = stores.registry.add("slack", "C1", {}, "* * * * *")

    def put(
        self,
        name: str,
        text: str,
        *,
        source: Source | None = None,
        stream: str = "issues",
        path: str | None = None,
        links: Sequence[tuple[str, str]] = (),
        names: Sequence[str] = (),
    ) -> None:
        owner = source or self.shop
        told: list[JsonValue] = [{"kind": kind, "target": target} for kind, target in links]
        metadata: dict[str, JsonValue] = {"links": told, "names": [*names]}
        url = f"https://pages.example/{name}"
        document = Document(name, name, "1", f"title of {name}", url, text, path, metadata=metadata)
        chunks = chunk_document(document)
        found = links_of(document, owner, github_url="https://github.com").links
        row = ChunkedDocument(document, chunks, [url for _ in chunks], found)
        vectors = self.stores.embedder.embed([chunk.text for chunk in chunks]).vectors
        with self.stores.leases.hold("test", 60) as lease:
            writer = self.stores.writer(lease)
            writer.write_documents(owner, stream, [DocumentRow(document)], redaction=1)
            writer.replace_chunks(owner, stream, [row], vectors, chunker=1)

    def ways(self, name: str, hops: int = 1) -> list[str]:
        """`hop via direction kind document` of each document found."""
        return [
            f"{each.hop} {each.via} {each.direction} {each.kind} {each.document_id}"
            for each in follow(self.stores, name, hops=hops)
        ]


@pytest.fixture
def desk(settings: Settings, clock: FakeClock) -> Iterator[Desk]:
    with closing(open_stores(settings, clock=clock)) as stores:
        desk = Desk(stores)
        desk.put("issue", "Refunds are late", names=["#3", f"{SHOP}/issues/3"])
        desk.put("file", "def refund(): ...", stream="files", path="src/Refund.py")
        desk.put(
            "pull",
            "Faster refunds",
            stream="pull_requests",
            names=["#4"],
            links=[
                ("closes", f"{SHOP}/issues/3"),
                ("changes", "src/Refund.py"),
                ("commit", SHA),
            ],
        )
        desk.put("deployment", "Production", stream="deployments", links=[("runs", SHA)])
        desk.put("thread", f"broken since {SHA[:8]}, see acme/shop#3", source=desk.chat)
        yield desk


def test_links_lead_both_ways(desk: Desk):
    assert desk.ways("pull") == [
        "1 pull to closes issue",
        "1 pull to touches file",
        "1 pull from runs deployment",
        "1 pull from mentions thread",
    ]
    assert desk.ways("file") == ["1 file from touches pull"]
    assert desk.ways("issue") == ["1 issue from closes pull", "1 issue from mentions thread"]


def test_a_commit_leads_to_its_pull_request_also_abbreviated(desk: Desk):
    assert desk.ways("deployment") == ["1 deployment to runs pull"]
    assert desk.ways("thread") == ["1 thread to mentions pull", "1 thread to mentions issue"]


def test_a_chain_goes_on_hop_by_hop_and_returns_to_nothing(desk: Desk):
    assert desk.ways("deployment", hops=3) == [
        "1 deployment to runs pull",
        "2 pull to closes issue",
        "2 pull to touches file",
        "2 pull from mentions thread",
    ]


def test_a_document_without_links_leads_nowhere(desk: Desk):
    desk.put("lonely", "nothing to see", source=desk.chat)

    assert desk.ways("lonely", hops=3) == []
    assert desk.ways("unknown", hops=3) == []


def test_what_everyone_mentions_is_cut_to_the_nearest(desk: Desk):
    for number in range(2 * MOST_FOUND):
        desk.put(f"echo {number:02}", "see acme/shop#3", source=desk.chat)

    ways = desk.ways("issue", hops=3)

    assert len([way for way in ways if way.startswith("1 ")]) == MOST_FOUND
    assert ways[0] == "1 issue from closes pull"


def test_a_search_follows_only_within_the_sources_searched(desk: Desk):
    def found(only: Filter) -> list[str]:
        hits = search(desk.stores, "late", mode="text", only=only, hops=1).hits
        return [each.document_id for each in hits[0].linked]

    assert found(Filter()) == ["pull", "thread"]
    assert found(Filter(source_ids=[desk.shop.source_id])) == ["pull"]


def test_a_search_that_is_not_asked_to_follow_links_does_not(desk: Desk):
    assert all(not hit.linked for hit in search(desk.stores, "refunds", mode="text").hits)


def test_links_of_a_removed_source_lead_nowhere(desk: Desk):
    desk.stores.registry.delete(desk.chat.source_id)

    assert desk.ways("issue") == ["1 issue from closes pull"]


def test_words_that_are_no_predicate_stay_words(desk: Desk):
    desk.put("quote", "https://example.com/o'brien' OR '1'='1", source=desk.chat)

    assert desk.ways("quote") == []
