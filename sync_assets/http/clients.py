"""The HTTP clients of one process: one a vendor, host and credential, made on demand."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sync_assets.control.database import Clock, utc_now

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.credentials import Credential
    from sync_assets.http.dialect import Dialect

TIMEOUT_SECONDS = 30.0


class HttpClients:
    """Gives `httpx.Client`s whose every call passes the governor and raises typed errors.

    Thread-safe; end with `close`.
    """

    def __init__(
        self,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], httpx.Client] = {}

    def client(self, dialect: "Dialect", base_url: str, credential: "Credential") -> "httpx.Client":
        """The client of that vendor, address and credential; the same one every time."""
        from sync_assets.http.client import open_client

        key = (dialect.name, base_url, credential.key)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = open_client(
                    dialect,
                    base_url,
                    credential,
                    clock=self._clock,
                    monotonic=self._monotonic,
                    sleep=self._sleep,
                    timeout_seconds=self._timeout_seconds,
                )
            return self._clients[key]

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
