"""What the child processes of the benchmarks print: JSON on one line."""

from pydantic import BaseModel, ConfigDict

from sync_assets.models import SyncReport


class Outcome(BaseModel):
    """Base of all of them."""

    model_config = ConfigDict(frozen=True)


class Synced(Outcome):
    """One sync. `seconds` and `cpu_seconds` without the imports; `model_seconds` were spent inside
    the embedder.
    """

    report: SyncReport
    seconds: float
    cpu_seconds: float
    model_seconds: float
    peak_bytes: int

    @property
    def texts_embedded(self) -> int:
        return 0 if self.report.index is None else self.report.index.texts_embedded


class KeptUp(Outcome):
    """One upkeep of an index. `seconds` and `cpu_seconds` without the imports."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


class Fetched(Outcome):
    """One listing and the contents of all that is new in it. Seconds without the imports.

    `limited` is what a rate limit said that ended it before all were read.
    """

    unchanged: bool
    documents: int
    content_bytes: int
    list_seconds: float
    seconds: float
    peak_bytes: int
    limited: str = ""


class Discussed(Outcome):
    """One sync of a tracker, both streams. Seconds without the imports; `documents` were read,
    `stored` stand in the index now.
    """

    documents: int
    stored: int
    seconds: float
    peak_bytes: int


class PeerUpdated(Outcome):
    """One update of CocoIndex. `seconds` and `cpu_seconds` without the imports."""

    seconds: float
    cpu_seconds: float
    texts_embedded: int
    peak_bytes: int
