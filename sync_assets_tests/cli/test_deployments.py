"""`deployments trigger`, against a deploy hook of the sandbox's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets.sandbox.server import running_sandbox
from sync_assets.sandbox.vercel.world import DONE, SANDBOX_TOKEN, Project
from sync_assets_tests.cli.conftest import Cli

SOURCE = "vercel:acme/shop"


@pytest.fixture
def project(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Registered, with a hook that the settings name."""
    with running_sandbox(tmp_path / "served") as sandbox:
        project = sandbox.vercel.create_project("shop")
        project.hooks["secret-of-the-hook"] = "main"
        hook = f"{sandbox.url}/vercel/v1/integrations/deploy/{project.id}/secret-of-the-hook"
        monkeypatch.setenv("SYNC_ASSETS_VERCEL_API_URL", f"{sandbox.url}/vercel")
        monkeypatch.setenv("SYNC_ASSETS_VERCEL_TOKEN", SANDBOX_TOKEN)
        monkeypatch.setenv("SYNC_ASSETS_VERCEL_DEPLOY_HOOKS", hook)
        assert cli("sources", "add", "vercel", "acme/shop").code == 0
        yield project


@pytest.mark.parametrize(
    ("flags", "said"),
    [([], "Restored build cache"), (["--no-build-cache"], "Skipping build cache")],
)
def test_a_deployment_is_started_and_its_end_is_told(
    cli: Cli, project: Project, flags: list[str], said: str
):
    project.next_plan = DONE

    outcome = cli("deployments", "trigger", SOURCE, *flags)

    (started,) = project.deployments.values()
    assert (outcome.code, started.log[0]) == (0, said)
    assert outcome.out.startswith(f"{started.id} is ready (")
    assert "secret-of-the-hook" not in outcome.out + outcome.err


def test_a_deployment_that_fails_is_an_exit_code(cli: Cli, project: Project):
    project.next_plan = [(0, "ERROR")]

    outcome = cli("deployments", "trigger", SOURCE, "--json")

    assert (outcome.code, outcome.json["state"]) == (1, "error")
