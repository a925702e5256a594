"""Opening an index: where its place, owner, schema and model are checked, and errors get a name.

Tables are LanceDB tables (`<uri>/<name>.lance`), read and written through LanceDB's own storage
engine, pylance: it can replace rows in one atomic commit and knows the code-aware full-text
analyzer, which the `lancedb` client does not expose; its import also costs half the time.
"""

import re
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

from sync_assets.errors import FingerprintMismatch, NewerSchema, StoreUnavailable
from sync_assets.index.arrow import dimensions
from sync_assets.index.schema import FINGERPRINT, OWNER, SCHEMA, SCHEMA_VERSION, TABLES, TableName

if TYPE_CHECKING:
    import pyarrow as pa
    from lance import LanceDataset

INDEX_CACHE_BYTES = 512 * 1024 * 1024
METADATA_CACHE_BYTES = 128 * 1024 * 1024
"""Lance's own defaults (6 GiB and 1 GiB) are too much for a process that lives for weeks."""

SOURCE_LINE = re.compile(r",?\s*(?:\S*/)?[\w./-]+\.rs:\d+(?::\d+)?")
LONGEST_REASON = 300


class Conflict(Exception):
    """Another commit came first: start over from the newest version, or leave it."""


class Index:
    """The tables at one URI. Opening one always gives its newest commit.

    `owner` is the control database's instance id, `fingerprint` and `dimensions` the model's;
    what is None is not checked. Errors: StoreUnavailable (foreign owner, corrupt, unreadable),
    NewerSchema, FingerprintMismatch.
    """

    def __init__(
        self,
        uri: str,
        *,
        owner: str | None = None,
        fingerprint: str | None = None,
        dimensions: int | None = None,
    ) -> None:
        self.uri = uri.rstrip("/")
        self.owner = owner
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        self._session = None

    def table_uri(self, name: TableName) -> str:
        """Where LanceDB keeps the table."""
        return f"{self.uri}/{name}.lance"

    def open(self, name: TableName) -> "LanceDataset | None":
        """The table at its newest version, checked; None if nothing was ever written to it."""
        with without_pandas():
            import lance

        with self.errors():
            try:
                dataset = lance.dataset(
                    self.table_uri(name),
                    session=self._session,
                    index_cache_size_bytes=INDEX_CACHE_BYTES,
                    metadata_cache_size_bytes=METADATA_CACHE_BYTES,
                )
            except ValueError as error:
                if "was not found" in str(error) and "_versions" in str(error):
                    return None
                raise
            self._session = dataset.session()  # its caches serve every later opening
            schema = dataset.schema
        self._check(name, schema)
        return dataset

    def check(self) -> None:
        """Opens every table that exists, so that a wrong index is refused before any work."""
        for name in TABLES:
            self.open(name)

    @contextmanager
    def errors(self) -> Generator[None]:
        """Gives what Lance and the disk raise a name and one line: StoreUnavailable or Conflict."""
        import pyarrow as pa

        try:
            yield
        except (OSError, RuntimeError, ValueError, pa.ArrowException) as error:
            if "commit conflict" in str(error).lower():  # of a class its own in commits alone
                raise Conflict(reason(error)) from error
            raise StoreUnavailable(f"The index at {self.uri}: {reason(error)}") from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # Lance's Rust gave up: no Exception
                raise
            raise StoreUnavailable(f"The index at {self.uri}: {reason(error)}") from error

    def _check(self, name: TableName, schema: "pa.Schema") -> None:
        metadata = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        version = metadata.get(SCHEMA, "")
        if not version.isdecimal():
            raise StoreUnavailable(
                f"The index at {self.uri} holds a table {name} that sync_assets did not write: "
                "set SYNC_ASSETS_INDEX_URI to a place of its own"
            )
        if int(version) > SCHEMA_VERSION:
            raise NewerSchema(
                f"The index at {self.uri} has schema {version}, this release knows "
                f"{SCHEMA_VERSION}: upgrade sync_assets"
            )
        if self.owner is not None and metadata.get(OWNER) != self.owner:
            raise StoreUnavailable(
                f"The index at {self.uri} belongs to another control database "
                f"({metadata.get(OWNER)}, ours is {self.owner}): set SYNC_ASSETS_INDEX_URI to a "
                "place of its own, or SYNC_ASSETS_HOME and SYNC_ASSETS_DATABASE_URL to its owner's"
            )
        if name == "chunks":
            self._check_model(metadata.get(FINGERPRINT), dimensions(schema))

    def _check_model(self, fingerprint: str | None, dimensions: int) -> None:
        if (self.fingerprint in (None, fingerprint)) and self.dimensions in (None, dimensions):
            return
        raise FingerprintMismatch(
            f"The index at {self.uri} holds vectors of {fingerprint} ({dimensions} dimensions), "
            f"the embedder is {self.fingerprint} ({self.dimensions}): switch back to that model "
            "(SYNC_ASSETS_EMBEDDER, SYNC_ASSETS_OPENAI_*), or set SYNC_ASSETS_INDEX_URI to an "
            "empty place and sync again"
        )


@contextmanager
def without_pandas() -> Generator[None]:
    """The first import of pyarrow's data types brings pandas along where it is installed, only to
    recognise its objects: 0.2 s and 50 MB of every sync, for what it is never given here. In this
    block, for this thread, pandas looks absent; who asks pyarrow for it later still gets it.
    """
    hidden = _Hidden("pandas", threading.get_ident())
    sys.meta_path.insert(0, hidden)
    try:
        yield
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """A finder that refuses one module to one thread."""

    def __init__(self, name: str, thread: int) -> None:
        self._hidden = name, thread

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if (name, threading.get_ident()) == self._hidden:
            raise ModuleNotFoundError(f"{name} is not needed here", name=name)
        return None


def reason(error: BaseException) -> str:
    """One line of what went wrong, without Lance's source positions."""
    text = SOURCE_LINE.sub("", str(error)).replace("\n", " ").strip() or type(error).__name__
    for sign, advice in (
        ("No space left", "the disk is full: free some space"),
        ("Disk quota", "the disk quota is used up: free some space"),
        ("Permission denied", "permission denied: make it writable"),
        ("Read-only file system", "the file system is read-only"),
    ):
        if sign in text:
            return advice
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "…"
