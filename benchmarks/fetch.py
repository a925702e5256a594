"""The git transport against git itself, over the sandbox's link: cold, ten changed, polled."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.claims import Claim, Table
from benchmarks.corpus import edit, fresh, real_files, repository_of
from benchmarks.measure import BenchmarkFailed, our_environment, python, run_process
from benchmarks.outcomes import Fetched
from sync_assets.sandbox.link import Link
from sync_assets.sandbox.repositories import Repository, git_environment
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.sandbox.traffic import Request

ROUND_TRIP_SECONDS = 0.08
MEGABITS_PER_SECOND = 100
CHANGED = 10
SUMMARY = f"""\
Cold: list and read every file, against `git clone --bare --depth 1` and then `git cat-file` of \
every object: both sides end with every content read. Its first part, until every object is here \
and listed, against the clone alone, which reads nothing. Refresh: after a commit that \
edits {CHANGED} files, against `git fetch --depth 1` in a bare clone that was kept. Poll: nothing \
has changed, against `git ls-remote`. Real git repositories behind the sandbox's smart HTTP, at \
{ROUND_TRIP_SECONDS * 1000:.0f} ms and {MEGABITS_PER_SECOND} Mbit/s; a new connection costs two \
round trips more. Both sides take turns; the least of their rounds counts. Ours is timed inside a \
process whose imports are done, as in a daemon; git's commands are timed whole. Ours ends with \
every text decoded and checked by its hash in memory."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One size. Seconds are the least of the rounds; requests those of one round."""

    files: int
    content_bytes: int
    cold_seconds: float
    listed_seconds: float
    clone_seconds: float
    clone_and_read_seconds: float
    cold_requests: int
    refresh_seconds: float
    git_fetch_seconds: float
    refresh_requests: int
    refresh_bytes: int
    poll_seconds: float
    ls_remote_seconds: float
    poll_requests: int


@dataclass(frozen=True, slots=True)
class FetchResult:
    """All sizes, smallest first."""

    sizes: Sequence[Fetch]

    def claims(self) -> list[Claim]:
        claims: list[Claim] = []
        for size in self.sizes:
            name = f"{size.files:,} files"
            cold = size.cold_seconds / size.clone_and_read_seconds
            listed = size.listed_seconds / size.clone_seconds
            refresh = size.refresh_seconds / size.git_fetch_seconds
            claims += [
                Claim(
                    f"cold, {name}, fetched and listed / `git clone --bare`", "<=", 1.1, listed, "x"
                ),
                Claim(f"cold, {name} / `git clone --bare` and `cat-file`", "<=", 1.1, cold, "x"),
                Claim(f"refresh of {CHANGED} in {name} / `git fetch`", "<=", 1.6, refresh, "x"),
                Claim(f"requests of a poll, {name}", "<=", 2, size.poll_requests),
            ]
        small, large = self.sizes[0], self.sizes[-1]
        growth = large.refresh_seconds / small.refresh_seconds
        name = f"refresh of {CHANGED}: {large.files:,} / {small.files:,} files"
        return [*claims, Claim(name, "<=", 1.2, growth, "x")]

    def tables(self) -> list[Table]:
        header = (
            *("files", "MB", "cold s", "clone + cat-file s"),
            *("until listed s", "clone s", "requests"),
            *("refresh s", "git fetch s", "requests", "kB", "poll s", "ls-remote s", "requests"),
        )
        return [Table(header, [_row(size) for size in self.sizes])]


