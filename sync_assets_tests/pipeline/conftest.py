"""Pipelines of toy vendors: real definitions, a real Dagster instance, real stores."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from sync_assets.connectors.github.connector import GitHub
from sync_assets.definitions import definitions_of
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.keys import mode_config
from sync_assets.pipeline.outcome import record_outcome
from sync_assets.pipeline.resources import GivenStores
from sync_assets.settings import Settings
from sync_assets.stores import Stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.toy import ToyConnector, World
from sync_assets_tests.toy_feed import Tracker, TrackerConnector

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class Pipeline:
    """What a test does with it, in the place of Dagster's daemon."""

    defs: dg.Definitions
    instance: dg.DagsterInstance
    given: GivenStores
    stores: Stores
    world: World
    clock: FakeClock

    def register(self, scope: str = "team", *, cron: str = "*/15 * * * *") -> Source:
        """A source in the registry, and its partition."""
        source = self.stores.registry.add("toy", scope, {}, cron)
        self.instance.add_dynamic_partitions("toy_sources", [scope])
        return source

    def run(
        self,
        job: str = "sync_toy",
        scope: str | None = "team",
        *,
        marks: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        selection: Sequence[dg.AssetKey] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Execute a job, whatever becomes of it."""
        whole = self.defs.resolve_job_def(job)
        part = whole.get_subset(asset_selection={*selection}) if selection else whole
        return part.execute_in_process(
            instance=self.instance,
            partition_key=scope,
            resources={"stores": self.given},
            tags=dict(marks or {}),
            run_config={**(config or {}), **QUIET},
            raise_on_error=False,
        )

    def tick(self, sensor: str, *, cursor: str | None = None) -> dg.SensorResult:
        """What the sensor answers, its partitions added and removed as the daemon would."""
        context = dg.build_sensor_context(
            instance=self.instance, resources={"stores": self.given}, cursor=cursor
        )
        answer = self.defs.resolve_sensor_def(sensor)(context)
        if isinstance(answer, dg.SkipReason):
            return dg.SensorResult(skip_reason=answer)
        assert isinstance(answer, dg.SensorResult)
        for request in answer.dynamic_partitions_requests or ():
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions(
                    request.partitions_def_name, request.partition_keys
                )
            else:
                for key in request.partition_keys:
                    self.instance.delete_dynamic_partition(request.partitions_def_name, key)
        return answer

    def launch(self, requests: Sequence[dg.RunRequest] | None) -> list[dg.ExecuteInProcessResult]:
        """Execute what a tick asked for, each run key once, as the daemon would."""
        results: list[dg.ExecuteInProcessResult] = []
        for request in requests or ():
            assert request.job_name is not None
            assert request.run_key is not None
            known = dg.RunsFilter(tags={tags.RUN_KEY: request.run_key})
            if self.instance.get_runs(known):
                continue
            results.append(
                self.run(
                    request.job_name,
                    request.partition_key,
                    marks={**request.tags, tags.RUN_KEY: request.run_key},
                    config=request.run_config,
                    selection=request.asset_selection,
                )
            )
        return results

    def busy(self) -> list[str]:
        """Runs that hold a slot, or wait for one."""
        unfinished = self.instance.get_runs(dg.RunsFilter(statuses=tags.UNFINISHED))
        return [run.run_id for run in unfinished]

    def partitions(self) -> list[str]:
        return sorted(self.instance.get_dynamic_partitions("toy_sources"))

    def pretend_running(
        self,
        scope: str,
        marks: Mapping[str, str] | None = None,
        status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
    ) -> dg.DagsterRun:
        """A run of the source that some other process executes, or that is queued."""
        place = InProcessCodeLocationOrigin(
            LoadableTargetOrigin(executable_path=sys.executable), location_name="toys"
        )
        origin = RemoteJobOrigin(RemoteRepositoryOrigin(place, "__repository__"), "sync_toy")
        return self.instance.create_run_for_job(
            self.defs.resolve_job_def("sync_toy"),
            status=status,
            tags={tags.PARTITION: scope, **(marks or {})},
            remote_job_origin=origin,
            job_code_origin=None,
        )


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> tuple[dg.Definitions, World]:
    """The toy vendor's definitions, built once; each test has its world anew."""
    world = World()
    settings = Settings(home=tmp_path_factory.mktemp("home"), embedder="hash")
    return definitions_of([ToyConnector(world)], settings), world


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """In memory: a schedule's test alone needs one on disk."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def pipeline(
    toy: tuple[dg.Definitions, World],
    instance: dg.DagsterInstance,
    settings: Settings,
    clock: FakeClock,
) -> Iterator[Pipeline]:
    defs, world = toy
    vars(world).update(vars(World(notes={"one": "The first note.", "two": "The second note."})))
    with ExitStack() as stack:
        given = GivenStores(settings, clock=clock)
        yield Pipeline(
            defs=defs,
            instance=instance,
            given=given,
            stores=stack.enter_context(given.open()),
            world=world,
            clock=clock,
        )


@dataclass
class Desk:
    """A pipeline of one source with tickets and replies."""

    pipeline: Pipeline
    source: Source
    tickets: Tracker
    replies: Tracker

    def run(
        self, scope: str = "desk", marks: Mapping[str, str] | None = None, *, full: bool = False
    ) -> dg.ExecuteInProcessResult:
        config = mode_config(TrackerConnector(self.tickets), "full" if full else "incremental")
        result = self.pipeline.run("sync_tracker", scope, marks=marks, config=config)
        record_outcome(self.pipeline.stores, self.pipeline.instance, result.run_id)
        return result

    def add(self, scope: str) -> Source:
        """Another source, which sees the same tickets."""
        self.pipeline.instance.add_dynamic_partitions("tracker_sources", [scope])
        return self.pipeline.stores.registry.add("tracker", scope, {}, "*/15 * * * *")

    def due(self, sensor: str) -> list[dg.RunRequest]:
        return list(self.pipeline.tick(sensor).run_requests or ())


@pytest.fixture(scope="session")
def loaded(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dg.Definitions, TrackerConnector]:
    connector = TrackerConnector(Tracker())
    settings = Settings(home=tmp_path_factory.mktemp("home"), embedder="hash")
    return definitions_of([connector], settings), connector


@pytest.fixture(scope="session")
def github(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """GitHub's definitions; where it is, is a matter of the stores."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), embedder="hash")
    return definitions_of([GitHub()], settings)


@pytest.fixture
def desk(
    loaded: tuple[dg.Definitions, TrackerConnector],
    instance: dg.DagsterInstance,
    settings: Settings,
    clock: FakeClock,
) -> Iterator[Desk]:
    defs, connector = loaded
    tickets, replies = Tracker(), Tracker()
    connector.worlds = {"tickets": tickets, "replies": replies}
    for name in ("a", "b"):
        tickets.write(name, f"ticket {name}")
        replies.write(name, f"reply {name}")
    with ExitStack() as stack:
        given = GivenStores(settings, clock=clock)
        stores = stack.enter_context(given.open())
        source = stores.registry.add("tracker", "desk", {}, "*/15 * * * *")
        instance.add_dynamic_partitions("tracker_sources", ["desk"])
        pipeline = Pipeline(defs, instance, given, stores, World(), clock)
        yield Desk(pipeline, source, tickets, replies)
