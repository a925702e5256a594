"""A pipeline of the toy vendor: real definitions, a real Dagster instance, real stores."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from sync_assets.definitions import definitions_of
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.resources import GivenStores
from sync_assets.settings import Settings
from sync_assets.stores import Stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.toy import ToyConnector, World

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
    ) -> dg.ExecuteInProcessResult:
        """Execute a job, whatever becomes of it."""
        return self.defs.resolve_job_def(job).execute_in_process(
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
                )
            )
        return results

    def partitions(self) -> list[str]:
        return sorted(self.instance.get_dynamic_partitions("toy_sources"))

    def pretend_running(self, scope: str, marks: Mapping[str, str] | None = None) -> dg.DagsterRun:
        """A run of the source that some other process executes."""
        return self.instance.create_run_for_job(
            self.defs.resolve_job_def("sync_toy"),
            status=dg.DagsterRunStatus.STARTED,
            tags={tags.PARTITION: scope, **(marks or {})},
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
