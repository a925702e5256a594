"""Pure: what two servers' answers have in common, by shape alone: no value of an answer is kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

Shape = Mapping[str, frozenset[str]]
"""Path (`deployments[].meta`) -> names of the types seen there."""

_TOLD = re.compile(r"rate|limit|retry|complexity|etag|^link$")
_QUANTITY = re.compile(r"limit$|^x-complexity$")
_ID = re.compile(r"[0-9a-fA-F-]{16,}|[a-z]+_\w{8,}|[CGU][A-Z0-9]{6,}|\d+")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call, and the shape of what came back; `limits` are the headers that hold quantities."""

    called: str
    status: int
    shape: Shape
    headers: frozenset[str]
    limits: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Comparison:
    """`unclaimed` the vendor has and the sandbox lacks, `unseen` the reverse; `differ` have other
    types at the vendor than in the sandbox.
    """

    unclaimed: Sequence[str]
    unseen: Sequence[str]
    differ: Sequence[str]
    headers_unclaimed: Sequence[str]
    headers_unseen: Sequence[str]
    limits: Sequence[str]

    @property
    def contradicts(self) -> bool:
        """Whether the sandbox claims what the vendor does not do."""
        return bool(self.differ or self.headers_unseen)


def exchange(
    method: str, path: str, status: int, body: JsonValue, headers: Mapping[str, str]
) -> Exchange:
    """What is kept of a call."""
    told = {name.lower(): value for name, value in headers.items() if _TOLD.search(name.lower())}
    return Exchange(
        called=f"{method} {'/'.join(_anonymous(part) for part in path.split('/'))}",
        status=status,
        shape=shape_of(body),
        headers=frozenset(told),
        limits={name: value for name, value in told.items() if _QUANTITY.search(name)},
    )


def shape_of(value: JsonValue) -> Shape:
    """Every path of a JSON value, with its types."""
    found: dict[str, set[str]] = {}
    for path, kind in _walk(value, ""):
        found.setdefault(path, set()).add(kind)
    return {path: frozenset(kinds) for path, kinds in found.items()}


def compare(vendor: Exchange, sandbox: Exchange) -> Comparison:
    """Null says nothing of a type."""
    ours, theirs = sandbox.shape, vendor.shape
    differ = [
        f"{path}: {_named(theirs[path])}, not {_named(ours[path])}"
        for path in sorted(theirs.keys() & ours.keys())
        if (theirs[path] - {"null"}) and (ours[path] - {"null"})
        if not (theirs[path] - {"null"}) & (ours[path] - {"null"})
    ]
    limits = [
        f"{name}: {vendor.limits.get(name, 'absent')}, in the sandbox {value}"
        for name, value in sorted(sandbox.limits.items())
        if vendor.limits.get(name) != value
    ]
    return Comparison(
        unclaimed=sorted(theirs.keys() - ours.keys()),
        unseen=sorted(ours.keys() - theirs.keys()),
        differ=differ,
        headers_unclaimed=sorted(vendor.headers - sandbox.headers),
        headers_unseen=sorted(sandbox.headers - vendor.headers),
        limits=limits,
    )


def _walk(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield path, "object"
        for name, each in value.items():
            yield from _walk(each, f"{path}.{_anonymous(name)}" if path else _anonymous(name))
    elif isinstance(value, list):
        yield path, "list"
        for each in value:
            yield from _walk(each, f"{path}[]")
    else:
        yield path, _kind(value)


def _kind(value: str | float | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def _anonymous(name: str) -> str:
    """A name that is somebody's id is none of a shape."""
    return "{id}" if _ID.fullmatch(name) else name


def _named(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))
