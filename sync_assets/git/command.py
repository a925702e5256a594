"""Runs git: a time limit for each command, and its failures by name."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sync_assets.errors import InvalidSettings, SourceUnavailable, StoreUnavailable
from sync_assets.git.environment import LOCAL_SETTINGS, Setting, child_environment
from sync_assets.git.errors import MINIMUM_GIT, cache_error, classify

_PIPE = subprocess.PIPE


@dataclass(frozen=True, slots=True)
class Git:
    """Git on one cache directory. `address` names the repository in messages."""

    directory: Path
    address: str
    timeout_seconds: float

    def ask(
        self,
        settings: Sequence[Setting],
        *arguments: str,
        data: bytes = b"",
        keep_open: Sequence[int] = (),
        extra: Mapping[str, str] | None = None,
    ) -> tuple[bytes, str]:
        """The output and the messages of a command that talks to the remote.

        Its failure is named by `classify`. `keep_open` descriptors live as long as the process.
        """
        process = self.spawn(settings, *arguments, keep_open=keep_open, extra=extra)
        output, messages = self._communicate(process, data)
        if process.returncode != 0:
            raise classify(messages, self.address, self.directory)
        return output, messages

    def read(self, *arguments: str, data: bytes = b"") -> bytes:
        """Run a command on the cache, offline; a failure means that the cache is bad."""
        process = self.spawn(LOCAL_SETTINGS, *arguments)
        output, messages = self._communicate(process, data)
        if process.returncode != 0:
            raise cache_error(messages, self.address, self.directory)
        return output

    def spawn(
        self,
        settings: Sequence[Setting],
        *arguments: str,
        keep_open: Sequence[int] = (),
        extra: Mapping[str, str] | None = None,
        messages: int = _PIPE,
    ) -> subprocess.Popen[bytes]:
        """A git process; `end` must end it. `messages` is a descriptor for its stderr."""
        environment = child_environment(self.directory, settings, os.environ)
        try:
            return subprocess.Popen(
                ["git", *arguments],
                stdin=_PIPE,
                stdout=_PIPE,
                stderr=messages,
                env={**environment, **(extra or {})},
                cwd=self.directory.parent,
                pass_fds=keep_open,
                start_new_session=True,  # no terminal to ask at, and one group to end
            )
        except FileNotFoundError:
            if not self.directory.parent.is_dir():
                raise StoreUnavailable(f"{self.directory.parent} does not exist") from None
            raise InvalidSettings(
                f"git was not found on PATH: install git {MINIMUM_GIT} or newer"
            ) from None

    def too_slow(self) -> SourceUnavailable:
        """The error for a command that met the time limit."""
        return SourceUnavailable(
            f"{self.address}: git took longer than {self.timeout_seconds:g} s "
            "(SYNC_ASSETS_GIT_TIMEOUT_SECONDS)"
        )

    def _communicate(self, process: subprocess.Popen[bytes], data: bytes) -> tuple[bytes, str]:
        try:
            output, messages = process.communicate(data, self.timeout_seconds)
        except subprocess.TimeoutExpired:
            raise self.too_slow() from None
        finally:
            end(process)
        return output, messages.decode(errors="replace")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started, and release its pipes."""
    kill(process)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started; its pipes end."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """What a process reads and what it writes."""
    if process.stdin is None or process.stdout is None:
        raise AssertionError("every process of ours has both")
    return process.stdin, process.stdout