def run(*, quick: bool = False) -> FetchResult:
    """About three minutes; `quick`, which proves little, under one."""
    rounds = 1 if quick else 3
    link = Link(ROUND_TRIP_SECONDS, MEGABITS_PER_SECOND)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder) / "served", link=link) as sandbox,
    ):
        sizes = [
            _measured(sandbox, Path(folder), count, rounds)
            for count in ((300, 1_000) if quick else (1_000, 7_000))
        ]
    return FetchResult(sizes)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of ours, and what it asked of the server."""

    outcome: Fetched
    requests: Sequence[Request]


@dataclass(frozen=True, slots=True)
class _Contest:
    """One repository, and where both sides keep what they have of it."""

    sandbox: Sandbox
    repository: Repository
    home: Path
    kept: Path

    def ours(self, *, documents: int) -> _Run:
        """A listing with all that is new; BenchmarkFailed if that is not as many documents."""
        self.sandbox.requests.clear()
        environment = our_environment(self.home, GITHUB_WEB_URL=self.sandbox.url)
        state = str(self.home / "known.json")
        command = python("benchmarks.child", "fetch", "github", self.repository.name, state)
        outcome = Fetched.model_validate_json(run_process(command, environment).output)
        if outcome.documents != documents:
            raise BenchmarkFailed(
                f"{documents:,} documents were expected, not {outcome.documents:,}"
            )
        return _Run(outcome, list(self.sandbox.requests))

    def cold(self, documents: int) -> _Run:
        fresh(self.home)
        return self.ours(documents=documents)

    def clone(self) -> float:
        return _git("clone", "--quiet", "--bare", "--depth=1", self.url, str(fresh(self.kept)))

    def read_clone(self) -> float:
        everything = ("--batch-all-objects", "--unordered", "--buffer", "--batch")
        return _git("-C", str(self.kept), "cat-file", *everything)

    def git_fetch(self) -> float:
        return _git("-C", str(self.kept), "fetch", "--quiet", "--depth=1", "origin", "main")

    def ls_remote(self) -> float:
        return _git("ls-remote", "--quiet", self.url, "HEAD")

    @property
    def url(self) -> str:
        return f"{self.sandbox.url}/{self.repository.name}.git"


def _measured(sandbox: Sandbox, folder: Path, count: int, rounds: int) -> Fetch:
    files = real_files(count)
    repository = repository_of(sandbox.repositories, f"installed/packages-{count}", files)
    contest = _Contest(sandbox, repository, folder / "home", folder / "kept.git")
    turns = [
        (contest.cold(count), clone := contest.clone(), clone + contest.read_clone())
        for _ in range(rounds)
    ]
    cold, clones, reads = zip(*turns, strict=True)
    later: list[tuple[_Run, float, _Run, float]] = []
    for number in range(rounds):
        repository.commit(edit(files, CHANGED, f"round {number}"))
        refresh, git_fetch = contest.ours(documents=CHANGED), contest.git_fetch()
        later.append((refresh, git_fetch, contest.ours(documents=0), contest.ls_remote()))
    refreshes, fetches, polls, remotes = zip(*later, strict=True)
    return Fetch(
        files=count,
        content_bytes=cold[0].outcome.content_bytes,
        cold_seconds=_least(cold),
        listed_seconds=min(run.outcome.list_seconds for run in cold),
        clone_seconds=min(clones),
        clone_and_read_seconds=min(reads),
        cold_requests=len(cold[0].requests),
        refresh_seconds=_least(refreshes),
        git_fetch_seconds=min(fetches),
        refresh_requests=len(refreshes[0].requests),
        refresh_bytes=sum(request.bytes_out for request in refreshes[0].requests),
        poll_seconds=_least(polls),
        ls_remote_seconds=min(remotes),
        poll_requests=len(polls[0].requests),
    )


def _least(runs: Sequence[_Run]) -> float:
    return min(run.outcome.seconds for run in runs)


def _git(*arguments: str) -> float:
    """Seconds of a git command as it comes, but for housekeeping in the background."""
    environment = git_environment({"maintenance.auto": "false"})
    return run_process(["git", *arguments], environment, keep_output=False).seconds


def _row(size: Fetch) -> tuple[str, ...]:
    return (
        f"{size.files:,}",
        f"{size.content_bytes / 1e6:.1f}",
        f"{size.cold_seconds:.2f}",
        f"{size.clone_and_read_seconds:.2f}",
        f"{size.listed_seconds:.2f}",
        f"{size.clone_seconds:.2f}",
        str(size.cold_requests),
        f"{size.refresh_seconds:.2f}",
        f"{size.git_fetch_seconds:.2f}",
        str(size.refresh_requests),
        f"{size.refresh_bytes / 1e3:.0f}",
        f"{size.poll_seconds:.2f}",
        f"{size.ls_remote_seconds:.2f}",
        str(size.poll_requests),
    )
