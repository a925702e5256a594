"""Servers that speak OpenAI's embeddings API on loopback, each as strict as it is told to be.

Their model counts words: a text's vector is the sum of its words' vectors, so that what was read
of a text, and in which order the answers came, can be seen in the vectors.
"""

import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from sync_assets.embedding.base import Vectors

Item = dict[str, Any]
Spoil = Callable[[list[Item]], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is answered instead, once; `cut` ends the connection after half of the body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut: bool = False


@dataclass
class Embeddings:
    """A server's limits and habits, and what it was asked.

    `context` is in words; `truncates` cuts off in silence what is longer, as Ollama does. `model`
    is what answers, whatever name is asked for. `spoil` changes the data of a good answer.
    """

    dimensions: int = 32
    model: str = "words"
    key: str = ""
    most_inputs: int = 2_048
    context: int = 8_192
    truncates: bool = False
    takes_dimensions: bool = True
    unmoved: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: deque[Fault] = field(default_factory=deque[Fault])
    spoil: Spoil | None = None
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    authorizations: list[str | None] = field(default_factory=list[str | None])
    url: str = ""

    @property
    def inputs(self) -> list[str]:
        """Every text that was sent, answered or not."""
        return [text for request in self.requests for text in request["input"]]

    def vector(self, text: str, dimensions: int | None = None) -> Vectors:
        """The vector of the text, when all of it is read."""
        total = np.zeros(dimensions or self.dimensions, np.float64)
        for word in text.split():
            total += _word(self.model, word, len(total))
        return (total / np.linalg.norm(total)).astype(np.float32)

    def answer(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        texts: list[str] = asked["input"]
        unknown = {"dimensions"} if self.takes_dimensions else set[str]()
        if asked.keys() - unknown != {"input", "model", "encoding_format"}:
            return _refusal("Model does not support matryoshka representation")
        if not all(texts) or (self.unmoved and any(self.unmoved in text for text in texts)):
            return _refusal("the text is not allowed here")
        if len(texts) > self.most_inputs:
            return 413, {"error": f"batch size {len(texts)} > maximum {self.most_inputs}"}
        longest = max(len(text.split()) for text in texts)
        if longest > self.context and not self.truncates:
            return _refusal(f"maximum context length is {self.context} tokens, got {longest}")
        read = [" ".join(text.split()[: self.context]) for text in texts]
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": self.vector(text, asked.get("dimensions")).tolist(),
            }
            for index, text in enumerate(read)
        ]
        words = sum(len(text.split()) for text in read)
        usage = {"prompt_tokens": words, "total_tokens": words}
        answered = self.spoil(data) if self.spoil else data
        return 200, {"object": "list", "data": answered, "usage": usage}


@contextmanager
def serving(server: Embeddings) -> Generator[Embeddings]:
    """The server at `server.url`, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two would wait for each other

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            asked = json.loads(self.rfile.read(length))
            server.requests.append(asked)
            server.authorizations.append(self.headers.get("authorization"))
            if server.faults:
                return self._fault(server.faults.popleft())
            if server.key and self.headers.get("authorization") != f"Bearer {server.key}":
                error = {"message": f"Incorrect API key: {self.headers.get('authorization')}"}
                return self._send(401, json.dumps({"error": error}).encode(), {})
            status, body = server.answer(asked)
            return self._send(status, json.dumps(body).encode(), server.headers)

        def _fault(self, fault: Fault) -> None:
            if not fault.cut:
                return self._send(fault.status, fault.body, fault.headers)
            self.send_response(fault.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(2 * len(fault.body)))
            self.end_headers()
            self.wfile.write(fault.body)
            self.close_connection = True
            return None

        def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def refusal(status: int, message: str, **fields: str) -> Fault:
    """An error in OpenAI's shape."""
    return Fault(status, json.dumps({"error": {"message": message, **fields}}).encode())


def _refusal(message: str) -> tuple[int, dict[str, Any]]:
    return 400, {"error": {"message": message, "type": "invalid_request_error", "code": None}}


def _word(model: str, word: str, dimensions: int) -> Vectors:
    seed = int.from_bytes(hashlib.blake2b(f"{model} {word}".encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
