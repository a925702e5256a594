"""Calls that are lost, repeated, reordered and forged, and a run that dies leave nothing behind."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import JsonValue

from sync_assets import sources
from sync_assets.control.inbox import ENDED
from sync_assets.pipeline.resources import GivenStores, Report
from sync_assets.sandbox.post import Mishaps
from sync_assets_tests.connectors.github import trackers
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.pipeline.shop import NAME, Shop, open_shop
from sync_assets_tests.webhooks.story import Story


class Mortal(GivenStores):
    """Of a process that dies between two steps of its run, once."""

    dies = False

    def take(self, stream: str, report: Report) -> None:
        super().take(stream, report)
        if self.dies and report.seconds:
            self.dies = False
            raise MemoryError("the process is gone")


def differences(shop: Shop) -> list[str]:
    index = shop.pipeline.given.settings.index_uri
    return trackers.differences(index, shop.source_id, shop.sandbox.trackers.of(NAME))


def test_whatever_befalls_calls_and_runs_every_delivery_ends_and_the_index_is_the_sandbox(
    tmp_path: Path, github: dg.Definitions, instance: dg.DagsterInstance, clock: FakeClock
):
    clock.now = datetime.now(UTC)
    streams: list[JsonValue] = ["pull_requests", "issues"]
    with open_shop(tmp_path, github, instance, clock, given=Mortal, streams=streams) as shop:
        post, given = shop.sandbox.post, shop.pipeline.given
        assert isinstance(given, Mortal)
        story = Story(shop.sandbox, shop.repository, seed=7)
        post.mishaps = Mishaps(7, lost=0.2, refused=0.1, twice=0.2, late=0.3, forged=0.3)
        outcomes: list[bool] = []
        for dies in (True, False):
            story.go_on(12)
            given.dies = dies
            outcomes += shop.bring_in()
            clock.advance(400)
        sources.trigger(shop.pipeline.stores.registry, shop.source_id, "full")
        outcomes += shop.bring_in()
        asked_again = shop.bring_in()

        assert (outcomes[0], outcomes[1:]) == (False, [True] * (len(outcomes) - 1))
        assert asked_again == []
        assert {each.state for each in shop.pipeline.stores.inbox.newest()} <= ENDED
        kinds = {sent.kind for sent in post.sent}
        assert {"letter", "copy", "altered body", "altered signature", "another id"} == kinds
        assert differences(shop) == []
