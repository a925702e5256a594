"""What the demo runs: vendors of our own and Dagster, on loopback, in HOME/demo."""

import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from sync_assets import sources
from sync_assets.cli.services import LOOPBACK, Services, is_running, running_services
from sync_assets.cli.steps import Steps
from sync_assets.errors import SyncAssetsError
from sync_assets.models import Source
from sync_assets.sandbox.access import ADMIN
from sync_assets.sandbox.demo_world import build_demo_world, client_settings, demo_sources
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import PREFIX, Settings, load_settings
from sync_assets.stores import Stores, open_stores
from sync_assets.webhooks.setup import set_up

STOP_SECONDS = 5.0  # nothing of the demo is kept


@dataclass(frozen=True, slots=True)
class Demo:
    """All that runs: the vendors, our stores, Dagster, and the sources that it syncs, the
    repository first; `seen` has the last status shown of each run.
    """

    steps: Steps
    sandbox: Sandbox
    stores: Stores
    sources: Sequence[Source]
    services: Services
    seen: dict[str, str] = field(default_factory=dict[str, str])


@contextmanager
def running_demo(port: int) -> Generator[Demo]:
    """Everything up, the sources registered, nothing synced yet. Wipes HOME/demo first."""
    chosen = load_settings()
    home = chosen.home / "demo"
    if is_running(home):
        raise SyncAssetsError(f"A demo runs at {home} already: stop that one first")
    if home.exists():
        shutil.rmtree(home)
    steps = Steps(home / "logs")
    with ExitStack() as stack:
        with steps.step("starting GitHub, Vercel, Linear, Slack and Notion on loopback"):
            sandbox = stack.enter_context(running_sandbox(home / "sandbox", tokens=ADMIN))
            build_demo_world(sandbox)
        settings = _isolated(chosen, home, sandbox.url)
        with steps.step("registering a source of each"):
            stores = stack.enter_context(closing(open_stores(settings)))
            registered = [
                sources.register(stores.registry, connector, scope, settings=settings, by="demo")
                for connector, scope in demo_sources(sandbox)
            ]
            for source in registered:
                steps.say(f"  {source.source_id}")
        with steps.step("starting Dagster"):
            services = stack.enter_context(
                running_services(
                    settings, port=port, folder=home, say=steps.say, stop_seconds=STOP_SECONDS
                )
            )
        with steps.step("having GitHub call us when something happens"):
            stores.settings = settings.model_copy(update={"public_url": services.receiver})
            for hook in set_up(stores, "github"):
                steps.say(f"  {hook.place}: webhook {hook.outcome}")
        yield Demo(steps, sandbox, stores, registered, services)


def _isolated(chosen: Settings, home: Path, url: str) -> Settings:
    """Settings of the demo alone, for us and our children: whatever the environment or `.env`
    says, no token but the sandbox's is sent, and no index or database but the demo's is written.
    """
    for name in [name for name in os.environ if name.startswith((PREFIX, "DAGSTER_"))]:
        del os.environ[name]
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = LOOPBACK  # git and its libraries ask a proxy for anything else
    os.environ[f"{PREFIX}HOME"] = str(home)
    for name, value in client_settings(url).items():
        os.environ[f"{PREFIX}{name}"] = value
    os.environ[f"{PREFIX}SERVER_PORT"] = "0"
    os.environ[f"{PREFIX}GITHUB_WEBHOOK_SECRET"] = token_hex(32)
    os.environ[f"{PREFIX}EMBEDDER"] = chosen.embedder
    os.environ[f"{PREFIX}MODEL_PATH"] = str(chosen.model_path or "")
    return load_settings(env_file=None)
