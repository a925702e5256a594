"""The files of one git repository: the session that the connectors `github` and `git` share."""

import json
from abc import abstractmethod
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import Self

from pydantic import Field, SecretStr, field_validator

from sync_assets.connectors.base import Connector, Session, SourceSettings, Stream
from sync_assets.errors import UnexpectedPayload
from sync_assets.git.connection import Connection
from sync_assets.git.environment import BLOB_NONE
from sync_assets.git.errors import CommitGone, CorruptCache, DamagedSource
from sync_assets.git.objects import SUBMODULE, SYMLINK, Blob, TreeEntry, unsearchable
from sync_assets.git.refs import branch_ref
from sync_assets.git.repository import (
    HEAD,
    GitRepository,
    ResolvedRef,
    blob_limit,
    cache_directory,
)
from sync_assets.git.selection import Selection
from sync_assets.http.clients import HttpClients
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
from sync_assets.settings import Settings

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository is. `permalink` makes a URL of a commit and a path; no `branch` means
    the default one.
    """

    url: str
    branch: str | None
    credential: SecretStr | None
    permalink: Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class _Watermark:
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
        return json.dumps(asdict(self), separators=(",", ":"))


class RepositorySession(Session):
    """Lists one commit's tree and reads its blobs, through the kept caches."""

    relists = True

    def __init__(
        self,
        source: Source,
        stream: str,
        place: Place,
        *,
        wanted: RepositorySettings,
        settings: Settings,
    ) -> None:
        self._source = source
        self._stream = stream
        self._place = place
        self._ref = HEAD if place.branch is None else branch_ref(place.branch)
        self._limit = wanted.max_file_bytes or settings.max_file_bytes
        self._selection = Selection(wanted.include, wanted.exclude)
        asked = [wanted.include, wanted.exclude, self._limit]
        self._asked = digest(json.dumps(asked))[:8]

        def repository(blob_filter: str) -> GitRepository:
            return GitRepository(
                place.url,
                cache_directory(settings.home, place.url, blob_filter),
                blob_filter=blob_filter,
                credential=place.credential,
                timeout_seconds=settings.git_timeout_seconds,
            )

        self._whole = repository(blob_limit(self._limit))
        self._trees = repository(BLOB_NONE)

    def close(self) -> None:
        """End the git processes that were kept for reading."""
        self._whole.close()
        self._trees.close()

    def discard(self) -> None:
        """Remove the caches of this repository; another source of it fetches anew."""
        self._whole.discard()
        self._trees.discard()

    def list(self, since: str | None) -> Listing:
        """What the ref names now; two requests where that is still the commit of `since`."""
        seen = None if since is None else _Watermark.parse(since)
        with self._whole.connection() as connection:
            found = self._whole.resolve(self._ref, connection)
            commit = None if found is None else found.commit
            if since and seen and (seen.commit, seen.selection) == (commit, self._asked):
                return Listing(watermark=since, unchanged=True)
            try:
                return self._listing(found, connection)
            except CommitGone:  # a force-push came between the two requests
                return self._listing(self._whole.resolve(self._ref, connection), connection)

    def relist(self, watermark: str) -> Listing:
        """The same commit again. SourceUnavailable: it is neither cached nor served any more."""
        seen = _Watermark.parse(watermark)
        if seen.commit is None:
            return self._empty()
        with self._whole.connection() as connection:
            return self._listing(ResolvedRef(seen.ref, seen.commit), connection)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        """One result for each entry; blobs that several paths share are read once."""
        commit = _Watermark.parse(watermark).commit or ""
        by_blob: dict[str, list[ListingEntry]] = {}
        for entry in entries:
            if entry.reason is None:
                by_blob.setdefault(entry.locator, []).append(entry)
            else:
                yield Skip(entry, entry.reason)
        repository = self._whole if self._whole.cached() else self._trees
        for blob in repository.read(by_blob, self._limit):
            for entry in by_blob[blob.oid]:
                yield self._fetched(entry, blob, commit)

    def _listing(self, ref: ResolvedRef | None, connection: Connection) -> Listing:
        """The listing of a commit, with a damaged cache made anew."""
        if ref is None:
            return self._empty()
        try:
            return self._listed(ref, connection)
        except CorruptCache:
            self.discard()
            return self._listed(ref, connection)

    def _listed(self, ref: ResolvedRef, connection: Connection) -> Listing:
        repository = self._obtain(ref, connection)
        with repository.steady():
            files = repository.tree(ref.commit)
            chosen = self._chosen(files)
            sizes = repository.sizes(_blobs(chosen))
        absent: SkipReason | None = "too_large" if repository is self._whole else None
        return Listing(
            watermark=str(_Watermark(ref.name, ref.commit, self._asked)),
            entries=[self._entry(file, sizes.get(file.oid), absent) for file in chosen],
            content_proven=True,
            excluded=len(files) - len(chosen),
        )

    def _obtain(self, ref: ResolvedRef, connection: Connection) -> GitRepository:
        """Bring the commit into one of the two caches, which is returned.

        Trees come first where patterns may select under half of the files: then exactly these are
        fetched by name. So are all of a damaged repository, where one bad file must fail alone.
        """
        at_once = self._selection.everything or self._whole.cached()
        if not at_once:
            self._trees.obtain(ref.name, ref.commit, connection)
            files = self._trees.tree(ref.commit)
            at_once = 2 * len(self._chosen(files)) >= len(files)
        if at_once:
            try:
                self._whole.obtain(ref.name, ref.commit, connection)
            except DamagedSource:
                pass  # the way below finds out which file it is
            else:
                return self._whole
        self._trees.obtain(ref.name, ref.commit, connection)
        blobs = _blobs(self._chosen(self._trees.tree(ref.commit)))
        present = self._trees.sizes(blobs)
        self._trees.fetch_blobs([oid for oid in blobs if oid not in present], connection)
        return self._trees

    def _chosen(self, files: Sequence[TreeEntry]) -> Sequence[TreeEntry]:
        if self._selection.everything:
            return files
        return [file for file in files if self._selection.wants(file.path)]

    def _entry(self, file: TreeEntry, size: int | None, absent: SkipReason | None) -> ListingEntry:
        """`absent` is what the lack of a size means."""
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
        elif size > self._limit:
            reason = "too_large"
        source = self._source
        return ListingEntry(
            document_id=document_id(source.connector, source.identity, self._stream, file.path),
            key=key,
            version=f"{file.mode}:{file.oid}",
            locator=file.oid,
            size=size,
            reason=reason,
        )

    def _fetched(self, entry: ListingEntry, blob: Blob, commit: str) -> Fetched:
        if blob.size is None:
            error = UnexpectedPayload(
                f"{self._place.url}: {entry.key!r} (blob {blob.oid}) cannot be read there"
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
            url=self._place.permalink(commit, entry.key),
            text=blob.data.decode(),
            path=entry.key,
            metadata={
                "mode": entry.version.partition(":")[0],
                "blob": blob.oid,
                "commit": commit,
                "bytes": blob.size,
            },
        )

    def _empty(self) -> Listing:
        """No commit, so no document; nothing proves it, and large deletes wait for approval."""
        return Listing(watermark=str(_Watermark(self._ref, None, self._asked)))


