import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.sandbox.repositories import (
    Executable,
    Repositories,
    Repository,
    Submodule,
    Symlink,
    git_environment,
)
from sync_assets_tests.sandbox.conftest import NOON
from sync_assets_tests.sandbox.git_client import git, tree

names = st.binary(min_size=1, max_size=20).filter(
    lambda name: not set(name) & {0, ord("/")} and name.lower() not in {b".", b"..", b".git"}
)


def repositories(folder: Path) -> Repositories:
    return Repositories(folder, clock=lambda: NOON)


def files(repository: Repository) -> dict[str, tuple[str, str]]:
    """Path -> (mode, content) as git itself lists them."""
    listed = tree(repository.path, repository.default_branch).split("\0")[:-1]
    found: dict[str, tuple[str, str]] = {}
    for line in listed:
        facts, path = line.split("\t", 1)
        mode, kind, blob = facts.split(" ")
        content = git("-C", str(repository.path), "cat-file", kind, blob).stdout
        found[path] = (mode, content if kind == "blob" else blob)
    return found


def test_every_kind_of_entry_is_committed_with_its_mode(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    repository.commit(
        {
            "README.md": "# Shop\n",
            "scripts/run.sh": Executable("#!/bin/sh\n"),
            "latest": Symlink("README.md"),
            "vendored": Submodule("1" * 40),
        }
    )
    assert files(repository) == {
        "README.md": ("100644", "# Shop\n"),
        "scripts/run.sh": ("100755", "#!/bin/sh\n"),
        "latest": ("120000", "README.md"),
        "vendored": ("160000", "1" * 40),
    }


def test_the_same_script_gives_the_same_commit_ids(tmp_path: Path):
    ids: list[list[str]] = []
    for folder in ("first", "second"):
        repository = repositories(tmp_path / folder).create("acme/shop")
        ids.append(
            [
                repository.commit({"a.md": "one", "b.md": "two"}),
                repository.rename("a.md", "docs/a.md"),
                repository.chmod("b.md", executable=True),
                repository.force_push("main", {"c.md": "three"}),
            ]
        )
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 4


def test_none_removes_a_file_or_a_folder(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    repository.commit({"a.md": "1", "docs/b.md": "2", "docs/c.md": "3", "d.md": "4"})
    repository.commit({"a.md": None, "docs": None})
    assert files(repository) == {"d.md": ("100644", "4")}


def test_rename_moves_a_whole_folder_and_keeps_its_contents(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    repository.commit({"old/a.md": "1", "old/deep/b.md": "2"})
    repository.rename("old", "new")
    assert files(repository) == {"new/a.md": ("100644", "1"), "new/deep/b.md": ("100644", "2")}


def test_chmod_changes_the_mode_alone(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    repository.commit({"run": "x", "other": "y"})
    repository.chmod("run", executable=True)
    assert files(repository) == {"run": ("100755", "x"), "other": ("100644", "y")}
    repository.chmod("run", executable=False)
    assert files(repository)["run"] == ("100644", "x")


def test_a_force_push_leaves_no_common_history(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    before = repository.commit({"a.md": "1"})
    after = repository.force_push("main", {"b.md": "2"})
    assert repository.head() == after
    assert files(repository) == {"b.md": ("100644", "2")}
    assert git("-C", str(repository.path), "merge-base", before, after).returncode == 1


def test_branches_are_created_moved_switched_and_deleted(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    first = repository.commit({"a.md": "1"})
    second = repository.commit({"a.md": "2"})
    assert repository.create_branch("release", first) == first
    assert repository.create_branch("next") == second
    repository.move_branch("next", first)
    assert repository.head("next") == first
    third = repository.commit({"a.md": "3"}, branch="release")
    repository.switch_default_branch("release")
    assert (repository.default_branch, repository.head()) == ("release", third)
    repository.delete_branch("main")
    assert repository.head("main") is None


def test_a_branch_is_never_created_over_another(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    first = repository.commit({"a.md": "1"})
    repository.commit({"a.md": "2"})
    repository.create_branch("release", first)
    with pytest.raises(RuntimeError, match="reference already exists"):
        repository.create_branch("release")


def test_an_empty_repository_has_no_head(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/empty", default_branch="trunk")
    assert repository.head() is None
    assert repository.default_branch == "trunk"
    with pytest.raises(LookupError, match="trunk has no commit"):
        repository.create_branch("release")


def test_repositories_are_found_again_renamed_and_deleted(tmp_path: Path):
    created = repositories(tmp_path).create("acme/shop", private=True)
    head = created.commit({"a.md": "1"})
    again = repositories(tmp_path)
    assert (again.get("acme/shop").head(), again.get("acme/shop").private) == (head, True)
    assert again.rename("acme/shop", "bolt/store").head() == head
    assert again.find("acme/shop") is None
    again.delete("bolt/store")
    with pytest.raises(LookupError, match="no repository bolt/store"):
        again.get("bolt/store")


@pytest.mark.parametrize("name", ["shop", "a/b/c", "../x", "acme/..", "acme/", "/shop", "a b/c"])
def test_what_is_not_owner_and_name_is_refused(tmp_path: Path, name: str):
    assert repositories(tmp_path).find(name) is None
    with pytest.raises(ValueError, match="owner/name"):
        repositories(tmp_path).create(name)


def test_a_failing_git_says_what_failed(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/shop")
    repository.commit({"a.md": "1"})
    with pytest.raises(RuntimeError, match=r"rev-parse.*nowhere\.md"):
        repository.chmod("nowhere.md", executable=True)


def test_thousands_of_files_are_one_process(tmp_path: Path):
    repository = repositories(tmp_path).create("acme/large")
    repository.commit({f"d{n % 70}/f{n}.txt": f"text {n}\n" for n in range(7000)})
    assert tree(repository.path).count("\0") == 7000


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(names, st.binary(max_size=60), min_size=1, max_size=5))
def test_any_name_and_content_that_git_can_hold_comes_back(
    tmp_path_factory: pytest.TempPathFactory, expected: dict[bytes, bytes]
):
    repository = repositories(tmp_path_factory.mktemp("any")).create("acme/odd")
    commit = repository.commit(expected)

    def raw(*arguments: str) -> bytes:
        command = ["git", "--git-dir", os.fspath(repository.path), *arguments]
        return subprocess.run(
            command, capture_output=True, check=True, env=git_environment()
        ).stdout

    listed = raw("ls-tree", "-z", commit).split(b"\0")[:-1]
    found = {
        line.split(b"\t", 1)[1]: raw("cat-file", "blob", line.split(b"\t")[0].split()[2].decode())
        for line in listed
    }
    assert found == expected
