"""Webhooks of repositories, organizations and Apps: what they hear, what was sent, how it ended.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from threading import RLock
from urllib.parse import urlencode

from sync_assets.sandbox.post import Letter, Outcome, Post

KEPT = timedelta(days=3)
"""How long the log shows a delivery, and lets it be sent again."""
MOST_BYTES = 25 * 1024 * 1024
"""A larger payload is not sent at all."""
MOST_HOOKS = 20
"""Of a repository or organization, that hear the same event."""
EVERYTHING = "*"
_SECRET = "********"  # noqa: S105 - what is shown instead of one
_USER_AGENT = "GitHub-Hookshot/5a4dbc1"
_FIRST_HOOK = 4_000_001
_FIRST_ATTEMPT = 93_000_000_001


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to a hook, as the log keeps it. Redeliveries have the same `guid`."""

    number: int
    guid: str
    event: str
    action: str | None
    delivered_at: datetime
    redelivery: bool
    headers: Mapping[str, str]
    body: bytes
    payload: Mapping[str, object]
    outcome: Outcome


@dataclass(eq=False, slots=True)
class Hook:
    """`place` is a repository's number, an organization's login, or an App: `app_place`."""

    number: int
    place: int | str
    url: str
    secret: str | None
    events: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    active: bool = True
    content_type: str = "form"
    insecure_ssl: str = "0"
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    def hears(self, event: str) -> bool:
        """Whether it is told of such events; a ping comes to all."""
        return event == "ping" or EVERYTHING in self.events or event in self.events

    @property
    def config(self) -> dict[str, object]:
        """As REST shows it: without its secret."""
        shown: dict[str, object] = {
            "url": self.url,
            "content_type": self.content_type,
            "insecure_ssl": self.insecure_ssl,
        }
        return shown | ({"secret": _SECRET} if self.secret else {})

    def signed(self, payload: Mapping[str, object]) -> tuple[bytes, dict[str, str]]:
        """The body, and the headers that belong to it."""
        body = json.dumps(payload, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        if self.content_type == "form":
            body = urlencode({"payload": body.decode()}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self.secret:
            key = self.secret.encode()
            for header, name in (("X-Hub-Signature", "sha1"), (SIGNATURE, "sha256")):
                headers[header] = f"{name}={hmac.new(key, body, name).hexdigest()}"
        return body, headers


SIGNATURE = "X-Hub-Signature-256"
DELIVERY = "X-GitHub-Delivery"
_APP = "app "


def app_place(app: str) -> str:
    """Where the one hook of an App stands; no login has a space."""
    return f"{_APP}{app}"


def _target(place: int | str) -> dict[str, str]:
    """The headers that say whose hook it is."""
    if isinstance(place, int):
        kind = "repository"
    else:
        kind = "integration" if place.startswith(_APP) else "organization"
    name = str(place).removeprefix(_APP)
    of = "X-GitHub-Hook-Installation-Target"
    return {f"{of}-ID": name, f"{of}-Type": kind}


class Hooks:
    """All hooks of a sandbox. Safe from any thread."""

    def __init__(self, clock: Callable[[], datetime], post: Post) -> None:
        self.lock = RLock()
        self.forbidden: set[str] = set()
        """Tokens that read repositories and not their hooks."""
        self._clock = clock
        self._post = post
        self._hooks: dict[int, Hook] = {}
        self._numbers = count(_FIRST_HOOK)
        self._attempts = count(_FIRST_ATTEMPT)
        self._events = count(1)

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self._clock()

    def of(self, place: int | str) -> list[Hook]:
        """Of a repository or organization, in the order of creation."""
        with self.lock:
            return [hook for hook in self._hooks.values() if hook.place == place]

    def find(self, place: int | str, number: int) -> Hook | None:
        """One of them."""
        found = self._hooks.get(number)
        return found if found is not None and found.place == place else None

    def add(
        self,
        place: int | str,
        url: str,
        *,
        secret: str | None = None,
        events: Sequence[str] = (EVERYTHING,),
        content_type: str = "json",
    ) -> Hook:
        """A new one; nothing is sent."""
        with self.lock:
            number, now = next(self._numbers), self.now
            hook = Hook(number, place, url, secret, tuple(events), now, now)
            hook.content_type = content_type
            self._hooks[number] = hook
            return hook

    def remove(self, hook: Hook) -> None:
        """It hears nothing more, and its log is gone."""
        with self.lock:
            self._hooks.pop(hook.number, None)

    def hearing(self, event: str, *places: int | str) -> list[Hook]:
        """The hooks that are told of an event there."""
        with self.lock:
            hooks = [hook for hook in self._hooks.values() if hook.place in places]
        return [hook for hook in hooks if hook.active and hook.hears(event)]

    def send(
        self,
        hooks: Sequence[Hook],
        event: str,
        payload: Mapping[str, object],
        more: Mapping[int | str, Mapping[str, object]] | None = None,
    ) -> None:
        """Tell all of them; they are given the same id. `more` is what only those of a place are
        told.
        """
        with self.lock:
            guid = str(uuid.UUID(bytes=_hash(next(self._events))))
            for hook in hooks:
                told = {**payload, **(more or {}).get(hook.place, {})}
                self._send(hook, guid, event, told, redelivery=False)

    def redeliver(self, hook: Hook, attempt: Attempt) -> None:
        """The same payload again, under the same id, to where the hook points now."""
        with self.lock:
            self._send(hook, attempt.guid, attempt.event, attempt.payload, redelivery=True)

    def log(self, hook: Hook) -> list[Attempt]:
        """What the last three days brought, the newest first."""
        with self.lock:
            since = self.now - KEPT
            kept = [each for each in hook.attempts if each.delivered_at >= since]
            return sorted(kept, key=lambda each: -each.number)

    def _send(
        self, hook: Hook, guid: str, event: str, payload: Mapping[str, object], *, redelivery: bool
    ) -> None:
        body, signed = hook.signed(payload)
        if len(body) > MOST_BYTES:
            return
        headers = signed | {
            "Accept": "*/*",
            "User-Agent": _USER_AGENT,
            DELIVERY: guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(hook.number),
            **_target(hook.place),
        }
        action = payload.get("action")

        def ended(outcome: Outcome) -> None:
            attempt = Attempt(
                number=next(self._attempts),
                guid=guid,
                event=event,
                action=None if action is None else str(action),
                delivered_at=self.now,
                redelivery=redelivery,
                headers=headers,
                body=body,
                payload=payload,
                outcome=outcome,
            )
            with self.lock:
                hook.attempts.append(attempt)

        signature = SIGNATURE if hook.secret else DELIVERY
        self._post.send(Letter(hook.url, headers, body, signature, DELIVERY, ended))


def _hash(number: int) -> bytes:
    return hashlib.sha256(f"delivery {number}".encode()).digest()[:16]
