"""What the sandbox's Vercel answers, judged by Vercel's own OpenAPI description.

The description has no v7 list: its items are judged as those of v6. Of the detail it describes as
required what only some accounts see, so that each field we answer is judged alone. It has no deploy
hooks.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from jsonschema import Draft202012Validator

from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.sandbox.vercel.world import DONE, FAILURE, Variable
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.plain_http import NO_AUTHORITIES
from sync_assets_tests.shared import shared_file

TOKEN = "vercel-sandbox-token"


@pytest.fixture
def sandbox(tmp_path: Path, clock: FakeClock) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "served", clock=clock) as sandbox:
        project = sandbox.vercel.create_project("shop", [Variable("KEY", "v")])
        project.hooks["hook-secret"] = "main"
        yield sandbox


def get(sandbox: Sandbox, path: str, **params: str | int) -> httpx.Response:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return httpx.get(
        f"{sandbox.url}/vercel{path}", params=params, headers=headers, verify=NO_AUTHORITIES
    )


def official(path: str) -> dict[str, Any]:
    """The schema of a good answer, `nullable` and references resolved."""
    whole = json.loads(shared_file("specs/vercel-openapi.json").read_text())
    answer = whole["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return {**_nullable(answer["schema"]), "components": _nullable(whole["components"])}


def _nullable(node: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [_nullable(each) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    known = cast("dict[str, Any]", node)
    # Two ways of paging that are described as alternatives overlap.
    names = {name: "anyOf" if name == "oneOf" else name for name in known if name != "nullable"}
    made = {names[name]: _nullable(known[name]) for name in names}
    return {"anyOf": [{"type": "null"}, made]} if known.get("nullable") is True else made


def assert_official(value: object, path: str) -> None:
    errors = Draft202012Validator(official(path)).iter_errors(value)  # pyright: ignore[reportArgumentType] - any JSON
    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []


@pytest.mark.parametrize(
    ("path", "described"),
    [
        ("/v7/deployments", "/v6/deployments"),
        ("/v3/deployments/{id}/events", "/v3/deployments/{idOrUrl}/events"),
        ("/v6/deployments/{id}/files", "/v6/deployments/{id}/files"),
        ("/v9/projects/shop", "/v9/projects/{idOrName}"),
        ("/v10/projects", "/v10/projects"),
        ("/v10/projects/shop/env", "/v10/projects/{idOrName}/env"),
    ],
)
def test_answers_are_as_vercel_describes_them(sandbox: Sandbox, path: str, described: str):
    made = sandbox.vercel.deploy("shop", plan=DONE, source="cli", files=["a.ts", "api/b.ts"])

    answer = get(sandbox, path.format(id=made.id))

    assert answer.status_code == 200
    assert_official(answer.json(), described)


def test_a_detail_has_every_field_that_is_described_of_it_with_its_type(sandbox: Sandbox):
    made = sandbox.vercel.deploy("shop", plan=FAILURE, error=("E", "failed"))
    schema = official("/v13/deployments/{idOrUrl}")
    described = next(each for each in schema["anyOf"] if "projectId" in each["properties"])

    answer = get(sandbox, f"/v13/deployments/{made.id}").json()

    for name, value in answer.items():
        if name in {"routes", "projectSettings"}:  # described at length, and read by nobody here
            continue
        judge = {**described["properties"][name], "components": schema["components"]}
        wrong = Draft202012Validator(judge).iter_errors(value)
        assert [f"{name}: {error.message[:200]}" for error in wrong] == []


def test_states_move_with_the_clock(sandbox: Sandbox, clock: FakeClock):
    made = sandbox.vercel.deploy("shop", plan=FAILURE)
    states: list[str] = []
    for seconds in (0, 3, 3, 1_195, 10):
        clock.advance(seconds)
        states.append(get(sandbox, f"/v13/deployments/{made.id}").json()["readyState"])

    assert states == ["QUEUED", "INITIALIZING", "BUILDING", "BUILDING", "ERROR"]


def test_a_wrong_token_an_unknown_team_and_a_limit_are_refused_in_vercels_shape(sandbox: Sandbox):
    wrong = httpx.get(f"{sandbox.url}/vercel/v7/deployments", headers={"authorization": "Bearer x"})
    elsewhere = get(sandbox, "/v7/deployments", slug="nobody")
    sandbox.vercel.requests_a_minute = 1
    get(sandbox, "/v7/deployments")
    limited = get(sandbox, "/v7/deployments")

    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "forbidden")
    assert elsewhere.status_code == 404
    assert (limited.status_code, limited.headers["x-ratelimit-remaining"]) == (429, "0")


def test_a_deploy_hook_starts_a_deployment_and_tells_only_of_a_job(sandbox: Sandbox):
    place = f"{sandbox.url}/vercel/v1/integrations/deploy/shop"

    answer = httpx.post(f"{place}/hook-secret")

    assert answer.status_code == 201
    assert set(answer.json()["job"]) == {"id", "state", "createdAt"}
    [started] = sandbox.vercel.listed("shop")
    assert started.meta["githubCommitRef"] == "main"
    assert httpx.post(f"{place}/guessed").status_code == 404
