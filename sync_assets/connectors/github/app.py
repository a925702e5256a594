"""A GitHub App as who we are: tokens of its installations, renewed before they expire.

They live in memory alone. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pydantic import AwareDatetime, BaseModel, SecretStr, TypeAdapter

from sync_assets.connectors.github.app_key import private_key, signature
from sync_assets.connectors.github.dialect import dialect_of
from sync_assets.errors import SourceRejectedUs, UnexpectedPayload
from sync_assets.http.credentials import Credential, TokenAuth, digest
from sync_assets.http.payload import date_of, parsed

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.clients import HttpClients
    from sync_assets.settings import Settings

RENEW_BEFORE: Final = timedelta(minutes=5)
"""Of a token's end: whatever is under way by then has time to be answered."""
_REFUSALS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
_SETTINGS: Final = "SYNC_ASSETS_GITHUB_APP_ID and SYNC_ASSETS_GITHUB_APP_PRIVATE_KEY"


class _Installation(BaseModel):
    id: int


class _Token(BaseModel):
    token: SecretStr
    expires_at: AwareDatetime


_INSTALLATION: TypeAdapter[_Installation] = TypeAdapter(_Installation)
_TOKEN: TypeAdapter[_Token] = TypeAdapter(_Token)


class GitHubApp:
    """One App at one server. Thread-safe; made once for the clients that it speaks through."""

    def __init__(self, settings: "Settings", http: "HttpClients") -> None:
        self._id = settings.github_app_id
        self._installation = settings.github_app_installation_id
        self._clock = http.clock
        self._lock = threading.Lock()
        self._found: dict[str, int | None] = {}
        self._credentials: dict[int, Credential] = {}
        key, url = private_key(settings), str(settings.github_api_url)
        own = Credential(
            digest(SecretStr(f"GitHub App {self._id}")),
            TokenAuth(lambda: signature(self._id, key, self._clock())),
        )
        self.client = http.client(dialect_of(url), url, own)
        """Signed by the App itself: for what is about it, and in no installation of it."""

    def credential(self, repository: str) -> Credential:
        """Of the installation that reads `owner/name`. Its `key` is the installation's, so that a
        new token draws on the same budget. Raises SourceError.
        """
        with self._lock:
            installation = self._installation or self._look_up(repository)
            if installation is None:
                raise SourceRejectedUs(
                    f"the GitHub App {self._id} is not installed on {repository}: install it there;"
                    " for public repositories of others set SYNC_ASSETS_GITHUB_APP_INSTALLATION_ID"
                )
            if installation not in self._credentials:
                self._credentials[installation] = self._of(installation)
            return self._credentials[installation]

    def is_installed_on(self, repository: str) -> bool:
        """Whether the App's webhook is told what happens in `owner/name`. Raises SourceError."""
        with self._lock:
            return self._look_up(repository) is not None

    def _look_up(self, repository: str) -> int | None:
        """The installation there, asked for once. https://docs.github.com/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app."""
        if repository not in self._found:
            path = f"repos/{repository}/installation"
            answer = self.client.get(path, extensions={"accept": _REFUSALS})
            absent = answer.status_code == HTTPStatus.NOT_FOUND
            self._found[repository] = (
                None if absent else parsed(self._known(answer), _INSTALLATION).id
            )
        return self._found[repository]

    def _of(self, installation: int) -> Credential:
        name = SecretStr(f"GitHub App {self._id}, installation {installation}")
        token = InstallationToken(lambda: self._issue(installation), self._clock)
        return Credential(digest(name), TokenAuth(token), token)

    def _issue(self, installation: int) -> tuple[SecretStr, timedelta]:
        """A new token, and how long it lives by the server's clock.

        https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
        """
        answer = self.client.post(
            f"app/installations/{installation}/access_tokens",
            extensions={"accept": _REFUSALS, "safe": True},
        )
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise SourceRejectedUs(
                f"the GitHub App {self._id} has no installation {installation} any more: install"
                " it again, and look at SYNC_ASSETS_GITHUB_APP_INSTALLATION_ID"
            )
        new = parsed(self._known(answer), _TOKEN)
        return new.token, new.expires_at - date_of(answer)

    def _known(self, answer: "httpx.Response") -> "httpx.Response":
        """The answer, unless it refuses the App itself."""
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise SourceRejectedUs(
                f"GitHub does not take the signature of App {self._id}: look at {_SETTINGS}, and"
                " at this machine's clock"
            )
        return answer


class InstallationToken:
    """Gives the token of now; asks for a new one in time, once for all threads that need it."""

    def __init__(
        self, issue: Callable[[], tuple[SecretStr, timedelta]], clock: Callable[[], datetime]
    ) -> None:
        self._issue = issue
        self._clock = clock
        self._lock = threading.Lock()
        self._current: tuple[SecretStr, datetime] | None = None

    def __call__(self) -> SecretStr:
        """Raises SourceError where there is no token to be had."""
        with self._lock:
            now = self._clock()
            if self._current is None or now >= self._current[1]:
                token, lives = self._issue()
                if lives <= timedelta(0):
                    raise UnexpectedPayload("GitHub gave an installation token that has expired")
                self._current = token, now + max(lives - RENEW_BEFORE, lives / 2)
            return self._current[0]
