"""A real HTTP/1.1 server on loopback: answers as a test says, remembers what it was sent."""

import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, or what goes wrong instead: `cut` ends it in the middle of the body, `hang`
    answers nothing until the server ends, `drop` closes at once.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b"{}"
    cut: bool = False
    hang: bool = False
    drop: bool = False


Answers = Callable[[Received], Reply]


class Server:
    """`url` has no slash at its end; `requests` are all so far, in order of arrival."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Received] = []
        self.answers: Answers = lambda _: Reply()
        self.ended = threading.Event()

    def script(self, *replies: Reply) -> None:
        """One after the other; the last one again and again."""
        rest = list(replies)
        lock = threading.Lock()

        def answer(_: Received) -> Reply:
            with lock:
                return rest.pop(0) if len(rest) > 1 else rest[0]

        self.answers = answer


@contextmanager
def running_server(host: str = "127.0.0.1") -> Generator[Server]:
    """Serves until the block ends."""
    http = _Http((host, 0), _Handler)
    server = Server(f"http://{host}:{http.server_port}")
    http.state = server
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        http.shutdown()
        http.server_close()
        thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    state: Server

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        state = cast("_Http", self.server).state
        length = int(self.headers.get("content-length", 0))
        received = Received(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        state.requests.append(received)
        reply = state.answers(received)
        if reply.hang:
            state.ended.wait()
        if reply.hang or reply.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response_only(reply.status)
        headers = {
            "Date": self.date_time_string(),
            "Content-Type": "application/json",
            "Content-Length": str(len(reply.body)),
        }
        for name, value in (headers | dict(reply.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        if reply.cut:
            self.close_connection = True

    do_GET = do_POST = do_HEAD = do_PUT = _serve  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        """Tests print nothing."""
