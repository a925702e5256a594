"""The contract of a vendor's webhooks: is this call theirs, and what does it say may have changed.

Pure: headers and raw bytes in, a value or an error out. A payload is a hint and never the truth:
whoever acts on an event reads the source again, so that replayed, reordered and forged old data can
cause a re-read and nothing else.
"""

import hashlib
import hmac
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self, cast

from pydantic import JsonValue

from sync_assets.errors import BadSignature, MalformedDelivery, OutsideWindow
from sync_assets.models import Source, digest

EVERYWHERE = "*"
"""A place of an event that names none: every source of the vendor may be meant."""
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_LARGEST = 2**53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that may have changed a source.

    `places` name what of the vendor is meant (repository, project, team, channel), by name or id;
    `streams` which documents, all where empty; `subject` the one thing that is to be read again:
    a later event of the same subject supersedes this one. `hints` say more of it. `at` is the
    vendor's time, None where it tells none. `sweep`: only a complete listing can tell what changed.
    `ends` is why the source may no longer be readable: the words for the operator if it is not.
    """

    delivery_id: str
    kind: str
    places: tuple[str, ...]
    streams: tuple[str, ...] = ()
    subject: str = ""
    hints: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    at: datetime | None = None
    sweep: bool = False
    ends: str | None = None
    renamed_from: str | None = None
    """The former name of the one place, where this event says that it has a new one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing happened: the vendor wants to hear this."""

    body: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class NewKey:
    """The vendor tells the key by which it will sign; this call is not signed."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing of ours changed, and why."""

    reason: str


Parsed = Event | Answer | NewKey | Ignored


class Webhook(ABC):
    """One vendor's calls. `headers` have names in lower case."""

    name: ClassVar[str]

    @abstractmethod
    def verify(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
    ) -> None:
        """Nothing, or BadSignature; OutsideWindow where it is signed well and too old or early."""

    @abstractmethod
    def parse(self, headers: Mapping[str, str], body: bytes) -> Parsed:
        """What it says. Raises MalformedDelivery."""

    def handshake(self, body: bytes) -> NewKey | None:  # noqa: ARG002 - most vendors have none
        """The key that an unsigned first call tells, where the vendor works so."""
        return None

    def concerns(self, event: Event, source: Source) -> bool:
        """Whether the event is about this source."""
        places = {place.casefold() for place in event.places}
        return EVERYWHERE in places or source.scope.casefold() in places


@dataclass(frozen=True, slots=True)
class Payload:
    """A JSON object whose members are asked for with the type that they should have."""

    members: Mapping[str, Any]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """The body's object. Raises MalformedDelivery."""
        try:
            value: object = json.loads(body)
        except (ValueError, RecursionError):
            raise MalformedDelivery("The body is not JSON") from None
        if not isinstance(value, dict):
            raise MalformedDelivery("The body is not a JSON object")
        return cls(cast("dict[str, Any]", value))

    def __contains__(self, name: str) -> bool:
        """Whether there is such a member, null or not."""
        return name in self.members

    def child(self, *names: str) -> "Payload":
        """The object at that path, an empty one where there is none."""
        members = self.members
        for name in names:
            value: object = members.get(name)
            members = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        return Payload(members)

    def children(self, name: str) -> Iterator["Payload"]:
        """The objects of the list of that name."""
        value: object = self.members.get(name)
        for each in cast("list[object]", value) if isinstance(value, list) else []:
            if isinstance(each, dict):
                yield Payload(cast("dict[str, Any]", each))

    def text(self, *path: str) -> str | None:
        """A text that is not empty, with no character that no database can hold."""
        value: object = self.child(*path[:-1]).members.get(path[-1])
        return value if isinstance(value, str) and value and value.isprintable() else None

    def number(self, *path: str) -> int | None:
        """A whole number of a size that a database can hold."""
        value: object = self.child(*path[:-1]).members.get(path[-1])
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return value if abs(value) < _LARGEST else None

    def flag(self, name: str) -> bool:
        """Whether it is true."""
        return self.members.get(name) is True

    def required(self, *path: str) -> str:
        """A text without which we cannot go on. Raises MalformedDelivery."""
        value = self.text(*path)
        if value is None:
            raise MalformedDelivery(f"The payload lacks {'.'.join(path)}")
        return value

    def required_number(self, *path: str) -> int:
        """A number without which we cannot go on. Raises MalformedDelivery."""
        value = self.number(*path)
        if value is None:
            raise MalformedDelivery(f"The payload lacks {'.'.join(path)}")
        return value


def check_hmac(
    algorithm: str, signature: str, prefix: str, message: bytes, secrets: Sequence[str]
) -> None:
    """Nothing where one of the secrets gave this hexadecimal signature, else BadSignature.

    Every secret is tried, in constant time, and on bytes: a header may hold any character.
    """
    given = signature.encode("utf-8", "surrogateescape")
    fits = False
    for secret in secrets:
        made = prefix + hmac.new(secret.encode(), message, algorithm).hexdigest()
        fits |= bool(secret) & hmac.compare_digest(made.encode(), given)
    if not fits:
        raise BadSignature("The signature is missing or wrong")


def check_window(at: datetime, now: datetime, window: timedelta) -> None:
    """OutsideWindow where the signed time is too far from now, in either direction."""
    if abs(now - at) > window:
        raise OutsideWindow(f"Signed at {at:%Y-%m-%d %H:%M:%S} UTC, too far from now")


def unsigned_id(claimed: str | None, body: bytes) -> str:
    """A delivery id that stands in no signed place: taken as it is if it looks like one."""
    return claimed if claimed and _ID.fullmatch(claimed) else body_id(body)


def body_id(body: bytes) -> str:
    """An id made of the body: the same body has it again."""
    return f"body:{hashlib.blake2b(body, digest_size=16).hexdigest()}"


def sweep_id(body: bytes) -> str:
    """Of what is not replayed but makes its source be swept: once, however often it comes."""
    return f"sweep:{digest(body_id(body))}"


def iso_time(text: str | None) -> datetime | None:
    """An ISO 8601 time; None for what is none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def epoch_time(seconds: float | None) -> datetime | None:
    """Seconds since 1970; None for what no calendar has."""
    if seconds is None or not 0 <= seconds < _LATEST:
        return None
    return _EPOCH + timedelta(seconds=seconds)
