"""Whatever happens to a repository, a sync lists and reads what git itself says is there."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.sandbox.repositories import Executable, Repositories, Repository, Symlink
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import LIMIT, noise, oracle, source_of, sync
from sync_assets_tests.oracle import ignored

PATHS = [b"a.txt", b"b.md", b"docs/a.md", b"docs/b c.txt", b"src/\xc3\xbc.py", b"src/caf\xe9.c"]
CONTENTS = [
    "",
    "one\n",
    "two\r\n",
    "\ufeffbom",
    b"nul\0",
    b"\xff not utf-8",
    noise(LIMIT, "fits"),
    noise(LIMIT + 1, "too large"),
    Executable("#!/bin/sh\n"),
    Symlink("a.txt"),
    None,
]
PATTERNS: list[tuple[list[str], list[str]]] = [
    ([], []),
    (["*.md"], []),
    (["/docs/", "*.py"], []),
    ([], ["docs/"]),
    (["docs/"], ["*.txt"]),
]
Step = Callable[[Repository], object]


def commits(branch: str) -> st.SearchStrategy[Step]:
    files = st.dictionaries(
        st.sampled_from(PATHS), st.sampled_from(CONTENTS), min_size=1, max_size=4
    )
    return files.map(lambda changes: lambda repository: repository.commit(changes, branch=branch))


def force_push(repository: Repository) -> None:
    repository.force_push("main", {b"b.md": "rewritten\n", b"docs/a.md": "one\n"})


def rename(repository: Repository) -> None:
    repository.commit({"moved/x.md": "travels\n"})
    repository.rename("moved", "docs/moved")


def chmod(repository: Repository) -> None:
    repository.commit({"mode.sh": "echo\n"})
    repository.chmod("mode.sh", executable=True)


def switch(repository: Repository) -> None:
    other = "dev" if repository.default_branch == "main" else "main"
    if repository.head(other) is None:
        repository.commit({b"a.txt": "begun\n"}, branch=other)
    repository.switch_default_branch(other)


STEPS = st.one_of(
    commits("main"), commits("dev"), st.sampled_from([force_push, rename, chmod, switch])
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rounds=st.lists(
        st.tuples(st.lists(STEPS, min_size=1, max_size=3), st.sampled_from(PATTERNS)),
        min_size=1,
        max_size=4,
    )
)
def test_listing_and_texts_equal_gits_own_account(
    rounds: list[tuple[list[Step], tuple[list[str], list[str]]]],
):
    with tempfile.TemporaryDirectory() as folder:
        repository = Repositories(Path(folder) / "served").create("acme/x")
        repository.commit({b"a.txt": "first\n"})
        home = Settings(home=Path(folder) / "home", max_file_bytes=LIMIT)
        watermark = None
        held: dict[str, str] = {}
        for steps, (include, exclude) in rounds:
            for step in steps:
                step(repository)
            source = source_of("git", str(repository.path), include=[*include], exclude=[*exclude])

            seen = sync(home, source, watermark)

            expected = oracle(repository.path, "HEAD")
            wanted = selected(expected.keys(), include, exclude)
            if not seen.listing.unchanged:
                held = {entry.key: entry.version for entry in seen.listing.entries}
                assert seen.texts == {
                    key: text
                    for key, (_, text) in expected.items()
                    if key in wanted and text is not None
                }
                assert seen.listing.excluded == len(expected) - len(wanted)
            assert held == {key: expected[key][0] for key in wanted}
            assert seen.failures == {}
            watermark = seen.listing.watermark


def selected(keys: Iterable[str], include: list[str], exclude: list[str]) -> set[str]:
    keys = set(keys)
    wanted = ignored(keys, include) if include else keys
    return wanted - (ignored(keys, exclude) if exclude else set())
