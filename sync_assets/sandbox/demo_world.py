"""The demo's world: one shop's story, told in the documents of all vendors.

Its longest chain of links: a deployment runs a commit, which a pull request brought, which names an
issue of Linear, which came from a thread of Slack.
"""

from collections.abc import Mapping, Sequence

from sync_assets.sandbox.access import SANDBOX_TOKEN
from sync_assets.sandbox.demo import DEMO_REPOSITORY, build_demo_repository
from sync_assets.sandbox.github.demo import FAILED_DEPLOYMENT, build_demo_tracker
from sync_assets.sandbox.github.demo_story import commits_of
from sync_assets.sandbox.linear import api as linear
from sync_assets.sandbox.linear import demo as linear_demo
from sync_assets.sandbox.linear import world as linear_world
from sync_assets.sandbox.notion import api as notion
from sync_assets.sandbox.notion import world as notion_world
from sync_assets.sandbox.notion.demo import build_demo_handbook
from sync_assets.sandbox.server import Sandbox
from sync_assets.sandbox.slack import api as slack
from sync_assets.sandbox.slack import demo as slack_demo
from sync_assets.sandbox.slack import world as slack_world
from sync_assets.sandbox.vercel import api as vercel
from sync_assets.sandbox.vercel import demo as vercel_demo
from sync_assets.sandbox.vercel import world as vercel_world


def build_demo_world(sandbox: Sandbox) -> None:
    """All of it, once a sandbox; its repository may be there already."""
    repository = sandbox.repositories.find(DEMO_REPOSITORY)
    if repository is None:
        repository = build_demo_repository(sandbox.repositories)
    build_demo_tracker(sandbox.trackers)
    commits = {each.message: each.commit.oid for each in commits_of(repository)}
    reserved = vercel_demo.build_demo_deployments(sandbox.vercel, commits)
    page = f"https://vercel.com/{DEMO_REPOSITORY}/{reserved.id}"
    handbook = build_demo_handbook(sandbox.notion)
    threads = slack_demo.build_demo_channel(
        sandbox.slack, failed=FAILED_DEPLOYMENT, reserved=page, decision=handbook.decision
    )
    linear_demo.build_demo_issues(sandbox.linear, threads, decision=handbook.decision)


def demo_sources(sandbox: Sandbox) -> Sequence[tuple[str, str]]:
    """Connector and scope of each source, the repository's first. Vercel's is the whole team:
    Dagster runs one at a time of those whose partitions share a name, as a project's would.
    """
    return (
        ("github", DEMO_REPOSITORY),
        ("vercel", f"{vercel_world.TEAM}/*"),
        ("linear", linear_demo.TEAM),
        ("slack", slack_demo.CHANNEL),
        ("notion", next(iter(sandbox.notion.sources))),
    )


def client_settings(url: str) -> Mapping[str, str]:
    """Setting -> value, of whoever wants to sync from the sandbox at `url`."""
    return {
        "GITHUB_WEB_URL": url,
        "GITHUB_API_URL": f"{url}/api/v3",
        "GITHUB_TOKEN": SANDBOX_TOKEN,
        "VERCEL_API_URL": f"{url}{vercel.PREFIX}",
        "VERCEL_TOKEN": vercel_world.SANDBOX_TOKEN,
        "LINEAR_API_URL": f"{url}{linear.PATH}",
        "LINEAR_API_KEY": linear_world.SANDBOX_TOKEN,
        "SLACK_API_URL": f"{url}{slack.PREFIX}/",
        "SLACK_TOKEN": slack_world.SANDBOX_TOKEN,
        "NOTION_API_URL": f"{url}{notion.PREFIX}",
        "NOTION_TOKEN": notion_world.SANDBOX_TOKEN,
    }
