"""The HTTP clients of one process: one a vendor, host and credential, made on demand."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.credentials import Credential
    from sync_assets.http.dialect import Dialect

TIMEOUT_SECONDS = 30.0


class HttpClients:
    """Gives `httpx.Client`s whose every call passes the governor and raises typed errors.

    Thread-safe; end with `close`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], httpx.Client] = {}

    def client(self, dialect: "Dialect", base_url: str, credential: "Credential") -> "httpx.Client":
        """The client of that vendor, address and credential; the same one every time."""
        import httpx

        key = (dialect.name, base_url, credential.key)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = httpx.Client(
                    base_url=base_url, auth=credential.auth, http2=True, timeout=TIMEOUT_SECONDS
                )
            return self._clients[key]

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
