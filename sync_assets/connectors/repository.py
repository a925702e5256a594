"""The files of one git repository: the session that the connectors `github` and `git` share."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import ClassVar

from sync_assets.connectors.base import Connector, Probe, Session
from sync_assets.connectors.files import (
    FILES,
    FileRules,
    FilesSession,
    RepositorySettings,
    Watermark,
    by_content,
    searchable_blobs,
)
from sync_assets.git.connection import Connection
from sync_assets.git.environment import BLOB_NONE, Token
from sync_assets.git.errors import CommitGone, CorruptCache, DamagedSource
from sync_assets.git.refs import branch_ref
from sync_assets.git.repository import (
    HEAD,
    GitRepository,
    ResolvedRef,
    blob_limit,
    cache_directory,
)
from sync_assets.http.clients import HttpClients
from sync_assets.models import Fetched, Listing, ListingEntry, SkipReason, Source
from sync_assets.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository is. `permalink` makes a URL of a commit and a path; no `branch` means
    the default one.
    """

    url: str
    branch: str | None
    permalink: Callable[[str, str], str]


class RepositorySession(FilesSession):
    """Lists one commit's tree and reads its blobs, through the kept caches."""

    def __init__(
        self,
        source: Source,
        place: Place,
        token: Token | None,
        *,
        wanted: RepositorySettings,
        settings: Settings,
    ) -> None:
        self._rules = FileRules.of(
            source,
            place.url,
            place.permalink,
            wanted=wanted,
            max_file_bytes=settings.max_file_bytes,
        )
        self._ref = HEAD if place.branch is None else branch_ref(place.branch)

        def repository(blob_filter: str) -> GitRepository:
            return GitRepository(
                place.url,
                cache_directory(settings.home, place.url, blob_filter),
                blob_filter=blob_filter,
                token=token,
                timeout_seconds=settings.git_timeout_seconds,
            )

        self._whole = repository(blob_limit(self._rules.limit))
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
        seen = None if since is None else Watermark.parse(since)
        with self._whole.connection() as connection:
            found = self._whole.resolve(self._ref, connection)
            commit = None if found is None else found.commit
            if since and seen and (seen.commit, seen.selection) == (commit, self._rules.asked):
                return Listing(watermark=since, unchanged=True)
            try:
                return self._listing(found, connection)
            except CommitGone:  # a force-push came between the two requests
                return self._listing(self._whole.resolve(self._ref, connection), connection)

    def resolve(self) -> ResolvedRef | None:
        """What the ref names now; None where the repository has no commit."""
        with self._whole.connection() as connection:
            return self._whole.resolve(self._ref, connection)

    def relist(self, watermark: str) -> Listing:
        """The same commit again. SourceUnavailable: it is neither cached nor served any more."""
        seen = Watermark.parse(watermark)
        if seen.commit is None:
            return self._rules.empty(self._ref)
        with self._whole.connection() as connection:
            return self._listing(ResolvedRef(seen.ref, seen.commit), connection)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        """One result for each entry; blobs that several paths share are read once."""
        commit = Watermark.parse(watermark).commit or ""
        by_blob, skips = by_content(entries)
        yield from skips
        repository = self._whole if self._whole.cached() else self._trees
        for blob in repository.read(by_blob, self._rules.limit):
            for entry in by_blob[blob.oid]:
                yield self._rules.fetched(entry, blob, commit)

    def _listing(self, ref: ResolvedRef | None, connection: Connection) -> Listing:
        """The listing of a commit, with a damaged cache made anew."""
        if ref is None:
            return self._rules.empty(self._ref)
        try:
            return self._listed(ref, connection)
        except CorruptCache:
            self.discard()
            return self._listed(ref, connection)

    def _listed(self, ref: ResolvedRef, connection: Connection) -> Listing:
        repository = self._obtain(ref, connection)
        with repository.steady():
            files = repository.tree(ref.commit)
            chosen = self._rules.chosen(files)
            sizes = repository.sizes(searchable_blobs(chosen))
        absent: SkipReason | None = "too_large" if repository is self._whole else None
        return Listing(
            watermark=str(Watermark(ref.name, ref.commit, self._rules.asked)),
            entries=[self._rules.entry(file, sizes.get(file.oid), absent) for file in chosen],
            content_proven=True,
            excluded=len(files) - len(chosen),
        )

    def _obtain(self, ref: ResolvedRef, connection: Connection) -> GitRepository:
        """Bring the commit into one of the two caches, which is returned.

        Trees come first where patterns may select under half of the files: then exactly these are
        fetched by name. So are all of a damaged repository, where one bad file must fail alone.
        """
        at_once = self._rules.selection.everything or self._whole.cached()
        if not at_once:
            self._trees.obtain(ref.name, ref.commit, connection)
            files = self._trees.tree(ref.commit)
            at_once = 2 * len(self._rules.chosen(files)) >= len(files)
        if at_once:
            try:
                self._whole.obtain(ref.name, ref.commit, connection)
            except DamagedSource:
                pass  # the way below finds out which file it is
            else:
                return self._whole
        self._trees.obtain(ref.name, ref.commit, connection)
        blobs = searchable_blobs(self._rules.chosen(self._trees.tree(ref.commit)))
        present = self._trees.sizes(blobs)
        self._trees.fetch_blobs([oid for oid in blobs if oid not in present], connection)
        return self._trees


class RepositoryConnector(Connector):
    """A connector whose sources are git repositories: it says where each is."""

    streams = (FILES,)
    settings_model = RepositorySettings
    files_need: ClassVar[str] = "a repository that git can read as this user"
    """What to grant where git is refused."""

    @abstractmethod
    def place(self, source: Source, settings: Settings) -> Place:
        """Where the source's repository is. InvalidSettings where its settings disagree."""

    def wanted(self, source: Source) -> RepositorySettings:
        """The source's settings."""
        return RepositorySettings.model_validate(source.settings)

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: HttpClients
    ) -> Generator[Mapping[str, Session]]:
        with closing(self.files(source, settings, http)) as session:
            yield dict.fromkeys(streams, session)

    def token(self, source: Source, settings: Settings, http: HttpClients) -> Token | None:  # noqa: ARG002 - the contract's
        """What git says who we are by; None: as this user, or nobody."""
        return None

    def files(self, source: Source, settings: Settings, http: HttpClients) -> FilesSession:
        """The session of the stream `files`; end it with `close`."""
        return self.files_by_git(source, settings, self.token(source, settings, http))

    def files_by_git(
        self, source: Source, settings: Settings, token: Token | None
    ) -> RepositorySession:
        """The session over git; end it with `close`."""
        place = self.place(source, settings)
        return RepositorySession(
            source, place, token, wanted=self.wanted(source), settings=settings
        )

    def probes(self, source: Source, settings: Settings, http: HttpClients) -> Iterator[Probe]:
        def files() -> str:
            token = self.token(source, settings, http)
            with closing(self.files_by_git(source, settings, token)) as session:
                found = session.resolve()
            return f"{found.name} is {found.commit[:12]}" if found else "no commit yet"

        yield Probe("files", self.files_need, files)

    def forget(self, source: Source, settings: Settings) -> None:
        with closing(self.files_by_git(source, settings, None)) as session:
            session.discard()
