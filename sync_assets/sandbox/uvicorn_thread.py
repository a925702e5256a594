"""Uvicorn in a thread, which ends as soon as it is told to.

By itself it looks each tenth of a second whether it should end, and then leaves its clients another
one. Here every connection is cut at once.
"""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

from uvicorn import Config, Server


@contextmanager
def serving(config: Config, listener: socket.socket, name: str) -> Generator[None]:
    """From its first answer to the end of the thread, which has that name."""
    server = _Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name=name, daemon=True)
    thread.start()
    server.ready.wait()
    if not server.started:
        thread.join()
        raise RuntimeError(f"The {name} did not start")
    try:
        yield
    finally:
        server.end()
        thread.join()


class _Server(Server):
    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._ending = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            with suppress(SystemExit):  # how it says that it could not start
                super().run(sockets)
        finally:
            self.ready.set()

    def end(self) -> None:
        """From another thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        await self._cut_connections()
        if tasks := {*self.server_state.tasks}:
            _, late = await asyncio.wait(tasks, timeout=self.config.timeout_graceful_shutdown)
            for task in late:
                task.cancel()
        await self.lifespan.shutdown()
        await self._cut_connections()  # one may have been accepted while the server closed

    async def _cut_connections(self) -> None:
        """So that a stalled answer or an idle client cannot hold the end up."""
        while connections := [*self.server_state.connections]:
            for connection in connections:
                connection.transport.abort()
            await asyncio.sleep(0)
