"""Whether the memory of a first sync grows with the repository."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.claims import Claim, Table
from benchmarks.corpus import fresh, real_files, repository_of
from benchmarks.measure import BenchmarkFailed, our_environment, python, run_process
from benchmarks.outcomes import KeptUp, Synced
from sync_assets.sandbox.repositories import Repositories

SUMMARY = """\
A first sync of real files with the `hash` embedder, each in a process of its own that imports all \
it needs. Peak: the most resident memory that the process held, by its own kernel's account. git's \
processes are apart: theirs is git's matter. Beside it, the upkeep that follows, which completes \
the full-text index."""


@dataclass(frozen=True, slots=True)
class Peak:
    """One first sync."""

    files: int
    text_bytes: int
    chunks: int
    peak_bytes: int
    seconds: float
    upkeep_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """All sizes, smallest first."""

    peaks: Sequence[Peak]

    def claims(self) -> list[Claim]:
        small, large = self.peaks[0], self.peaks[-1]
        name = f"peak memory of a first sync: {large.files:,} / {small.files:,} files"
        return [Claim(name, "<=", 1.2, large.peak_bytes / small.peak_bytes, "x")]

    def tables(self) -> list[Table]:
        header = ("files", "MB of text", "chunks", "peak MB", "seconds", "upkeep, peak MB")
        rows = [
            (
                f"{peak.files:,}",
                f"{peak.text_bytes / 1e6:.0f}",
                f"{peak.chunks:,}",
                f"{peak.peak_bytes / 1e6:.0f}",
                f"{peak.seconds:.1f}",
                f"{peak.upkeep_bytes / 1e6:.0f}",
            )
            for peak in self.peaks
        ]
        return [Table(header, rows)]


def run(*, quick: bool = False) -> MemoryResult:
    """About three minutes; `quick`, on a tenth of the files, under one."""
    sizes = (500, 2_000) if quick else (5_000, 20_000)
    with tempfile.TemporaryDirectory() as folder:
        return MemoryResult([_peak(Path(folder), count) for count in sizes])


def _peak(folder: Path, count: int) -> Peak:
    repositories = Repositories(fresh(folder / "git"))
    repository = repository_of(repositories, f"installed/{count}", real_files(count))
    command = python("benchmarks.child", "sync", "git", str(repository.path), "full")
    environment = our_environment(fresh(folder / "home"))
    synced = Synced.model_validate_json(run_process(command, environment).output)
    upkeep = run_process(python("benchmarks.child", "upkeep"), environment)
    documents, index = synced.report.documents, synced.report.index
    if documents is None or index is None or documents.added != count:
        raise BenchmarkFailed(f"{count:,} documents were expected: {synced.report}")
    return Peak(
        files=count,
        text_bytes=documents.bytes,
        chunks=index.chunks_written,
        peak_bytes=synced.peak_bytes,
        seconds=synced.seconds,
        upkeep_bytes=KeptUp.model_validate_json(upkeep.output).peak_bytes,
    )
