"""Secrets that what stands before them marks: key armour, URLs, authorization headers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sync_assets.redaction.assignments import assigned, basic_credentials, random_looking
from sync_assets.redaction.needles import Needles

Match = tuple[int, int, str]
"""Start and end of a secret (code points), kind."""

_LONGEST_KEY = 32_768
_ARMOUR = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----"
    r"(?P<body>(?:(?!-----BEGIN).)*?)-----END (?P=label)-----",
    re.DOTALL,
)
_CUT_ARMOUR = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----(?:\\[nr]|[\s\"'+,|>#*])*"
    r"(?P<body>[A-Za-z0-9+/=:]{40,}(?:(?:\\[nr]|[\s\"'+,|>#*])*[A-Za-z0-9+/=:]{16,})*)"
)
_KEY_BYTES = re.compile(r"[A-Za-z0-9+/]{32,}")

_URL_PASSWORD = re.compile(
    r"://[^\s:/?#@\"'`<>(){}\[\]\\]{0,128}:(?P<secret>[^\s/@\"'`<>{}\[\]\\]{1,256})@(?=[\w\[{$%-])"
)
_REFERENCE = re.compile(r"[$%*]|x{3,}\Z|\.{3}", re.IGNORECASE)
_BEARER = re.compile(r"bearer[ \t]+(?P<secret>[\w.~+/=-]{16,4096})", re.IGNORECASE)
_TOKEN_HEADER = re.compile(
    r"authorization[\"']?\s*[:=,]\s*[\"']?(?:token|apikey|api-key|key)[ \t=]+[\"']?"
    r"(?P<secret>[\w.~+/=-]{16,4096})",
    re.IGNORECASE,
)
_BASIC = re.compile(r"basic[ \t]+(?P<secret>[A-Za-z0-9+/]{8,512}={0,2})", re.IGNORECASE)
_HOOK = re.compile(
    r"://(?:[\w.-]+\.)?(?:"
    r"(?P<slack>hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+-]{20,})"
    r"|(?P<discord>discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,}/[\w-]{50,})"
    r"|(?P<teams>webhook\.office\.com/webhookb?2?/[\w@-]{36,}/[\w/-]{30,})"
    r"|(?P<zapier>hooks\.zapier\.com/hooks/catch/\d+/\w{5,}))"
)
_SIGNATURE = re.compile(r"sig=(?P<secret>[A-Za-z0-9%+/]{40,}(?:%3D|=)*)", re.IGNORECASE)
_NETRC_LOGIN = re.compile(r"(?:machine[ \t]+\S+|default)\s+login[ \t]+\S+\s{1,8}\Z")
_NETRC = re.compile(r"password[ \t]+(?P<secret>[^\s\"'`\[{<$]\S{3,})")


@dataclass(frozen=True, slots=True)
class Mark:
    """`finders` are called with every place where `needle` (lower case) stands in any case."""

    needle: bytes
    finders: tuple[Callable[[str, int], Match | None], ...]


def _is_literal(password: str) -> bool:
    return _REFERENCE.match(password) is None


def _pattern(
    kind: str, pattern: re.Pattern[str], credible: Callable[[str], bool] = bool
) -> Callable[[str, int], Match | None]:
    def find(text: str, at: int) -> Match | None:
        match = pattern.match(text, at)
        if match and credible(match["secret"]):
            return match.start("secret"), match.end("secret"), kind
        return None

    return find


def _armour(text: str, at: int) -> Match | None:
    """A whole key with its armour; where its end is missing, all lines that look like key."""
    match = _ARMOUR.match(text, at, at + _LONGEST_KEY) or _CUT_ARMOUR.match(text, at)
    if match and _KEY_BYTES.search(match["body"]):
        label = match["label"].partition(" ")[0].lower()
        prefix = "" if label in {"private", "encrypted"} else f"{label}_"
        return match.start(), match.end(), f"{prefix}private_key"
    return None


def _netrc(text: str, at: int) -> Match | None:
    match = _NETRC.match(text, at)
    if match and _NETRC_LOGIN.search(text, max(0, at - 200), at):
        return match.start("secret"), match.end("secret"), "netrc_password"
    return None


def _hook(text: str, at: int) -> Match | None:
    match = _HOOK.match(text, at)
    if match and match.lastgroup:
        host = match[match.lastgroup].index("/") + 1
        return match.start(match.lastgroup) + host, match.end(), f"{match.lastgroup}_webhook"
    return None


MARKS = (
    Mark(b"-----begin ", (_armour,)),
    Mark(b"://", (_pattern("url_password", _URL_PASSWORD, _is_literal), _hook)),
    Mark(b"bearer", (_pattern("bearer_token", _BEARER, random_looking),)),
    Mark(b"basic", (_pattern("basic_auth", _BASIC, basic_credentials),)),
    Mark(b"sig=", (_pattern("azure_sas_signature", _SIGNATURE),)),
    Mark(b"auth", (_pattern("authorization_header", _TOKEN_HEADER, random_looking), assigned)),
    Mark(b"pass", (_netrc, assigned)),
    *(Mark(part, (assigned,)) for part in (b"pwd", b"secret", b"token", b"key")),
)
_NEEDLES = Needles([mark.needle for mark in MARKS])


def marks_at(data: bytes) -> Iterator[tuple[int, Mark]]:
    """Where in `data` (lower case) a mark's needle stands, in order."""
    for at, mark in _NEEDLES.places(data):
        yield at, MARKS[mark]
