"""What the files of a repository mean, whatever carried them: shared by all transports."""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from pydantic import Field, field_validator

from sync_assets.connectors.base import Session, SourceSettings, Stream
from sync_assets.errors import UnexpectedPayload
from sync_assets.git.objects import SUBMODULE, SYMLINK, Blob, TreeEntry, unsearchable
from sync_assets.git.refs import branch_ref
from sync_assets.git.selection import Selection
from sync_assets.models import (
    Document,
    Fetched,
    FetchFailure,
    Listing,
    ListingEntry,
    Skip,
    SkipReason,
    Source,
    digest,
    document_id,
)

FILES = Stream(
    name="files",
    stages=("repo_tree", "file_contents"),
    description="The files of one branch, as of the commit that it names.",
)


class RepositorySettings(SourceSettings):
    """What is kept of a repository. Patterns are gitignore's; a bad one is InvalidSettings."""

    branch: str | None = Field(None, description="The branch; empty: the default branch.")
    include: tuple[str, ...] = Field((), description="Only files that match; empty: all.")
    exclude: tuple[str, ...] = Field((), description="No files that match.")
    max_file_bytes: int | None = Field(
        None, ge=1, description="Larger files are listed, not searched."
    )

    @field_validator("branch")
    @classmethod
    def _branch(cls, branch: str | None) -> str | None:
        if branch is not None:
            branch_ref(branch)
        return branch

    @field_validator("include", "exclude")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        Selection(patterns, ())
        return patterns


class FilesSession(Session):
    """A session of the files of one repository. A commit's tree is listed again at no cost."""

    relists = True

    @abstractmethod
    def close(self) -> None:
        """End what was started for reading."""

    @abstractmethod
    def discard(self) -> None:
        """Remove what is kept of the repository between runs."""


def by_content(
    entries: Sequence[ListingEntry],
) -> tuple[Mapping[str, Sequence[ListingEntry]], Sequence[Skip]]:
    """Entries by the blob that they share, which is read once; and those that are not read."""
    wanted: dict[str, list[ListingEntry]] = {}
    skips: list[Skip] = []
    for entry in entries:
        if entry.reason is None:
            wanted.setdefault(entry.locator, []).append(entry)
        else:
            skips.append(Skip(entry, entry.reason))
    return wanted, skips


@dataclass(frozen=True, slots=True)
class Watermark:
    """What was listed. `commit` is None where the repository had none; `selection` digests what
    was asked for, so that an edited pattern or limit is never taken for "unchanged".
    """

    ref: str
    commit: str | None
    selection: str

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def __str__(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class FileRules:
    """One source's view of a tree: which files are wanted, and what becomes of each.

    `place` names the repository in messages; `permalink` makes a URL of a commit and a path.
    """

    source: Source
    stream: str
    place: str
    permalink: Callable[[str, str], str]
    selection: Selection
    limit: int
    asked: str

    @classmethod
    def of(
        cls,
        source: Source,
        place: str,
        permalink: Callable[[str, str], str],
        *,
        wanted: RepositorySettings,
        max_file_bytes: int,
    ) -> Self:
        """By the source's settings; `max_file_bytes` where they say nothing of it."""
        limit = wanted.max_file_bytes or max_file_bytes
        asked = digest(json.dumps([wanted.include, wanted.exclude, limit]))[:8]
        selection = Selection(wanted.include, wanted.exclude)
        return cls(source, FILES.name, place, permalink, selection, limit, asked)

    def chosen(self, files: Sequence[TreeEntry]) -> Sequence[TreeEntry]:
        """The files that patterns want."""
        if self.selection.everything:
            return files
        return [file for file in files if self.selection.wants(file.path)]

    def entry(self, file: TreeEntry, size: int | None, absent: SkipReason | None) -> ListingEntry:
        """As it is listed; `absent` is what the lack of a size means."""
        key = file.path.decode(errors="backslashreplace")
        reason: SkipReason | None = None
        if file.mode == SUBMODULE:
            reason = "submodule"
        elif file.mode == SYMLINK:
            reason = "symlink"
        elif key.encode() != file.path:
            reason = "name_not_utf8"
        elif size is None:
            reason = absent
        elif size > self.limit:
            reason = "too_large"
        source = self.source
        return ListingEntry(
            document_id=document_id(source.connector, source.identity, self.stream, file.path),
            key=key,
            version=f"{file.mode}:{file.oid}",
            locator=file.oid,
            size=size,
            reason=reason,
        )

    def fetched(self, entry: ListingEntry, blob: Blob, commit: str) -> Fetched:
        """What came of a file whose blob was asked for; its content is checked already."""
        if blob.size is None:
            error = UnexpectedPayload(
                f"{self.place}: {entry.key!r} (blob {blob.oid}) cannot be read there"
            )
            return FetchFailure(entry, error)
        if blob.data is None:
            return Skip(entry, "too_large")
        reason = unsearchable(blob.data)
        if reason is not None:
            return Skip(entry, reason)
        return Document(
            document_id=entry.document_id,
            key=entry.key,
            version=entry.version,
            title=entry.key.rpartition("/")[2],
            url=self.permalink(commit, entry.key),
            text=blob.data.decode(),
            path=entry.key,
            metadata={
                "mode": entry.version.partition(":")[0],
                "blob": blob.oid,
                "commit": commit,
                "bytes": blob.size,
                "last_commit": None,
                "last_commit_known": False,
            },
        )

    def empty(self, ref: str) -> Listing:
        """No commit, so no document; nothing proves it, and large deletes wait for approval."""
        return Listing(watermark=str(Watermark(ref, None, self.asked)))


def searchable_blobs(files: Sequence[TreeEntry]) -> dict[str, None]:
    """The distinct blobs that may be searched, in order."""
    return dict.fromkeys(file.oid for file in files if file.mode not in (SUBMODULE, SYMLINK))
