"""Files over git from a host that may not serve git to us."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from sync_assets.connectors.files import FilesSession
from sync_assets.errors import SourceUnavailable, UnexpectedPayload
from sync_assets.git.errors import CommitGone, CorruptCache, DamagedSource
from sync_assets.models import Fetched, Listing, ListingEntry, Source

_OTHER_CAUSES = (CommitGone, CorruptCache, DamagedSource)


class HintingFiles(FilesSession):
    """The same files; where git gets no answer, the error says how to do without it."""

    def __init__(self, files: FilesSession, source: Source) -> None:
        self._files = files
        self._source = source

    def close(self) -> None:
        self._files.close()

    def discard(self) -> None:
        self._files.discard()

    def list(self, since: str | None) -> Listing:
        with self._hinting():
            return self._files.list(since)

    def relist(self, watermark: str) -> Listing:
        with self._hinting():
            return self._files.relist(watermark)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        return self._files.fetch(entries, watermark)

    @contextmanager
    def _hinting(self) -> Generator[None]:
        try:
            yield
        except (SourceUnavailable, UnexpectedPayload) as error:
            if isinstance(error, _OTHER_CAUSES):
                raise
            hint = f"sync-assets sources edit {self._source.source_id} --transport graphql"
            message = f"{error}; where the host serves no git: {hint}"
            raise type(error)(message, retry_at=error.retry_at) from error
