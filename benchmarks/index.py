"""From files to a searchable index, beside CocoIndex on the same files, with a free embedder."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import peer
from benchmarks.claims import Claim, Table
from benchmarks.corpus import edit, fresh, real_files, repository_of, write_files
from benchmarks.measure import our_environment, python, run_process
from benchmarks.outcomes import KeptUp, PeerUpdated, Synced
from benchmarks.rows import chunk_texts
from sync_assets.sandbox.repositories import Repositories, Repository

COLD, UPKEEP = "cold", "upkeep"
UNCHANGED, CHANGED = "nothing changed", "1 % of files changed"
OURS = "ours"
PEERS: Mapping[str, peer.Form] = {"CocoIndex, its example": "example", "CocoIndex, lean": "lean"}
SUMMARY = f"""\
Ours: the `git` connector on a local repository, `hash` embedder: listing, git, redaction, full \
documents, chunks by syntax, vectors, links, cursors, and a full-text index that is begun. Its \
other rows, which searches scan until then, are added by the next `search_index/maintenance`: \
{UPKEEP}, which is part of no ratio. CocoIndex \
{peer.VERSION} with lancedb {peer.LANCEDB_VERSION}: the same files in a folder, its splitter by \
syntax at 1,000 characters, the same 384-dimension hash as its embedder, its LanceDB target; no \
git, no redaction, no documents, no full-text index. Twice: built as its own example \
`code_embedding_lancedb` is (overlapping chunks, its id generator), and as lean as we could make \
it. The claims compare the index stage: both sides' work in a process whose imports are done, as \
in a run of Dagster's, children included. Beside it stand the whole processes, with interpreter \
and imports (for ours all of them, though an unchanged source needs half). All take turns; the \
least of the rounds counts. Distinct new texts are counted from the texts in the chunk table."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one side; `process` seconds are with interpreter and imports. `texts` were
    embedded.
    """

    seconds: float
    cpu_seconds: float
    process_seconds: float
    process_cpu_seconds: float
    texts: int
    peak_bytes: int


Steps = Mapping[str, Mapping[str, Step]]
"""Step -> side -> the least of the rounds."""


@dataclass(frozen=True, slots=True)
class Index:
    """One size. `miscounted`: by how much the texts embedded differed from the distinct new ones
    of the chunk table, over all rounds.
    """

    files: int
    steps: Steps
    miscounted: int


@dataclass(frozen=True, slots=True)
class IndexResult:
    """All sizes, smallest first."""

    sizes: Sequence[Index]

    def claims(self) -> list[Claim]:
        claims: list[Claim] = []
        for size in self.sizes:
            name = f"{size.files:,} files"
            for who in PEERS:
                sides = size.steps[COLD]
                cpu = sides[who].cpu_seconds / sides[OURS].cpu_seconds
                text = f"CPU of the stage, cold, {name}: {who} / ours"
                claims.append(Claim(text, ">=", 4, cpu, "x"))
                for step in (CHANGED, UNCHANGED):
                    sides = size.steps[step]
                    wall = sides[who].seconds / sides[OURS].seconds
                    text = f"seconds of the stage, {step}, {name}: {who} / ours"
                    claims.append(Claim(text, ">=", 3, wall, "x"))
            text = f"texts embedded - distinct new chunk texts, {name}"
            claims.append(Claim(text, "==", 0, size.miscounted))
        return claims

    def tables(self) -> list[Table]:
        header = (
            *("files", "step", "who", "stage s", "stage CPU s", "CPU / ours"),
            *("process s", "process CPU s", "texts embedded", "peak MB"),
        )
        rows = [
            (
                f"{size.files:,}",
                name,
                who,
                f"{step.seconds:.2f}",
                f"{step.cpu_seconds:.2f}",
                "" if who == OURS else f"{step.cpu_seconds / sides[OURS].cpu_seconds:.1f}",
                f"{step.process_seconds:.2f}",
                f"{step.process_cpu_seconds:.2f}",
                f"{step.texts:,}",
                f"{step.peak_bytes / 1e6:.0f}",
            )
            for size in self.sizes
            for name, sides in size.steps.items()
            for who, step in sides.items()
        ]
        return [Table(header, rows)]


def run(*, quick: bool = False) -> IndexResult:
    """About ten minutes; `quick`, on few files, one."""
    cocoindex = peer.installed()
    with tempfile.TemporaryDirectory() as folder:
        sizes = [
            _measured(cocoindex, Path(folder), count, rounds)
            for count, rounds in (((300, 1),) if quick else ((1_000, 5), (7_000, 2)))
        ]
    return IndexResult(sizes)


@dataclass(slots=True)
class _Ours:
    """Our side of one round, and the texts that it has had to embed so far."""

    home: Path
    repository: Repository
    known: set[str]
    miscounted: int = 0

    def step(self) -> Step:
        scope = str(self.repository.path)
        command = python("benchmarks.child", "sync", "git", scope, "incremental")
        process = run_process(command, our_environment(self.home))
        synced = Synced.model_validate_json(process.output)
        new = chunk_texts(self.home / "index") - self.known
        self.known |= new
        self.miscounted += abs(synced.texts_embedded - len(new))
        return Step(
            synced.seconds,
            synced.cpu_seconds,
            process.seconds,
            process.cpu_seconds,
            synced.texts_embedded,
            synced.peak_bytes,
        )

    def upkeep(self) -> Step:
        process = run_process(python("benchmarks.child", "upkeep"), our_environment(self.home))
        kept = KeptUp.model_validate_json(process.output)
        return Step(
            kept.seconds,
            kept.cpu_seconds,
            process.seconds,
            process.cpu_seconds,
            0,
            kept.peak_bytes,
        )


def _measured(cocoindex: peer.CocoIndex, folder: Path, count: int, rounds: int) -> Index:
    files = real_files(count)
    repository = repository_of(Repositories(fresh(folder / "git")), f"installed/{count}", files)
    tree = fresh(folder / "files")
    write_files(files, tree)
    taken: dict[str, list[dict[str, Step]]] = {COLD: [], UPKEEP: [], UNCHANGED: [], CHANGED: []}
    miscounted = 0
    for number in range(rounds):
        ours = _Ours(fresh(folder / "home"), repository, set())
        sides: dict[str, Callable[[], Step]] = {OURS: ours.step} | {
            who: partial(_their_step, cocoindex, form, tree, fresh(folder / form))
            for who, form in PEERS.items()
        }
        for name, turns in taken.items():
            if name == UPKEEP:
                turns.append({OURS: ours.upkeep()})
                continue
            if name == CHANGED:
                changes = edit(files, count // 100, f"round {number}")
                repository.commit(changes)
                write_files(changes, tree)
            turns.append({who: step() for who, step in sides.items()})
        miscounted += ours.miscounted
    steps = {
        name: {who: _least([turn[who] for turn in turns]) for who in turns[0]}
        for name, turns in taken.items()
    }
    return Index(count, steps, miscounted)


def _their_step(cocoindex: peer.CocoIndex, form: peer.Form, tree: Path, state: Path) -> Step:
    process = cocoindex.update(form, tree, state)
    updated = PeerUpdated.model_validate_json(process.output)
    return Step(
        updated.seconds,
        updated.cpu_seconds,
        process.seconds,
        process.cpu_seconds,
        updated.texts_embedded,
        updated.peak_bytes,
    )


def _least(steps: Sequence[Step]) -> Step:
    return Step(
        seconds=min(step.seconds for step in steps),
        cpu_seconds=min(step.cpu_seconds for step in steps),
        process_seconds=min(step.process_seconds for step in steps),
        process_cpu_seconds=min(step.process_cpu_seconds for step in steps),
        texts=steps[0].texts,
        peak_bytes=min(step.peak_bytes for step in steps),
    )
