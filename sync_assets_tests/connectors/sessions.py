"""What one sync of a repository saw, through the catalog as the engine does it."""

import hashlib
import subprocess
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from sync_assets.connectors.base import Session
from sync_assets.connectors.catalog import connector_named
from sync_assets.http.clients import HttpClients
from sync_assets.models import Document, FetchFailure, Gone, Listing, Skip, Source
from sync_assets.settings import Settings


@dataclass(frozen=True)
class Seen:
    """A listing, and the outcome of fetching all that it calls searchable, by key."""

    listing: Listing
    documents: Mapping[str, Document]
    skipped: Mapping[str, str]
    failures: Mapping[str, Exception]

    @property
    def texts(self) -> dict[str, str]:
        return {key: document.text for key, document in self.documents.items()}

    @property
    def reasons(self) -> dict[str, str]:
        """Why what is not searchable is not, whether the listing or the content showed it."""
        listed = {entry.key: str(entry.reason) for entry in self.listing.entries if entry.reason}
        return {**listed, **self.skipped}


def source_of(connector: str, scope: str, **options: JsonValue) -> Source:
    return Source(
        source_id=f"{connector}:{scope}",
        connector=connector,
        scope=scope,
        identity=scope,
        settings=options,
        cron="*/15 * * * *",
        status="active",
        generation=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@contextmanager
def files_session(source: Source, settings: Settings) -> Generator[Session]:
    """The session of the source's files."""
    with (
        closing(HttpClients()) as http,
        connector_named(source.connector).open(source, ["files"], settings, http) as sessions,
    ):
        yield sessions["files"]


def sync(settings: Settings, source: Source, since: str | None = None) -> Seen:
    """List, then fetch in batches of 50."""
    documents: dict[str, Document] = {}
    skipped: dict[str, str] = {}
    failures: dict[str, Exception] = {}
    with files_session(source, settings) as session:
        listing = session.list(since)
        wanted = [entry for entry in listing.entries if entry.reason is None]
        for start in range(0, len(wanted), 50):
            for fetched in session.fetch(wanted[start : start + 50], listing.watermark):
                match fetched:
                    case Document():
                        documents[fetched.key] = fetched
                    case Skip(entry, reason):
                        skipped[entry.key] = reason
                    case FetchFailure(entry, error):
                        failures[entry.key] = error
                    case Gone(entry):
                        skipped[entry.key] = "gone"
    return Seen(listing, documents, skipped, failures)


def oracle(repository: Path, revision: str) -> dict[str, tuple[str, str | None]]:
    """Key -> version and text (None: not searchable), by git's own account."""

    def git(*arguments: str) -> bytes:
        command = ["git", "--git-dir", str(repository), *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout

    files: dict[str, tuple[str, str | None]] = {}
    for line in git("ls-tree", "-r", "-z", "--full-tree", revision).split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, kind, oid = facts.decode().split()
        text = None
        if mode.startswith("100") and kind == "blob":
            content = git("cat-file", "blob", oid)
            searchable = b"\0" not in content[:8000] and len(content) <= LIMIT
            try:
                name.decode()
                text = content.decode() if searchable else None
            except UnicodeDecodeError:
                text = None
        files[name.decode(errors="backslashreplace")] = (f"{mode}:{oid}", text)
    return files


LIMIT = 4096
"""The largest file that tests with the oracle call searchable."""


def noise(size: int, seed: str) -> str:
    """Text that does not compress away."""
    digits = "".join(hashlib.sha256(f"{seed}{i}".encode()).hexdigest() for i in range(size // 64))
    return digits.ljust(size, "x")
