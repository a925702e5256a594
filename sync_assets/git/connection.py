"""The way to one repository's server, for as long as one listing or one fetch needs it."""

from collections.abc import Sequence
from functools import partial

from sync_assets.errors import UnexpectedPayload
from sync_assets.git.command import Git
from sync_assets.git.environment import BLOB_NONE, REMOTE, Setting, Token, remote_settings
from sync_assets.git.helper import Helper
from sync_assets.git.packets import Ref, parse_ls_remote


class Connection:
    """Connects when it is first used. For one thread at a time.

    One HTTP connection where the server speaks protocol v2; a git command of its own for each
    question over ssh, by path, and for other servers.
    """

    def __init__(self, url: str, token: Token | None, git: Git) -> None:
        self._url = url
        self._token = token
        self._git = git
        self._helper: Helper | None = None
        self._one_by_one = not url.startswith(("http://", "https://"))

    def close(self) -> None:
        """Hang up; the next use would connect anew."""
        if self._helper is not None:
            self._helper.close()
            self._helper = None

    def refs(self, prefix: str) -> list[Ref]:
        """The refs whose names begin with `prefix`; more may come along."""
        helper = self._connect()
        if helper is None:
            return self._ls_remote(prefix)
        try:
            return helper.refs(prefix)
        except BaseException:
            self.close()
            raise

    def fetch(
        self,
        git: Git,
        blob_filter: str,
        *arguments: str,
        data: bytes,
        keep_open: Sequence[int],
    ) -> None:
        """Run a `git fetch` from `REMOTE` into the cache of `git`."""
        settings = partial(self._settings, blob_filter)
        helper = self._connect()
        if helper is None:
            git.ask(settings(), *arguments, data=data, keep_open=keep_open)
            return
        try:
            helper.fetch(git, settings, *arguments, data=data, keep_open=keep_open)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> Helper | None:
        if self._helper is None and not self._one_by_one:
            settings = self._settings()
            self._helper = Helper.connect(self._git, self._url, settings)
            self._one_by_one = self._helper is None
        return self._helper

    def _settings(
        self, blob_filter: str = BLOB_NONE, through: int | None = None
    ) -> Sequence[Setting]:
        """With the token that is valid now."""
        token = None if self._token is None else self._token()
        return remote_settings(self._url, token, blob_filter, through)

    def _ls_remote(self, prefix: str) -> list[Ref]:
        """A web page's answer reads like an empty list of refs, but it is none in git's protocol:
        then no packet is traced.
        """
        settings = self._settings()
        pattern = f"{prefix}*" if prefix.endswith("/") else prefix
        output, messages = self._git.ask(
            settings,
            *("ls-remote", "--quiet", "--symref", REMOTE, pattern),
            extra={"GIT_TRACE_PACKET": "1"},
        )
        if "packet:" not in messages:
            raise UnexpectedPayload(f"{self._git.address}: what answers there is no git server")
        return parse_ls_remote(output.decode())
