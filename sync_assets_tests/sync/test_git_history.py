"""The index equals the repository after each sync, whatever happened to the repository."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from sync_assets import sources
from sync_assets.connectors.catalog import connector_named
from sync_assets.sandbox.repositories import Executable, Repositories, Submodule, Symlink
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.verify import verify_stream
from sync_assets_tests import oracle
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.homes import with_database

PATHS = st.sampled_from(
    [
        "README.md",
        "docs/guide.md",
        "docs/notes/été.txt",
        "src/app.py",
        "src/deep/er/module.ts",
        "src/it's.rs",
        "src/with space.go",
        "build/generated.py",
        "Makefile",
    ]
)
CODE = (
    "class Shop:\n    def sell(self):\n        return 1\n\n\ndef open_shop():\n    return Shop()\n"
)
CONTENTS = st.one_of(
    st.sampled_from(
        [
            b"",
            b"\n\n",
            CODE.encode(),
            b"# Title\n\ntext\n\n## Part\n\n```\n# no heading\n```\n" * 20,
            b"\xef\xbb\xbfwith a byte order mark\r\nand carriage returns\r\n",
            "naïve 日本語 🎣\n".encode(),
            b"binary\0content",
            b"\xff\xfe not UTF-8",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            b"x" * 3_000,
        ]
    ),
    st.text(max_size=60).map(str.encode),
)
FILES = st.one_of(
    CONTENTS,
    CONTENTS.map(Executable),
    st.just(Symlink("README.md")),
    st.just(Submodule("1" * 40)),
)
CHANGES = st.dictionaries(PATHS, FILES, min_size=1, max_size=4)
PATTERNS = st.lists(
    st.sampled_from(["*.md", "/src/", "docs/**", "!docs/notes/", "build/", "*.py", "src/*.rs"]),
    max_size=3,
    unique=True,
)
MAX_BYTES = 2_000


class GitHistory(RuleBasedStateMachine):
    """Every rule changes the repository or the source, syncs, and compares."""

    @initialize(files=CHANGES)
    def begin(self, files: dict[str, bytes]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name)
        clock = FakeClock()
        self.repository = Repositories(home / "repositories", clock).create("acme/shop")
        self.repository.commit(files)
        self.stores = open_stores(with_database(Settings(home=home, embedder="hash")), clock=clock)
        self.connector = connector_named("git")
        self.source_id = sources.register(
            self.stores.registry,
            "git",
            str(self.repository.path),
            {"max_file_bytes": MAX_BYTES},
        ).source_id
        self.branch: str | None = None
        self.include: list[str] = []
        self.exclude: list[str] = []
        self.sync_and_compare()

    @rule(files=CHANGES)
    def commit(self, files: dict[str, bytes]) -> None:
        self.repository.commit(files, branch=self.branch)
        self.sync_and_compare()

    @rule(path=PATHS)
    def delete(self, path: str) -> None:
        self.repository.commit({path: None, "kept.txt": b"kept\n"}, branch=self.branch)
        self.sync_and_compare()

    @rule(new=st.sampled_from(["moved", "docs/moved"]))
    def rename_a_folder_and_embed_nothing(self, new: str) -> None:
        self.repository.commit({"folder/a.py": CODE.encode()}, branch=self.branch)
        self.sync_and_compare()
        was_searched = "folder/a.py" in self.searchable()  # patterns may let it in only now
        self.repository.rename("folder", new, branch=self.branch)
        embedded = self.sync_and_compare()
        assert embedded == 0 or not was_searched

    @rule()
    def change_a_mode(self) -> None:
        self.repository.commit({"tool.sh": b"echo\n"}, branch=self.branch)
        self.repository.chmod("tool.sh", executable=True, branch=self.branch)
        self.sync_and_compare()

    @rule(files=CHANGES)
    def force_push(self, files: dict[str, bytes]) -> None:
        branch = self.branch or self.repository.default_branch
        self.repository.force_push(branch, files)
        self.sync_and_compare()

    @rule(files=CHANGES)
    def switch_the_default_branch(self, files: dict[str, bytes]) -> None:
        other = {"main": "next", "next": "main"}[self.repository.default_branch]
        if self.repository.head(other) is None:
            self.repository.create_branch(other)
        self.repository.commit(files, branch=other)
        self.repository.switch_default_branch(other)
        self.sync_and_compare()

    @rule()
    def follow_another_branch(self) -> None:
        self.branch = "main" if self.branch is None else None
        sources.edit(self.stores.registry, self.source_id, options={"branch": self.branch})
        self.sync_and_compare()

    @rule(include=PATTERNS, exclude=PATTERNS)
    def edit_the_patterns(self, include: list[str], exclude: list[str]) -> None:
        self.include, self.exclude = include, exclude
        sources.edit(
            self.stores.registry,
            self.source_id,
            options={"include": [*include], "exclude": [*exclude]},
        )
        self.sync_and_compare()

    def sync_and_compare(self) -> int:
        """How many texts the sync embedded."""
        source = self.stores.registry.get(self.source_id)
        stream = self.connector.streams[0]
        report = sync_stream(StreamSync(self.stores, source, self.connector, stream), "incremental")
        index = self.stores.settings.index_uri
        assert oracle.differences(index, self.source_id, self.searchable()) == []
        return report.index.texts_embedded if report.index else 0

    def searchable(self) -> dict[str, tuple[str, str]]:
        """What git holds now that the source asks for, by path."""
        return oracle.searchable_files(
            self.repository.path,
            self.branch or "HEAD",
            include=self.include,
            exclude=self.exclude,
            max_bytes=MAX_BYTES,
        )

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            source = self.stores.registry.get(self.source_id)
            report = verify_stream(self.stores, source, self.connector, self.connector.streams[0])
            assert report.differences == []
            self.stores.close()
            self.folder.cleanup()


TestGitHistory = GitHistory.TestCase
TestGitHistory.settings = hypothesis_settings(max_examples=8, stateful_step_count=10, deadline=None)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
class TestLongGitHistory(GitHistory.TestCase):
    settings = hypothesis_settings(max_examples=30, stateful_step_count=20, deadline=None)