def _blobs(files: Sequence[TreeEntry]) -> dict[str, None]:
    """The distinct blobs that may be searched, in order."""
    return dict.fromkeys(file.oid for file in files if file.mode not in (SUBMODULE, SYMLINK))


class RepositoryConnector(Connector):
    """A connector whose sources are git repositories: it says where each is."""

    streams = (FILES,)
    settings_model = RepositorySettings

    @abstractmethod
    def place(self, source: Source, settings: Settings) -> Place:
        """Where the source's repository is. InvalidSettings where its settings disagree."""

    @contextmanager
    def open(
        self,
        source: Source,
        streams: Collection[str],
        settings: Settings,
        http: HttpClients,  # noqa: ARG002 - the contract's
    ) -> Generator[Mapping[str, Session]]:
        with closing(self.files(source, settings)) as session:
            yield dict.fromkeys(streams, session)

    def files(self, source: Source, settings: Settings) -> RepositorySession:
        """The session of the stream `files`; end it with `close`."""
        return RepositorySession(
            source,
            FILES.name,
            self.place(source, settings),
            wanted=RepositorySettings.model_validate(source.settings),
            settings=settings,
        )

    def forget(self, source: Source, settings: Settings) -> None:
        with closing(self.files(source, settings)) as session:
            session.discard()
