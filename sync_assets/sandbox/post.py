"""How the sandbox's webhooks travel: one sender in the background, and what may go wrong.

sandbox.post.mishaps = Mishaps(seed=7, twice=0.2, late=0.3, lost=0.1)
...                          # things happen
sandbox.post.drain()         # everything is delivered, or lost for good
sandbox.post.sent            # each call that was made, and what was answered
"""

import itertools
import queue
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

import httpx

TIMEOUT_SECONDS = 10.0
"""What GitHub gives a receiver."""
_DRAIN_SECONDS = 120.0
_ERASED = "0"

Kind = Literal["letter", "copy", "altered body", "altered signature", "another id"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call; status 502 and 504 where nobody answered, as in GitHub's log."""

    status: int
    text: str
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One call. `signature` and `identity` name the headers that hold these; `ended` hears the
    outcome, in the sender's thread.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    signature: str
    identity: str | None = None
    ended: Callable[[Outcome], object] = lambda _: None


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that was made. Only `altered ...` are forgeries that no receiver may accept."""

    kind: Kind
    url: str
    status: int


@dataclass(slots=True)
class Mishaps:
    """What happens to letters on their way, each with a probability from 0 to 1.

    lost     never sent, and the vendor does not know it
    refused  never sent; the vendor's log says 502
    twice    sent again with the same id
    late     held back until up to `hold` later ones have gone, or until `drain`
    forged   followed by somebody else's: an altered body, an altered signature, or the same call
             under another id, which no signature covers

    The same seed and the same order of letters give the same mishaps.
    """

    seed: int = 0
    lost: float = 0.0
    refused: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    hold: int = 5
    forged: float = 0.0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:  # noqa: D105 - dataclasses know it
        self._random = random.Random(self.seed)  # noqa: S311 - chance, not cryptography

    def happens(self, probability: float) -> bool:
        """Whether it happens this time."""
        return self._random.random() < probability

    def held_for(self) -> int:
        """How many later letters one that is late lets pass."""
        return self._random.randint(1, max(1, self.hold))

    def forgery(self, letter: Letter) -> tuple[Kind, Letter]:
        """Somebody else's letter, made of this one."""
        kinds: list[Kind] = ["altered body", "altered signature", "another id"]
        kind = self._random.choice(kinds if letter.identity else kinds[:2])
        return kind, forge(letter, kind)


@dataclass(slots=True)
class _Late:
    letter: Letter
    passes: int


class _Mark(threading.Event):
    """In the queue: everything before it is done."""


class Post:
    """Sends letters one after the other. End it with `close`: what waits then is not sent."""

    def __init__(self) -> None:
        self.mishaps = Mishaps()
        self.sent: list[Sent] = []
        self._held: list[_Late] = []
        self._closing = threading.Event()
        self._queue: queue.SimpleQueue[Letter | _Mark | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def send(self, letter: Letter) -> None:
        """In the background, from now on."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="post", daemon=True)
                self._thread.start()
        self._queue.put(letter)

    def drain(self, seconds: float = _DRAIN_SECONDS) -> None:
        """Until all that was handed over has gone, the late ones too; TimeoutError."""
        if self._thread is None:
            return
        mark = _Mark()
        self._queue.put(mark)
        if not mark.wait(seconds):
            raise TimeoutError(f"webhooks were not delivered within {seconds:.0f} s")

    def close(self) -> None:
        """The call that is being made ends; the others are dropped."""
        self._closing.set()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, verify=_trusted()) as client:
            while (item := self._queue.get()) is not None and not self._closing.is_set():
                match item:
                    case _Mark():
                        for late in self._held:
                            self._deliver(client, late.letter)
                        self._held.clear()
                        item.set()
                    case _:
                        self._travel(client, item)

    def _travel(self, client: httpx.Client, letter: Letter) -> None:
        mishaps = self.mishaps
        if mishaps.happens(mishaps.lost):
            return
        if mishaps.happens(mishaps.refused):
            letter.ended(Outcome(502, "failed to connect to host", 0.0))
            return
        if mishaps.happens(mishaps.late):
            self._held.append(_Late(letter, mishaps.held_for()))
        else:
            self._deliver(client, letter)
        for late in self._passed():
            self._deliver(client, late)

    def _passed(self) -> Iterator[Letter]:
        """The late ones that have let enough others pass."""
        for late in list(self._held):
            late.passes -= 1
            if late.passes < 0:
                self._held.remove(late)
                yield late.letter

    def _deliver(self, client: httpx.Client, letter: Letter) -> None:
        mishaps = self.mishaps
        letter.ended(self._call(client, letter, "letter"))
        if mishaps.happens(mishaps.twice):
            self._call(client, letter, "copy")
        if mishaps.happens(mishaps.forged):
            kind, forged = mishaps.forgery(letter)
            self._call(client, forged, kind)

    def _call(self, client: httpx.Client, letter: Letter, kind: Kind) -> Outcome:
        outcome = _outcome(client, letter)
        self.sent.append(Sent(kind, letter.url, outcome.status))
        return outcome


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that httpx brings, read once for all sandboxes of a process."""
    return httpx.create_ssl_context(trust_env=False)


def forge(letter: Letter, kind: Kind) -> Letter:
    """A letter that somebody without the key can make of one that was seen."""
    headers = dict(letter.headers)
    match kind:
        case "altered body":
            return replace(letter, body=letter.body + b" ")
        case "altered signature":
            digit = headers[letter.signature][-1]
            headers[letter.signature] = headers[letter.signature][:-1] + (
                "1" if digit == _ERASED else _ERASED
            )
        case "another id" if letter.identity is not None:
            headers[letter.identity] = f"forged-{next(_FORGED)}"
        case _:
            raise ValueError(f"{kind} is no forgery of this letter")
    return replace(letter, headers=headers)


_FORGED = itertools.count(1)


def _outcome(client: httpx.Client, letter: Letter) -> Outcome:
    began = time.monotonic()
    try:
        answer = client.post(letter.url, content=letter.body, headers=dict(letter.headers))
    except httpx.TimeoutException:
        return Outcome(504, "timed out", time.monotonic() - began)
    except httpx.HTTPError:
        return Outcome(502, "failed to connect to host", time.monotonic() - began)
    seconds = time.monotonic() - began
    text = "OK" if answer.is_success else f"Invalid HTTP Response: {answer.status_code}"
    return Outcome(answer.status_code, text, seconds, dict(answer.headers), answer.text)
