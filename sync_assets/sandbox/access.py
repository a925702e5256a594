"""Who may read what: tokens and private repositories, with GitHub's answers to the rest."""

import base64
import binascii
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

Tokens = Mapping[str, Collection[str]]
"""Token -> patterns (`acme/*`) of the private repositories that it may read."""
SANDBOX_TOKEN = "github-sandbox-token"  # noqa: S105 - opens the sandbox, and nothing else
PUBLIC_READER: Tokens = {SANDBOX_TOKEN: ()}
"""Who may read what is public: by GraphQL nobody may without a token."""

ADMIN: Tokens = {SANDBOX_TOKEN: ("*",)}
"""Whoever has the token may do everything."""


def basic_token(authorization: str | None) -> str | None:
    """The token in an `Authorization` header, whatever the user; None without the header.

    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
    """
    if authorization is None:
        return None
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded.partition(":")[2]


def api_token(authorization: str | None) -> str | None:
    """The token of an API request, by any of the schemes that GitHub takes; None without one."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return value.strip()
    return basic_token(authorization)


def refusal(tokens: Tokens, token: str | None, name: str, *, private: bool | None) -> int | None:
    """The status that refuses a request, or None. `private` is None for what does not exist.

    As at GitHub: a wrong token is refused even where none is needed; without one, what is private
    and what does not exist look the same; with one, both are not found.
    """
    unauthorized, not_found = 401, 404
    if token is not None and token not in tokens:
        return unauthorized
    if private is False:
        return None
    if token is None:
        return unauthorized
    readable = any(fnmatchcase(name, pattern) for pattern in tokens[token])
    return None if readable and private else not_found
