"""What git's messages mean: pure, from stderr (LC_ALL=C) to an error named for the next step."""

import re
from collections.abc import Callable, Container
from pathlib import Path

from sync_assets.errors import (
    InvalidSettings,
    RateLimited,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    StoreUnavailable,
    SyncAssetsError,
    UnexpectedPayload,
)

MINIMUM_GIT = "2.31"


class CorruptCache(SourceUnavailable):
    """The kept cache cannot be read: discard it and fetch again."""


class Unrecognised(SourceUnavailable):
    """git said what we have no word for; a kept cache may be the cause."""


class CommitGone(SourceUnavailable):
    """The server has a commit or blob no more: a force-push won the race."""


class DamagedSource(UnexpectedPayload):
    """The served repository holds objects that its own git cannot read."""


class RefMissing(SourceGone):
    """The branch, or HEAD's, is not there."""


_ErrorClass = Callable[[str], SyncAssetsError]
_MISSING_GIT = f"git {MINIMUM_GIT} or newer is needed, install it"
_DAMAGED = "the repository itself is damaged, run git fsck there"
_NO_ACCESS = "not found, or no access with these credentials"
_REFUSED = "access was refused: set a token that may read it, or fix the one that is set"

_NETWORK = (
    r"(?i)could not resolve|(failed|couldn't|unable) to connect|connection (refused|reset|timed"
    r" out)|timed out|too slow|empty reply|\bcurl \d+|rpc failed|early eof|remote end hung up"
    r"|unexpected disconnect|bad pack header|index-pack|protocol error|no route to host"
    r"|network is unreachable|\bssl\b|\btls\b|certificate|unable to access"
)

_RULES: tuple[tuple[str, _ErrorClass, str], ...] = (
    (r"'sync' does not appear to be a git rep", InvalidSettings, _MISSING_GIT),
    (r"transport '.*' not allowed", InvalidSettings, "git may not use this kind of URL"),
    (r"possible repository corruption on the remote", DamagedSource, _DAMAGED),
    (r"expected 'packfile'", DamagedSource, _DAMAGED),
    (r"(loose|packed) object \w+ .*is corrupt", DamagedSource, _DAMAGED),
    (
        r"upload-pack: not our ref|unadvertised object",
        CommitGone,
        "it is no longer served: run the sync again",
    ),
    (r"couldn't find remote ref", RefMissing, "the branch does not exist"),
    (r"could not read (Username|Password)|Authentication failed", SourceRejectedUs, _REFUSED),
    (r"Permission denied \(|Host key verification failed", SourceRejectedUs, "ssh was refused"),
    (
        r"detected dubious ownership",
        SourceRejectedUs,
        "another user owns it: run git config --global --add safe.directory with its path",
    ),
    (r"Permission denied", SourceRejectedUs, "its files may not be read"),
    (r"[Rr]epository .*not found", SourceGone, _NO_ACCESS),
    (r"does not appear to be a git repository", SourceGone, "no git repository is there"),
    (r"is this a git repository\?", UnexpectedPayload, "what answers there is no git server"),
    (_NETWORK, SourceUnavailable, "the network or the server failed"),
)
_MOVED = "it moved, and a token does not follow: use the new address"
_STATUSES: tuple[tuple[Container[int], _ErrorClass, str], ...] = (
    ((401, 403), SourceRejectedUs, _REFUSED),
    ((404, 410), SourceGone, _NO_ACCESS),
    (range(300, 400), SourceGone, _MOVED),
    ((407,), SourceUnavailable, "the proxy wants to be authorised"),
    ((429,), RateLimited, "the server asks to slow down"),
    (range(500, 600), SourceUnavailable, "the server failed"),
)
_STATUS = re.compile(r"requested URL returned error: (\d{3})")
_FULL = re.compile(r"No space left on device|Disk quota exceeded|Read-only file system")


def classify(stderr: str, address: str, cache: Path) -> SyncAssetsError:
    """The error behind a failed git command. `address` names the repository in the message;
    messages that name the `cache` are about it.
    """
    lines = _lines(stderr)
    own = [line for line in lines if not line.startswith("remote: ")]
    said = _essence(own or lines)
    if any(_FULL.search(line) or str(cache) in line for line in own):
        return cache_error(stderr, address, cache)
    text = "\n".join(lines)
    if found := _STATUS.search(text):
        return _of_status(int(found[1]), address)
    for pattern, error, meaning in _RULES:
        if re.search(pattern, text):
            return error(f"{address}: {meaning} ({said})")
    return Unrecognised(f"{address}: git failed ({said})")


def cache_error(stderr: str, address: str, cache: Path) -> SyncAssetsError:
    """The error behind a git command that failed on the cache."""
    said = _essence(_lines(stderr))
    if _FULL.search(stderr):
        return StoreUnavailable(f"{cache}: git cannot write: {said}")
    return CorruptCache(f"{address}: the cache cannot be read ({said})")


def _of_status(status: int, address: str) -> SyncAssetsError:
    for statuses, error, meaning in _STATUSES:
        if status in statuses:
            return error(f"{address}: {meaning} (HTTP {status})")
    return UnexpectedPayload(f"{address}: HTTP {status} where git was expected")


def _lines(stderr: str) -> list[str]:
    return [line.strip() for line in stderr.splitlines() if line.strip()]


def _essence(lines: list[str]) -> str:
    """Git's own first reason, without its prefix; later lines are advice."""
    for prefix in ("fatal: ", "error: ", ""):
        for line in lines:
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return "no message"
