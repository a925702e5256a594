"""The main job on real input, judged by an oracle that imports nothing of ours."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.claims import Claim, Table
from benchmarks.corpus import edit, real_files, repository_of
from benchmarks.measure import our_environment, python, run_process
from benchmarks.outcomes import Synced
from benchmarks.rows import document_ids, rows_by_document, with_redactions
from sync_assets.models import SyncMode, VerifyReport
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets_tests import oracle

CHANGED = 10
SUMMARY = f"""\
Installed packages as one repository behind the sandbox's smart HTTP, synced by the `github` \
connector with the `hash` embedder, one process a sync. The oracle compares every document and \
chunk with `git ls-tree` and `git cat-file`; a text that had secrets in it must be git's around \
each replacement. Then: {CHANGED} files are edited; nothing changes, incremental and full; the \
largest folder is renamed. At last, another repository with the local model."""
_RENAMED = ("purelib", "renamed")


@dataclass(frozen=True, slots=True)
class Step:
    """One sync and what the oracle says after it. `tables_written` got a new version."""

    name: str
    synced: Synced
    differences: Sequence[str]
    tables_written: int


@dataclass(frozen=True, slots=True)
class MainJobResult:
    """The steps in order.

    `verify_differences` as `verify` counts them after the first sync. `misplaced` documents were
    touched by the refresh though unchanged, or not touched though changed.
    """

    files: int
    cold: Step
    refresh: Step
    no_op: Step
    full_no_op: Step
    rename: Step
    local: Step
    verify_differences: int
    misplaced: int

    def claims(self) -> list[Claim]:
        overhead = self.local.synced.seconds / self.local.synced.model_seconds
        no_ops = (self.no_op, self.full_no_op)
        written = sum(step.tables_written for step in no_ops)
        embedded = sum(step.synced.texts_embedded for step in no_ops)
        name = f"{self.files:,} files"
        return [
            *(
                Claim(f"differences from git after: {step.name}", "==", 0, len(step.differences))
                for step in self._steps
            ),
            Claim(f"differences that `verify` finds, {name}", "==", 0, self.verify_differences),
            Claim(
                f"refresh of {CHANGED} in {name}: documents wrongly (not) touched",
                "==",
                0,
                self.misplaced,
            ),
            Claim("tables written when nothing changed", "==", 0, written),
            Claim("texts embedded when nothing changed", "==", 0, embedded),
            Claim(
                "texts embedded when a folder is renamed",
                "==",
                0,
                self.rename.synced.texts_embedded,
            ),
            Claim("whole sync / time inside the local model", "<=", 1.1, overhead, "x"),
        ]

    def tables(self) -> list[Table]:
        header = ("step", "seconds", "documents", "chunks", "texts embedded", "reused", "secrets")
        local = self.local.synced
        chunks = 0 if local.report.index is None else local.report.index.chunks_written
        note = (
            f"With the local model: {chunks / local.seconds:.1f} chunks a second, "
            f"{local.model_seconds:.1f} of {local.seconds:.1f} s inside the model."
        )
        return [Table(header, [_row(step) for step in self._steps], note)]

    @property
    def _steps(self) -> tuple[Step, ...]:
        return (self.cold, self.refresh, self.no_op, self.full_no_op, self.rename, self.local)


def run(*, quick: bool = False) -> MainJobResult:
    """About ten minutes, half of them the local model's; `quick`, on few files, one."""
    count, local_count = (300, 10) if quick else (5_000, 300)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder) / "served") as sandbox,
    ):
        return _measured(sandbox, Path(folder), count, local_count)


@dataclass(frozen=True, slots=True)
class _Job:
    """One source of one repository."""

    sandbox: Sandbox
    repository: Repository
    home: Path
    embedder: Literal["hash", "local"] = "hash"

    @property
    def index(self) -> Path:
        return self.home / "index"

    def sync(self, name: str, mode: SyncMode) -> Step:
        before = oracle.table_versions(str(self.index)) if self.index.exists() else {}
        synced = Synced.model_validate_json(self._child("sync", mode))
        after = oracle.table_versions(str(self.index))
        written = sum(before.get(table) != version for table, version in after.items())
        return Step(name, synced, self._differences(), written)

    def verify_differences(self) -> int:
        return len(VerifyReport.model_validate_json(self._child("verify")).differences)

    def _child(self, command: str, *arguments: str) -> str:
        settings = {"GITHUB_WEB_URL": self.sandbox.url, "EMBEDDER": self.embedder}
        name = self.repository.name
        process = python("benchmarks.child", command, "github", name, *arguments)
        return run_process(process, our_environment(self.home, **settings)).output

    def _differences(self) -> list[str]:
        head = self.repository.head() or ""
        files = with_redactions(self.index, oracle.searchable_files(self.repository.path, head))
        return oracle.differences(str(self.index), f"github:{self.repository.name}", files)


def _measured(sandbox: Sandbox, folder: Path, count: int, local_count: int) -> MainJobResult:
    files = real_files(count)
    repository = repository_of(sandbox.repositories, "installed/packages", files)
    job = _Job(sandbox, repository, folder / "home")
    cold = job.sync(f"first sync of {count:,} files", "full")
    verify_differences = job.verify_differences()
    before = rows_by_document(job.index)
    changes = edit(files, CHANGED, "main job")
    repository.commit(changes)
    refresh = job.sync(f"refresh of {CHANGED}", "incremental")
    after = rows_by_document(job.index)
    touched = {key for key in before | after if before.get(key) != after.get(key)}
    ids = document_ids(job.index)
    misplaced = touched ^ {ids[path] for path in changes}
    no_op = job.sync("nothing changed, incremental", "incremental")
    full_no_op = job.sync("nothing changed, full", "full")
    repository.rename(*_RENAMED)
    rename = job.sync("rename of a folder", "incremental")
    few = repository_of(sandbox.repositories, "installed/few", real_files(local_count))
    local_job = _Job(sandbox, few, folder / "local", "local")
    local = local_job.sync(f"first sync of {local_count:,} files, local model", "full")
    return MainJobResult(
        files=count,
        cold=cold,
        refresh=refresh,
        no_op=no_op,
        full_no_op=full_no_op,
        rename=rename,
        local=local,
        verify_differences=verify_differences,
        misplaced=len(misplaced),
    )


def _row(step: Step) -> tuple[str, ...]:
    documents, index = step.synced.report.documents, step.synced.report.index
    seconds = f"{step.synced.seconds:.2f}"
    if documents is None or index is None:
        return (step.name, seconds, "0", "0", "0", "0", "0")
    return (
        step.name,
        seconds,
        f"{index.documents:,}",
        f"{index.chunks_written:,}",
        f"{index.texts_embedded:,}",
        f"{index.texts_kept + index.texts_cached:,}",
        f"{documents.secrets_redacted:,}",
    )
