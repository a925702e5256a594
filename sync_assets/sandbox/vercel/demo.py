"""The demo's deployments of `acme/storefront`: of its commits, one that failed among them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sync_assets.sandbox.vercel.world import DONE, Deployment, Variable, VercelWorld

PROJECT = "storefront"
RESERVED = "Reserve stock at checkout, after the oversold planes"
"""The commit that the demo's chain of links begins at."""


def build_demo_deployments(world: VercelWorld, commits: Mapping[str, str]) -> Deployment:
    """A project with variables and five deployments. `commits`: id by message. Returns the
    deployment of RESERVED.
    """
    world.create_project(
        PROJECT,
        [
            Variable("PAYMENT_WEBHOOK_SECRET", "demo-value-never-stored", ("production",)),
            Variable("CATALOGUE_CACHE_SECONDS", "60"),
        ],
    )
    world.deploy(
        PROJECT,
        plan=((0, "BUILDING"), (95, "ERROR")),
        target="production",
        created=_at(4, 7, 9, 4),
        meta=_of("Add the gallery and the style guide", commits),
        error=("BUILD_UTILS_SPAWN_1", 'Command "npm run build" exited with 1'),
        log=[
            "Cloning github.com/acme/storefront (branch main)",
            "Installing dependencies",
            "web/src/components/ProductGallery.tsx(14,7): error TS2741: Property 'alt' is missing",
            'Error: Command "npm run build" exited with 1',
        ],
    )
    world.deploy(
        PROJECT,
        plan=DONE,
        created=_at(4, 7, 10, 12),
        meta=_of("Give pictures alt", commits, branch="gallery-alt") | {"githubPrId": "12"},
        log=["Cloning github.com/acme/storefront (branch gallery-alt)", "Build completed in 41 s"],
    )
    serving = _to_production(world, "Say what kind of development", commits, _at(4, 9, 13, 2), 44)
    reserved = _to_production(world, RESERVED, commits, _at(3, 13, 18, 3), 38)
    _to_production(world, "Deploy in steps", commits, _at(3, 3, 10, 5), 36)
    world.promote(serving, "shop.acme.example")
    return reserved


def _to_production(
    world: VercelWorld, message: str, commits: Mapping[str, str], created: int, seconds: int
) -> Deployment:
    return world.deploy(
        PROJECT,
        plan=((0, "BUILDING"), (seconds, "READY")),
        target="production",
        created=created,
        meta=_of(message, commits),
        log=[
            "Cloning github.com/acme/storefront (branch main)",
            f"Build completed in {seconds} s",
        ],
    )


def _of(message: str, commits: Mapping[str, str], branch: str = "main") -> dict[str, str]:
    """What a deployment knows of the commit with that message."""
    commit = {"githubCommitSha": commits[message]} if message in commits else {}
    return {
        "githubOrg": "acme",
        "githubRepo": PROJECT,
        "githubCommitRef": branch,
        "githubCommitMessage": message,
        **commit,
    }


def _at(month: int, day: int, hour: int, minute: int) -> int:
    return round(datetime(2025, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)
