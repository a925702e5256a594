"""The demo's story, from vendor to vendor: synced from the sandbox, followed through the index."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from sync_assets.cli.search import HOPS
from sync_assets.connectors.catalog import connector_named
from sync_assets.hits import LinkedDocument
from sync_assets.index.predicates import Filter
from sync_assets.sandbox.access import PUBLIC_READER
from sync_assets.sandbox.demo_world import build_demo_world, client_settings, demo_sources
from sync_assets.sandbox.server import running_sandbox
from sync_assets.search import search
from sync_assets.settings import Settings
from sync_assets.sources import register
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """All sources of the demo, synced once."""
    folder = tmp_path_factory.mktemp("shop")
    with running_sandbox(folder / "sandbox", tokens=PUBLIC_READER) as sandbox:
        build_demo_world(sandbox)
        chosen = {name.lower(): value for name, value in client_settings(sandbox.url).items()}
        settings = Settings.model_validate({"home": folder / "home", "embedder": "hash", **chosen})
        with closing(open_stores(settings)) as stores:
            for name, scope in demo_sources(sandbox):
                source = register(stores.registry, name, scope, settings=settings)
                connector = connector_named(name)
                for stream in connector.streams_of(source):
                    report = sync_stream(StreamSync(stores, source, connector, stream), "full")
                    assert report.index is not None
                    assert not report.index.failures
            yield stores


def ways(stores: Stores, query: str, connector: str) -> dict[str, list[str]]:
    """Of the best hit: each linked document's title -> titles on the way to it."""
    only = Filter(connector=connector)
    (hit,) = search(stores, query, mode="text", limit=1, only=only, hops=HOPS).hits
    known = {linked.document_id: linked for linked in hit.linked}

    def way(linked: LinkedDocument | None) -> list[str]:
        return [] if linked is None else [*way(known.get(linked.via)), linked.title]

    return {linked.title: way(linked) for linked in hit.linked}


def test_a_deployment_leads_by_commit_pull_request_and_ticket_to_the_thread(shop: Stores):
    found = ways(shop, "storefront production reserve stock checkout oversold planes", "vercel")

    thread = next(title for title in found if title.startswith("#storefront: The hand plane"))
    assert found[thread] == [
        "Reserve stock at checkout (#8)",
        "More hand planes are paid for than we have (SHOP-12)",
        thread,
    ]


def test_the_thread_leads_back_to_the_deployment(shop: Stores):
    found = ways(shop, "hand plane sold out three times over", "slack")

    deployment = next(title for title in found if title.startswith("storefront, production"))
    assert found[deployment] == [
        "More hand planes are paid for than we have (SHOP-12)",
        "Reserve stock at checkout (#8)",
        deployment,
    ]


def test_a_failed_deployment_leads_to_who_spoke_of_it(shop: Stores):
    found = ways(shop, "ProductGallery.tsx error TS2741", "vercel")

    first = {title for title, way in found.items() if len(way) == 1}
    assert any(title.startswith("#storefront: Production did not take") for title in first)
    assert "Production was not deployed: Property 'alt' is missing (#11)" in first


def test_a_preview_leads_to_its_pull_request_by_number(shop: Stores):
    found = ways(shop, "gallery-alt preview", "vercel")

    assert found["Give pictures alt (#12)"] == ["Give pictures alt (#12)"]


def test_a_decision_leads_to_the_issue_it_is_about_and_to_who_spoke_of_it(shop: Stores):
    found = ways(shop, "random id in a cookie thirty days privacy", "notion")

    first = {title for title, way in found.items() if len(way) == 1}
    assert "Carts vanish on iPhones after a week (SHOP-14)" in first
    assert any(title.startswith("#storefront: The ninth mail") for title in first)


def test_a_runbook_leads_to_the_change_that_it_speaks_of(shop: Stores):
    found = ways(shop, "first ten minutes hide it stock only confuses the warehouse", "notion")

    assert "Reserve stock at checkout (#8)" in found
    assert any(title.startswith("storefront, production") for title in found)
