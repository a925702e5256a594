"""GitHub Apps: who is installed where, and the tokens of installations, which end.

apps.keys["1234"] = public_key
installation = apps.install("1234", "acme/*", "acme/shop")  # with all of an owner, or with some
apps.withdraw(installation, "acme/shop")                      # each such change is told to the App
apps.suspend(installation)

Tokens are in the long form, which has a JWT inside. GitHub tells no budget of an App's own calls.
https://docs.github.com/rest/apps/apps
"""

import base64
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sync_assets.sandbox.access import Tokens, api_token
from sync_assets.sandbox.github.answers import failure
from sync_assets.sandbox.github.limits import Limits

LIVES = timedelta(hours=1)
SUSPENDED = "This installation has been suspended"
PERMISSIONS = {"contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read"}
AppEvent = Literal["installation", "installation_repositories"]


@dataclass(slots=True)
class Installation:
    """What an App may read: patterns of one owner's repositories, private ones too."""

    number: int
    app: str
    owner: str
    repositories: Sequence[str]
    made_at: datetime
    suspended_at: datetime | None = None

    @property
    def suspended(self) -> bool:
        """Whether its tokens are refused, for now."""
        return self.suspended_at is not None

    def reads(self, name: str) -> bool:
        """Whether `owner/name` is among them."""
        return any(fnmatchcase(name, pattern) for pattern in self.repositories)


@dataclass(frozen=True, slots=True)
class AppNews:
    """An event of an installation: `patterns` are the repositories that it is about."""

    installation: Installation
    event: AppEvent
    action: str
    patterns: Sequence[str]


Watcher = Callable[[AppNews], object]


@dataclass(frozen=True, slots=True)
class Issued:
    """A token of an installation."""

    installation: Installation
    expires_at: datetime


@dataclass
class Apps:
    """The Apps of one sandbox, by id, with their public keys (PEM). An installation's tokens share
    one budget.
    """

    clock: Callable[[], datetime]
    limits: Limits
    lives: timedelta = LIVES
    keys: dict[str, str] = field(default_factory=dict[str, str])
    installations: dict[int, Installation] = field(default_factory=dict[int, Installation])
    issued: dict[str, Issued] = field(default_factory=dict[str, Issued])
    watchers: list[Watcher] = field(default_factory=list[Watcher], repr=False)
    _numbers: Iterator[int] = field(default_factory=lambda: count(51_000_001), repr=False)

    def install(self, app: str, *repositories: str) -> Installation:
        """Give an App access to repositories, by patterns (`acme/*`)."""
        owner = repositories[0].partition("/")[0]
        made = Installation(next(self._numbers), app, owner, repositories, self.clock())
        self.installations[made.number] = made
        self._tell(made, "installation", "created", repositories)
        return made

    def uninstall(self, installation: Installation) -> None:
        """Its tokens open nothing any more, and there are no new ones."""
        del self.installations[installation.number]
        self.issued = {
            token: each
            for token, each in self.issued.items()
            if each.installation is not installation
        }
        self._tell(installation, "installation", "deleted", installation.repositories)

    def suspend(self, installation: Installation) -> None:
        """Its tokens are refused until it is given leave again."""
        installation.suspended_at = self.clock()
        self._tell(installation, "installation", "suspend", installation.repositories)

    def unsuspend(self, installation: Installation) -> None:
        """As before."""
        installation.suspended_at = None
        self._tell(installation, "installation", "unsuspend", installation.repositories)

    def withdraw(self, installation: Installation, name: str) -> None:
        """Take a repository from an installation that names it."""
        left = [each for each in installation.repositories if each != name]
        installation.repositories = left
        self._tell(installation, "installation_repositories", "removed", [name])

    def give(self, installation: Installation, name: str) -> None:
        """Add a repository to those that an installation names."""
        installation.repositories = [*installation.repositories, name]
        self._tell(installation, "installation_repositories", "added", [name])

    def on(self, name: str) -> list[Installation]:
        """The installations that have the repository `owner/name`."""
        return [each for each in self.installations.values() if each.reads(name)]

    def issue(self, installation: Installation) -> str:
        """A new token; those of before live on."""
        claims = base64.urlsafe_b64encode(secrets.token_bytes(120)).decode()
        head, sign = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9", secrets.token_urlsafe(200)
        token = f"ghs_{installation.app}_{head}.{claims}.{sign}"
        self.issued[token] = Issued(installation, self.clock() + self.lives)
        self.limits.owners[token] = f"installation {installation.number}"
        return token

    def opens(self, token: str) -> Installation | None:
        """What a token of an App opens now."""
        found = self.issued.get(token)
        return None if found is None or self.clock() >= found.expires_at else found.installation

    def _tell(
        self, installation: Installation, event: AppEvent, action: str, patterns: Sequence[str]
    ) -> None:
        for watcher in self.watchers:
            watcher(AppNews(installation, event, action, patterns))


class LiveTokens(Mapping[str, Collection[str]]):
    """The tokens that open something at this moment: fixed ones, and those of installations."""

    def __init__(self, fixed: Tokens, apps: Apps) -> None:
        self._fixed = fixed
        self._apps = apps

    def __getitem__(self, token: str) -> Collection[str]:
        """What it reads; KeyError where it opens nothing."""
        installation = self._apps.opens(token)
        if installation is None:
            return self._fixed[token]
        return () if installation.suspended else installation.repositories

    def __iter__(self) -> Iterator[str]:
        """All of now."""
        yield from self._fixed
        yield from [token for token in self._apps.issued if self._apps.opens(token)]

    def __len__(self) -> int:
        """As many as these."""
        return sum(1 for _ in self)


class SuspendedLayer:
    """ASGI middleware: the API refuses tokens of a suspended installation, whatever is asked."""

    def __init__(self, app: ASGIApp, *, apps: Apps) -> None:
        self._app = app
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self._app
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            token = api_token(Headers(scope=scope).get("authorization"))
            installation = self._apps.opens(token or "")
            if installation is not None and installation.suspended:
                answer = failure(403, SUSPENDED)
        await answer(scope, receive, send)
