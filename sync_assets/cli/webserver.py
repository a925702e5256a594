"""What we ask Dagster's webserver, over its GraphQL API: is it ready, and how do its runs fare?"""

from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import BaseModel, Field

from sync_assets.errors import SyncAssetsError

_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
_DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { required healthy } } } }"
_RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"

_Data = dict[str, Any]  # what GraphQL answers; each part is validated where it is used


class _Tag(BaseModel):
    key: str
    value: str


class Run(BaseModel):
    """A Dagster run; `status` is Dagster's word: QUEUED, STARTED, SUCCESS, FAILURE, CANCELED."""

    run_id: str = Field(alias="runId")
    status: str
    tags: list[_Tag]

    def tag(self, key: str) -> str | None:
        """The value of a tag, if the run bears it."""
        return next((each.value for each in self.tags if each.key == key), None)


class _LoadResult(BaseModel):
    kind: str = Field(alias="__typename")
    message: str = ""


class _Location(BaseModel):
    status: str = Field(alias="loadStatus")
    result: _LoadResult | None = Field(alias="locationOrLoadError")


class _Daemon(BaseModel):
    required: bool
    healthy: bool | None


@dataclass(frozen=True, slots=True)
class Webserver:
    """A Dagster webserver at `url`. While it does not answer, nothing is ready."""

    url: str
    client: httpx.Client

    def code_is_loaded(self) -> bool:
        """Whether our definitions are there; SyncAssetsError where they cannot be loaded."""
        data = self._ask(_LOCATIONS)
        if data is None:
            return False
        entries = data["workspaceOrError"]["locationEntries"]
        locations = [_Location.model_validate(entry) for entry in entries]
        for location in locations:
            if location.result is not None and location.result.kind == "PythonError":
                raise SyncAssetsError(f"Dagster cannot load us: {location.result.message.strip()}")
        return bool(locations) and all(each.status == "LOADED" for each in locations)

    def daemons_are_healthy(self) -> bool:
        """Whether schedules, sensors and the run queue are being served."""
        data = self._ask(_DAEMONS)
        if data is None:
            return False
        found = data["instance"]["daemonHealth"]["allDaemonStatuses"]
        daemons = [_Daemon.model_validate(each) for each in found]
        return bool(daemons) and all(each.healthy for each in daemons if each.required)

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        data = self._ask(_RUNS)
        if data is None:
            return []
        return [Run.model_validate(each) for each in data["runsOrError"]["results"]]

    def run_url(self, run: Run) -> str:
        """Where a person looks at the run."""
        return f"{self.url}/runs/{run.run_id}"

    def _ask(self, query: str) -> _Data | None:
        """The answer's data; None where the server does not answer (yet)."""
        try:
            response = self.client.post(f"{self.url}/graphql", json={"query": query})
        except httpx.TransportError:
            return None
        if response.is_error:
            return None
        return response.json()["data"]
