"""One HTTP connection to a git server, held by git's own transport helper.

`git ls-remote` and `git fetch` would each connect, shake hands and ask for the capabilities: eight
round trips. Here the helper connects once: we ask for the ref ourselves, and `git fetch` then talks
through us over a socket (`fd::`), with the capabilities repeated to it: five round trips.
https://git-scm.com/docs/gitremote-helpers (stateless-connect), https://git-scm.com/docs/git-remote-fd
"""

import socket
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Self

from sync_assets.errors import SyncAssetsError
from sync_assets.git.command import Git, end, kill, pipes
from sync_assets.git.environment import REMOTE, Setting
from sync_assets.git.errors import classify
from sync_assets.git.packets import FLUSH, Ref, ls_refs, parse_refs, read_packets, read_response

Process = subprocess.Popen[bytes]


class _GitLeft(Exception):
    """The `git fetch` that talks through us has ended; its exit code says why."""


class Helper:
    """A conversation in protocol v2, for one thread at a time; of no use after an error."""

    def __init__(self, git: Git, url: str, settings: Sequence[Setting]) -> None:
        """Start the helper; see `connect`."""
        self._git = git
        self._process = git.spawn(settings, f"remote-{url.partition(':')[0]}", REMOTE, url)
        self._requests, self._answers = pipes(self._process)
        self._capabilities: Sequence[bytes] = ()
        self._expired = False

    @classmethod
    def connect(cls, git: Git, url: str, settings: Sequence[Setting]) -> Self | None:
        """A conversation, after one request; None: the server does not speak protocol v2."""
        helper = cls(git, url, settings)
        speaks = False
        try:
            speaks = helper._greet()
        finally:
            if not speaks:
                helper.close()
        return helper if speaks else None

    def close(self) -> None:
        """End the connection."""
        end(self._process)

    def refs(self, prefix: str) -> list[Ref]:
        """The refs whose names begin with `prefix`, in one request."""
        with self._talking():
            self._send(ls_refs(prefix, self._capabilities))
            return parse_refs(list(read_response(self._answers)))

    def fetch(
        self,
        git: Git,
        settings: Callable[[int], Sequence[Setting]],
        *arguments: str,
        data: bytes,
        keep_open: Sequence[int],
    ) -> None:
        """Let a `git fetch` of exact commits or blobs talk through this connection."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = git.spawn(
                    settings(theirs.fileno()),
                    *arguments,
                    keep_open=[*keep_open, theirs.fileno()],
                )
            try:
                with self._talking(process):
                    whole = self._relay(process, ours, data)
                    ours.close()
                    messages = b"" if process.stderr is None else process.stderr.read()
                    process.wait()
                    if not whole:
                        raise self._broken(messages)
            finally:
                end(process)
        if process.returncode != 0:
            raise classify(messages.decode(errors="replace"), git.address, git.directory)

    def _greet(self) -> bool:
        with self._talking():
            self._send(b"stateless-connect git-upload-pack\n")
            answer = self._answers.readline()
            if not answer:
                raise EOFError
            if answer == b"\n":
                self._capabilities = list(read_packets(self._answers, FLUSH))
        return answer == b"\n"

    def _relay(self, process: Process, ours: socket.socket, data: bytes) -> bool:
        """Pass git's requests on to the server and the answers back, until it has no more.

        False: an answer was cut short, by the network or by a server that failed.
        """
        with suppress(_GitLeft), ours.makefile("rb") as requests:
            with _git_may_leave():
                stdin, _ = pipes(process)
                with stdin:
                    stdin.write(data)
                ours.sendall(b"".join(self._capabilities))
            while request := _next_request(requests):
                self._send(request)
                try:
                    for line in read_response(self._answers):
                        with _git_may_leave():
                            ours.sendall(line)
                except EOFError:
                    return False
        return True

    def _send(self, request: bytes) -> None:
        self._requests.write(request)
        self._requests.flush()

    @contextmanager
    def _talking(self, *others: Process) -> Generator[None]:
        """The time limit of a conversation, and the name of what ended it."""

        def expire() -> None:
            self._expired = True
            for process in (self._process, *others):
                kill(process)

        timer = threading.Timer(self._git.timeout_seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (EOFError, BrokenPipeError):
            raise self._broken() from None
        finally:
            timer.cancel()
        if self._expired:
            raise self._git.too_slow()

    def _broken(self, messages: bytes = b"") -> SyncAssetsError:
        """Why an answer was cut short: by the helper's account, else by these messages."""
        if self._expired:
            return self._git.too_slow()
        _, own = self._process.communicate()
        said = (own or messages).decode(errors="replace") or "early EOF"
        return classify(said, self._git.address, self._git.directory)


@contextmanager
def _git_may_leave() -> Generator[None]:
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        raise _GitLeft from None


def _next_request(requests: IO[bytes]) -> bytes:
    """Git's next request; empty at the end, which it may mark by a lone flush."""
    try:
        request = b"".join(read_packets(requests, FLUSH))
    except (EOFError, ConnectionResetError):
        return b""
    return b"" if request == FLUSH else request
