"""The demo's deployments of `acme/storefront`: one that failed, and the one that mended it."""

from sync_assets.sandbox.vercel.world import DONE, Variable, VercelWorld

PROJECT = "storefront"
_MONTH_MS = 30 * 24 * 3600 * 1000


def build_demo_deployments(world: VercelWorld, commit: str) -> None:
    """A project with variables and three deployments, the last of them of that commit."""
    world.create_project(
        PROJECT,
        [
            Variable("PAYMENT_WEBHOOK_SECRET", "demo-value-never-stored", ("production",)),
            Variable("CATALOGUE_CACHE_SECONDS", "60"),
        ],
    )
    made = {"githubOrg": "acme", "githubRepo": PROJECT, "githubCommitRef": "main"}
    world.deploy(
        PROJECT,
        plan=((0, "BUILDING"), (95, "ERROR")),
        target="production",
        created=world.now - _MONTH_MS,
        meta={**made, "githubCommitMessage": "Add the gallery and the style guide"},
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
        created=world.now - _MONTH_MS + 3_600_000,
        meta={**made, "githubCommitRef": "gallery-alt", "githubCommitMessage": "Give pictures alt"},
        log=["Cloning github.com/acme/storefront (branch gallery-alt)", "Build completed in 41 s"],
    )
    serving = world.deploy(
        PROJECT,
        plan=DONE,
        target="production",
        created=world.now - _MONTH_MS + 7_200_000,
        meta={
            **made,
            "githubCommitSha": commit,
            "githubCommitMessage": "Say what kind of development",
        },
        log=["Cloning github.com/acme/storefront (branch main)", "Build completed in 44 s"],
    )
    world.promote(serving, "shop.acme.example")
