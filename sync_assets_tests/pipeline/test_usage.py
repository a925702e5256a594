"""What runs say of the vendor's API, against the sandbox's own count."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from pydantic import AnyHttpUrl, JsonValue, SecretStr

from sync_assets.connectors.github.connector import GitHub
from sync_assets.definitions import definitions_of
from sync_assets.http.clients import HttpClients
from sync_assets.http.kept import KeptAnswers
from sync_assets.http.policy import rules_of
from sync_assets.models import Source
from sync_assets.pipeline.resources import GivenStores
from sync_assets.pipeline.tags import TRIGGER, UNFINISHED
from sync_assets.sandbox.github.limits import Limits
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets.status import budgets
from sync_assets.stores import Stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.pipeline.conftest import QUIET

TOKEN = "ghs_sandbox"


class TimedStores(GivenStores):
    """Whose calls wait by the clock that the test moves, and by no other."""

    def __init__(self, settings: Settings, clock: FakeClock) -> None:
        super().__init__(settings, clock=clock)
        self._timed = clock

    @contextmanager
    def open(self) -> Generator[Stores]:
        with super().open() as stores:
            stores.http = HttpClients(
                budgets=stores.budgets,
                rules=rules_of(self.settings),
                clock=self._timed,
                monotonic=self._timed.monotonic,
                sleep=self._timed.advance,
                kept=KeptAnswers(self.settings.home / "http.db", clock=self._timed),
            )
            yield stores


@dataclass
class Office:
    """A repository with a tracker, and its source."""

    sandbox: Sandbox
    stores: Stores
    source: Source
    given: GivenStores
    defs: dg.Definitions
    instance: dg.DagsterInstance

    def run(self, trigger: str = "manual") -> dg.ExecuteInProcessResult:
        self.sandbox.requests.clear()
        return self.defs.resolve_job_def("sync_github").execute_in_process(
            instance=self.instance,
            partition_key=self.source.scope,
            resources={"stores": self.given},
            tags={TRIGGER: trigger},
            run_config=QUIET,
            raise_on_error=False,
        )

    def indexed(self) -> int:
        return sum(
            len(self.stores.reader.chunks_stored(self.source.source_id, stream))
            for stream in ("files", "issues")
        )


def numbers(result: dg.ExecuteInProcessResult) -> dict[str, int]:
    """Of all assets of a run together; of what is left, the last word."""
    records = [
        *(event.materialization for event in result.get_asset_materialization_events()),
        *(
            event.asset_observation_data.asset_observation
            for event in result.get_asset_observation_events()
        ),
    ]
    found: dict[str, int] = {}
    for record in records:
        for name, value in record.metadata.items():
            if isinstance(value, dg.IntMetadataValue) and name.startswith(("api_", "github_")):
                counted = value.value or 0
                found[name] = (
                    min(found.get(name, counted), counted)
                    if name.endswith("_left")
                    else found.get(name, 0) + counted
                )
    return found


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock, instance: dg.DagsterInstance) -> Iterator[Office]:
    limits = Limits(clock=lambda: clock().timestamp())
    with running_sandbox(
        tmp_path / "served", tokens={TOKEN: ("acme/*",)}, clock=clock, limits=limits
    ) as sandbox:
        repository = sandbox.repositories.create("acme/shop")
        repository.commit({f"{number}.md": f"# Page {number}\n" for number in range(30)})
        for number in range(5):
            sandbox.trackers.of(repository).open_issue(f"Issue {number}", "It is broken.")
        settings = Settings(
            home=tmp_path / "home",
            embedder="hash",
            github_web_url=AnyHttpUrl(sandbox.url),
            github_api_url=AnyHttpUrl(f"{sandbox.url}/api/v3"),
            github_token=SecretStr(TOKEN),
        )
        given = TimedStores(settings, clock)
        with given.open() as stores:
            options: dict[str, JsonValue] = {"streams": ["files", "issues"], "transport": "blobs"}
            checked = GitHub.settings_model.model_validate(options).model_dump(mode="json")
            source = stores.registry.add("github", "acme/shop", checked, "*/15 * * * *")
            instance.add_dynamic_partitions("github_sources", ["acme/shop"])
            defs = definitions_of([GitHub()], settings)
            yield Office(sandbox, stores, source, given, defs, instance)


def test_a_runs_numbers_are_those_that_the_vendor_counts(office: Office):
    first = office.run()

    asked = [each for each in office.sandbox.requests if each.path.startswith("/api/")]
    told, spent = numbers(first), office.sandbox.limits.spent
    assert first.success
    assert told["api_calls"] == len(asked)
    assert told["api_bytes"] == sum(each.bytes_out for each in asked)
    assert told["github_core_points"] == told["github_core_calls"] == spent["core"] > 30
    assert told["github_graphql_points"] == spent["graphql"] > 0
    assert told["github_core_left"] == 5000 - spent["core"]
    assert told["github_graphql_left"] == 5000 - spent["graphql"]

    second = office.run()
    asked = [each for each in office.sandbox.requests if each.path.startswith("/api/")]
    assert numbers(second)["api_calls"] == len(asked) <= 4
    assert "github_core_left" in numbers(second)


def test_run_that_a_webhook_asked_for_is_told_nothing_by_answers_that_are_kept(office: Office):
    def feed(trigger: str) -> list[int]:
        assert office.run(trigger).success
        asked = office.sandbox.requests
        return [each.status for each in asked if each.service == "issue-comments"]

    source = office.source
    settings: dict[str, JsonValue] = {**source.settings, "streams": ["issues"]}
    office.stores.registry.edit(source.source_id, settings=settings)
    office.run()

    assert [feed("schedule") for _ in range(2)] == [[200], [304]]
    assert feed("webhook") == [200]


def test_a_budget_that_is_used_up_ends_the_run_well_holds_no_slot_and_loses_nothing(
    office: Office, clock: FakeClock
):
    office.sandbox.limits.core = 50
    began = clock()
    first = office.run()

    unfinished = office.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    assert first.success
    assert unfinished == []
    assert office.sandbox.limits.refused == []
    assert 0 < office.sandbox.limits.spent["core"] <= 25  # of a budget so small half is kept
    (core,) = [row for row in budgets(office.stores) if row.resource == "core"]
    assert (core.limit, core.remaining, core.reserve) == (50, 50 - core.spent, 25)
    assert core.waits_until is not None
    assert timedelta(minutes=59) < core.waits_until - began <= timedelta(minutes=61)

    runs = 1
    while office.indexed() < 35 and runs < 6:
        clock.advance(3700)
        assert office.run().success
        assert office.run().success
        runs += 1
    assert office.sandbox.limits.refused == []
    assert office.indexed() == 35
