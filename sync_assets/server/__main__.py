"""The receiver as a process of its own: `python -m sync_assets.server`, until SIGTERM or Ctrl-C.

Settings say where it listens. `sync-assets up` starts one; so may any other supervisor.
"""

import logging
import sys

from starlette.applications import Starlette
from uvicorn import Config, Server

from sync_assets.control.database import open_database
from sync_assets.errors import InvalidSettings, SyncAssetsError
from sync_assets.server.app import BUSY_SECONDS, create_app
from sync_assets.server.binding import listener, refusal, url_of
from sync_assets.settings import Settings, load_settings

FAILED = 1
WRONG_SETTINGS = 2
MOST_CONNECTIONS = 500
_KEEP_ALIVE_SECONDS = 75  # longer than a proxy's, so that it is the proxy that ends a connection
_SHUTDOWN_SECONDS = 5
_log = logging.getLogger("sync_assets.server")


def serve(settings: Settings) -> None:
    """Until a signal says otherwise. Raises SyncAssetsError where it cannot start."""
    with listener(settings) as listening:
        database = open_database(settings, busy_seconds=BUSY_SECONDS)
        if line := refusal(settings):
            _log.warning("%s", line)
        port = listening.getsockname()[1]
        _log.info("Listening at %s", url_of(settings.server_host, port))
        Server(_config(create_app(settings, database))).run(sockets=[listening])


def _config(app: Starlette) -> Config:
    return Config(
        app,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing depends on who calls
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


def main() -> int:
    """An exit code: 2 where a setting is wrong, 1 where something else is."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("sync_assets").setLevel(logging.INFO)
    try:
        serve(load_settings())
    except InvalidSettings as error:
        _log.error("%s", error)
        return WRONG_SETTINGS
    except SyncAssetsError as error:
        _log.error("%s", error)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
