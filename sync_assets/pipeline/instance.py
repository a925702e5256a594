"""Dagster's own home: its folder, its configuration, its instance."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import dagster as dg

from sync_assets.connectors.catalog import CONNECTORS
from sync_assets.errors import InvalidSettings
from sync_assets.settings import Settings

CONFIGURATION = "dagster.yaml"
NOTE = "# Written by sync_assets at every start; to use your own, set DAGSTER_HOME.\n"
POOL_LIMIT = 4
"""Runs of one vendor at a time; the vendor's rate is governed elsewhere."""


def prepare_dagster_home(settings: Settings) -> Path:
    """The folder that DAGSTER_HOME is to name, ready for the webserver and the daemon."""
    with open_instance(settings) as instance:
        set_pool_limits(instance)
        return Path(instance.root_directory)


@contextmanager
def open_instance(settings: Settings) -> Generator[dg.DagsterInstance]:
    """The instance that the webserver and the daemon of these settings use.

    An operator's own DAGSTER_HOME is taken as it is; else it is `dagster` in HOME, with the
    packaged configuration.
    """
    own = os.environ.get("DAGSTER_HOME")
    home = Path(own) if own else settings.home / "dagster"
    if not own:
        _configure(home)
    if not home.is_dir():
        raise InvalidSettings(f"DAGSTER_HOME {home} is no folder: create it, or unset the variable")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def _configure(home: Path) -> None:
    """Write the packaged configuration, unless it stands there: a daemon may be reading it."""
    path, wanted = home / CONFIGURATION, NOTE + packaged_configuration()
    if path.exists() and path.read_text("utf-8") == wanted:
        return
    home.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, "utf-8")


def set_pool_limits(instance: dg.DagsterInstance) -> None:
    """Give every pool its limit before its first run: a default alone is not enforced on the
    first ones. A limit that an operator set stays.
    """
    storage = instance.event_log_storage
    known = {limit.name for limit in storage.get_pool_limits() if not limit.from_default}
    for name in CONNECTORS.keys() - known:
        storage.set_concurrency_slots(name, POOL_LIMIT)


def packaged_configuration() -> str:
    """The dagster.yaml of the embedded default."""
    return resources.files("sync_assets.pipeline").joinpath(CONFIGURATION).read_text("utf-8")
