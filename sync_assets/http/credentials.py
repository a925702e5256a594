"""Who we are to a vendor."""

import base64
import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from sync_assets.errors import InvalidSettings

Token = Callable[[], SecretStr]
"""Gives the token that is valid now."""


@dataclass(frozen=True, slots=True)
class Credential:
    """`auth` signs requests. `key` names the credential without revealing it: budgets and clients
    are kept by it. `token` is for those that are no HTTP client of ours: git.
    """

    key: str
    auth: httpx.Auth | None = field(default=None, repr=False)
    token: Token | None = field(default=None, repr=False)


ANONYMOUS = Credential("anonymous")


def token_credential(token: SecretStr, scheme: str = "Bearer") -> Credential:
    """A fixed token, sent as `Authorization: SCHEME TOKEN`; without a scheme, the token alone.

    An empty token is nobody: ANONYMOUS.
    """
    if not token.get_secret_value():
        return ANONYMOUS
    check_token(token)
    return Credential(digest(token), TokenAuth(lambda: token, scheme), lambda: token)


def basic_credential(user: str, password: SecretStr) -> Credential:
    """`Authorization: Basic`, for servers that know nothing else."""
    pair = f"{user}:{password.get_secret_value()}".encode()
    return token_credential(SecretStr(base64.b64encode(pair).decode()), "Basic")


class TokenAuth(httpx.Auth):
    """Signs each request with the token of that moment."""

    def __init__(self, token: Token, scheme: str = "Bearer") -> None:
        self._token = token
        self._scheme = scheme

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        token = self._token().get_secret_value()
        request.headers["Authorization"] = f"{self._scheme} {token}".strip()
        yield request


def digest(token: SecretStr) -> str:
    """12 hex digits: names a token, and tells nothing of it."""
    return hashlib.blake2b(token.get_secret_value().encode(), digest_size=6).hexdigest()


def check_token(token: SecretStr) -> None:
    """InvalidSettings for what cannot stand in a header: a pasted line break, a quote's ghost."""
    text = token.get_secret_value()
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise InvalidSettings("a token holds spaces, line breaks or signs that no token has")
