"""gidgethub, a client that nobody here wrote, against the sandbox."""

import asyncio

import gidgethub
import httpx2
import pytest
from gidgethub.httpx import GitHubAPI

from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.sandbox.github.conftest import TOKEN
from sync_assets_tests.sandbox.github.queries import EVERYTHING


@pytest.fixture
def tracker(sandbox: Sandbox, repository: Repository) -> Tracker:
    tracker = sandbox.trackers.of(repository)
    for n in range(7):
        tracker.comment(tracker.open_issue(f"Issue {n}").number, "A comment")
    tracker.open_pull("Change it")
    return tracker


async def numbers(sandbox: Sandbox, path: str, token: str = TOKEN) -> list[int]:
    """All `id`s of a list, paged by the client."""
    async with httpx2.AsyncClient() as http:
        github = client(http, sandbox, token)
        return [each["id"] async for each in github.getiter(f"/repos/acme/x/{path}")]


def client(http: httpx2.AsyncClient, sandbox: Sandbox, token: str = TOKEN) -> GitHubAPI:
    return GitHubAPI(http, "sync-assets-tests", oauth_token=token, base_url=f"{sandbox.url}/api/v3")


@pytest.mark.parametrize(
    ("path", "count"), [("issues?per_page=3", 8), ("issues/comments?per_page=3", 7), ("pulls", 1)]
)
def test_it_pages_to_the_end(sandbox: Sandbox, tracker: Tracker, path: str, count: int):
    found = asyncio.run(numbers(sandbox, path))
    assert len(found) == len(set(found)) == count


def test_it_reads_the_budget(sandbox: Sandbox, tracker: Tracker):
    async def left() -> int:
        async with httpx2.AsyncClient() as http:
            github = client(http, sandbox)
            await github.getitem("/repos/acme/x")
            assert github.rate_limit is not None
            return github.rate_limit.remaining

    assert asyncio.run(left()) == 4999


def test_it_knows_our_errors_as_githubs(sandbox: Sandbox, tracker: Tracker):
    tracker.delete(1)

    def failure(path: str, token: str = TOKEN) -> tuple[type[Exception], int]:
        with pytest.raises(gidgethub.HTTPException) as raised:
            asyncio.run(numbers(sandbox, path, token))
        return type(raised.value), raised.value.status_code

    assert failure("issues/1") == (gidgethub.BadRequest, 410)
    assert failure("issues/99") == (gidgethub.BadRequest, 404)
    assert failure("issues", "wrong") == (gidgethub.BadRequest, 401)
    assert failure("issues?page=101") == (gidgethub.InvalidField, 422)


def test_it_runs_graphql(sandbox: Sandbox, tracker: Tracker):
    async def run(query: str) -> dict[str, object]:
        async with httpx2.AsyncClient() as http:
            github = client(http, sandbox)
            return await github.graphql(
                query, endpoint=f"{sandbox.url}/api/graphql", owner="acme", name="x"
            )

    found = asyncio.run(run(EVERYTHING))
    assert set(found) == {"rateLimit", "repository"}
    with pytest.raises(gidgethub.QueryError, match="nothing"):
        asyncio.run(run("{ nothing }"))
