"""Files without git: the tree and the contents by GitHub's API."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sync_assets.connectors.files import FileRules, FilesSession, Watermark, by_content
from sync_assets.connectors.github.files.carriers import Carrier, Wanted
from sync_assets.connectors.github.files.client import GitDataClient
from sync_assets.connectors.github.files.manifest import Manifest, ManifestFile
from sync_assets.connectors.github.files.trees import as_entries
from sync_assets.connectors.github.files.walk import TreeWalk
from sync_assets.errors import SourceGone
from sync_assets.git.objects import Blob
from sync_assets.models import Fetched, FetchFailure, Listing, ListingEntry


@dataclass(frozen=True)
class ApiFiles(FilesSession):
    """Lists by one recursive tree, or folder by folder; contents come by `carrier`.

    `ref` is `HEAD` or `refs/heads/...`. The threads of `pool` end with the session.
    """

    rules: FileRules
    client: GitDataClient
    ref: str
    carrier: Carrier
    pool: ThreadPoolExecutor
    kept: ManifestFile

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)
        self.carrier.close()

    def discard(self) -> None:
        self.kept.remove()

    def list(self, since: str | None) -> Listing:
        """What the branch names now; one free call where that is still the commit of `since`."""
        seen = None if since is None else Watermark.parse(since)
        commit = self.client.commit(self._asked, seen.commit if seen else None)
        if since and seen and (seen.commit, seen.selection) == (commit, self.rules.asked):
            return Listing(watermark=since, unchanged=True)
        try:
            return self._listing(commit)
        except SourceGone:  # a force-push came between the two calls
            again = self.client.commit(self._asked, None)
            if again == commit:
                raise
            return self._listing(again)

    def relist(self, watermark: str) -> Listing:
        return self._listing(Watermark.parse(watermark).commit)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        """One result for each entry; blobs that several paths share are read once."""
        commit = Watermark.parse(watermark).commit or ""
        by_blob, skips = by_content(entries)
        yield from skips
        wanted = [Wanted(oid, same[0].key, same[0].size) for oid, same in by_blob.items()]
        for oid, data, error in self.carrier.carry(wanted, commit):
            for entry in by_blob[oid]:
                if error is not None:
                    yield FetchFailure(entry, error)
                else:
                    size = None if data is None else len(data)
                    yield self.rules.fetched(entry, Blob(oid, size, data), commit)

    @property
    def _asked(self) -> str:
        """The API leaves the `refs/` out."""
        return self.ref.removeprefix("refs/")

    def _listing(self, commit: str | None) -> Listing:
        if commit is None:
            return self.rules.empty(self.ref)
        manifest = self._manifest(commit)
        files = as_entries(manifest.files)
        sizes = {file.path: file.size for file in manifest.files}
        chosen = self.rules.chosen(files)
        return Listing(
            watermark=str(Watermark(self.ref, commit, self.rules.asked)),
            entries=[
                self.rules.entry(file, sizes.get(file.path.decode(errors="replace")), None)
                for file in chosen
            ],
            content_proven=True,
            excluded=len(files) - len(chosen),
        )

    def _manifest(self, commit: str) -> Manifest:
        """The commit's files: as they are kept, or asked for and then kept."""
        kept = self.kept.read()
        if kept is not None and kept.commit == commit:
            return kept
        walk = TreeWalk(self.client.tree, kept)
        manifest = Manifest(commit, walk.files(commit), sorted(walk.large))
        self.kept.write(manifest)
        return manifest
