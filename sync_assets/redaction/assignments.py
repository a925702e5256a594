"""Secrets that only their name gives away: `password = ...`, `api_key: ...`, `--token ...`."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections import Counter
from math import log2
from string import ascii_letters, digits

_ASSIGNED = re.compile(
    r"""(?P<rest>[\w.-]{0,40}+)(?P<closing>[\])"'`]{0,3})
    (?:
      \s{0,4}(?::\s{0,2}[A-Za-z][\w\[\].]{0,40}(?:\s?\|\s?\w+)?\s{0,2}(?==))?  # `token: str = `
      (?:(?:=>|:=|[=!]==?|=|:)\s{0,8}|[,(][ \t]{0,4})[rbufRBUF@$]{0,2}
      (?P<quote>\\?["'`])(?P<quoted>[^\s"'`\\]{6,512}+)(?P=quote)
    | [ \t]{0,4}(?:=|:(?!/)|>)[ \t]{0,4}(?P<bare>[^\s"'`;,&<>(){}\[\]\\]{8,512}+)
      (?=[\s;,&<"'`\\]|\Z)
    | (?:[ \t]|=)(?P<flag>[^\s"'`;,&<>(){}\[\]\\=-][^\s"'`;,&<>(){}\[\]\\]{7,512}+)(?=\s|\Z)
    )""",
    re.VERBOSE,
)
_NAME_CHARACTERS = f"{ascii_letters}{digits}_.-"
_LONGEST_NAME = 60
_CERTAIN_NAME = re.compile(r"passw|secret|api[_.-]?key|credential", re.IGNORECASE)
_HARMLESS_NAME = re.compile(
    r"public|primary|foreign|partition|cache|sort|idempotency|shortcut|keyword|keyboard|keyframe"
    r"|monkey|passage|passing|passthrough|bypass|compass|author|tokeni[sz]|page_?token|next_?token"
    r"|continuation|cursor|kms_?key|client_?id|app_?id",
    re.IGNORECASE,
)
_HARMLESS_ENDING = re.compile(
    r"(?:key|secret|token|password|auth)[_.-]?(?:id|name|type|ur[il]|path|file|version)s?\Z"
    r"|(?:hash|digest|checksum|sha\d+|fingerprint)\Z",
    re.IGNORECASE,
)
_PASSWORD_NAME = re.compile(r"passw|passphrase|pwd|pass\b|_pass\b|pass[_-]?wd", re.IGNORECASE)
_STRONG_NAME = re.compile(
    r"secret|token|api[_.-]?key|access[_.-]?key|auth|private|signing|encryption|master|account"
    r"|service[_.-]?key|client[_.-]?key|credential|app[_.-]?key|license",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"example|placeholder|change[_-]?me|your|xxxx|x-x-x|\*\*\*|\.\.\.|…|dummy|sample|redacted|todo"
    r"|insert|replace|undefined|process\.env|environ|getenv|secrets?\.|vault:|^arn:|^sha\d|^md5"
    r"|^https?:|^file:|^env[:.]|^urn:|^[$%#@<{(\[]|\$\{|\{\{|%\(|^-----|^ref:|^op://|^!|0123456|abcdef"
    r"|123456789",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SHORTEST_HEX = 24
_SHORTEST_BARE_PASSWORD = 8
_WORD = 3
"""Characters: where runs of one kind of character are this long on average, people wrote it."""
_HEX_BITS, _OTHER_BITS = 2.8, 3.0
"""Entropy a character that a generated value has at least."""
_SECRET = re.compile(r"[A-Za-z0-9+/=_.~:@!#$%^&*?|-]+")
_KINDS = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"aws.*secret|secret_?access_?key", "aws_secret_access_key"),
        (r"account_?key", "azure_storage_key"),
        (r"shared_?access_?key", "azure_shared_access_key"),
        (r"azure|subscription_?key", "azure_key"),
        (r"heroku", "heroku_key"),
        (r"datadog|\bdd_", "datadog_key"),
        (r"cloudflare|\bcf_", "cloudflare_key"),
        (r"algolia", "algolia_key"),
        (r"twilio", "twilio_key"),
        (r"vercel", "vercel_token"),
        (r"wandb", "wandb_key"),
        (r"_authToken|npm", "npm_token"),
        (r"slack.*signing|signing_?secret", "signing_secret"),
        (r"client_?secret", "oauth_client_secret"),
        (r"private_?key", "private_key_value"),
        (r"encryption_?key|master_?key", "encryption_key"),
        (r"secret_?key|\bsecret_key_base", "secret_key"),
        (r"refresh_?token", "refresh_token"),
        (r"access_?token", "access_token"),
        (r"api_?key", "api_key"),
    )
)


def assigned(text: str, at: int) -> tuple[int, int, str] | None:
    """The secret assigned to the name of which a telling part ("key", "token") stands at `at`.

    Start, end and kind; None where the name is harmless, or the value a placeholder, a reference,
    an identifier or words. Random-looking means: letters and digits, often changing between
    them, with the entropy of a generated value.
    """
    match = _ASSIGNED.match(text, at)
    if match is None:
        return None
    group = match.lastgroup or ""
    if group == "quote":
        group = "quoted"
    value = match[group]
    head = text[max(0, at - _LONGEST_NAME) : at]
    name = head[len(head.rstrip(_NAME_CHARACTERS)) :] + match["rest"]
    if group == "flag" and not name.startswith("--"):
        return None
    if _harmless(name) or not _credible(name, value, quoted=group == "quoted"):
        return None
    return match.start(group), match.end(group), _kind(name)


def _harmless(name: str) -> bool:
    if _HARMLESS_ENDING.search(name):
        return True
    return _HARMLESS_NAME.search(name) is not None and _CERTAIN_NAME.search(name) is None


def basic_credentials(value: str) -> bool:
    """Whether base64 text is `user:password`."""
    try:
        decoded = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except NotBase64:
        return False
    return b":" in decoded and decoded.isascii() and decoded.decode().isprintable()


def random_looking(value: str, *, shortest: int = 16) -> bool:
    """Whether a value seems generated: neither words nor an identifier nor a number."""
    core = value.rstrip("=")
    if len(core) < shortest or not _SECRET.fullmatch(value):
        return False
    if len(core) >= _SHORTEST_HEX and _HEX.fullmatch(core) and not core.isdigit():
        return _entropy(core) >= _HEX_BITS
    parts = _PARTS.findall(core)
    if not any(part.isdigit() for part in parts) or all(part.isdigit() for part in parts):
        return False
    if sum(map(len, parts)) >= _WORD * len(parts):
        return False
    return _entropy(core) >= _OTHER_BITS


def _credible(name: str, value: str, *, quoted: bool) -> bool:
    if _PLACEHOLDER.search(value):
        return False
    if _PASSWORD_NAME.search(name):
        return _password_like(value, quoted=quoted)
    strong = _STRONG_NAME.search(name) is not None
    if _UUID.fullmatch(value):
        return strong and "token" not in name.lower()
    return random_looking(value, shortest=16 if strong else 32)


def _password_like(value: str, *, quoted: bool) -> bool:
    if not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    if random_looking(value, shortest=8):
        return True
    special = re.search(r"[!@#$%^&*?+=~|]", value) is not None
    return special and (quoted or len(value) >= _SHORTEST_BARE_PASSWORD)


def _kind(name: str) -> str:
    snaked = name.replace("-", "_")
    for pattern, kind in _KINDS:
        if pattern.search(snaked):
            return kind
    if _PASSWORD_NAME.search(name):
        return "password"
    lowered = name.lower()
    return next((kind for kind in ("secret", "token", "auth") if kind in lowered), "key")


def _entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in Counter(value).values())
