import subprocess
from pathlib import Path

import pytest

from sync_assets.connectors.github.files.trees import (
    TreeItem,
    as_entries,
    folders,
    one_level,
    whole_tree,
)
from sync_assets.errors import UnexpectedPayload
from sync_assets.sandbox.repositories import Repositories, Repository, Submodule, Symlink

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repositories(tmp_path / "served").create("acme/x")
    repository.commit(
        {
            "a.b": "sorts before a/",
            "a/x.txt": "x",
            "a0": "sorts behind a/",
            "a/b/c/deep.txt": "deep",
            "link": Symlink("a0"),
            "lib": Submodule("1" * 40),
            "é/ü.md": "ü",
        }
    )
    return repository


def git(repository: Repository, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["git", "--git-dir", str(repository.path), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


def listed(repository: Repository, *options: str, tree: str = "HEAD") -> list[TreeItem]:
    items: list[TreeItem] = []
    for line in git(repository, "ls-tree", "-z", *options, tree).split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, kind, oid = facts.decode().split()
        path = name.decode(errors="replace")
        items.append(
            TreeItem.model_validate({"path": path, "mode": mode, "type": kind, "sha": oid})
        )
    return items


def test_folders_hash_to_what_git_calls_their_trees(repository: Repository):
    files = whole_tree("HEAD", listed(repository, "-r", "-t"))

    spans = {span.folder: span for span in folders(files)}

    for folder, span in spans.items():
        assert span.tree == git(repository, "rev-parse", f"HEAD:{folder}").decode().strip()
        below = {file.path for file in files if file.path.startswith(f"{folder}/") or not folder}
        assert {file.path for file in files[span.start : span.end]} == below
    assert spans.keys() == {"", "a", "a/b", "a/b/c", "é"}


@pytest.mark.parametrize("lost", ["a/x.txt", "a/b/c/deep.txt", "é/ü.md"])
def test_listing_that_lost_a_file_is_refused(repository: Repository, lost: str):
    items = [item for item in listed(repository, "-r", "-t") if item.path != lost]

    with pytest.raises(UnexpectedPayload, match="do not hash"):
        whole_tree("HEAD", items)


def test_order_of_the_listing_does_not_matter(repository: Repository):
    items = listed(repository, "-r", "-t")

    assert whole_tree("HEAD", items[::-1]) == whole_tree("HEAD", items)


def test_one_level_is_proven_by_its_tree(repository: Repository):
    tree = git(repository, "rev-parse", "HEAD:a").decode().strip()
    items = listed(repository, tree=tree)

    assert one_level(tree, items) == items
    with pytest.raises(UnexpectedPayload, match="does not hash"):
        one_level(tree, items[1:])


def test_names_that_are_not_utf8_are_listed_apart_and_prove_nothing(repository: Repository):
    repository.commit({b"d/caf\xe9": "1", b"d/caf\xe8": "2", b"d/fine": "3"})

    entries = as_entries(whole_tree("HEAD", listed(repository, "-r", "-t")))

    spoiled = [entry.path for entry in entries if entry.path.startswith(b"d/caf")]
    assert spoiled == [b"d/caf\xff", b"d/caf\xff\xff"]
    assert b"d/fine" in [entry.path for entry in entries]


def test_replacement_character_that_is_really_there_keeps_its_folder_provable(
    repository: Repository,
):
    repository.commit({"d/\ufffd": "1"})

    files = whole_tree("HEAD", listed(repository, "-r", "-t"))

    assert "d/\ufffd" in [file.path for file in files]


def test_folder_without_files_is_no_file(repository: Repository):
    git(repository, "hash-object", "-w", "-t", "tree", "--stdin")
    tree = git(repository, "mktree", stdin=f"040000 tree {EMPTY_TREE}\thollow\n".encode())
    items = listed(repository, "-r", "-t", tree=tree.decode().strip())

    assert as_entries(whole_tree("HEAD", items)) == []


def test_no_files_hash_to_the_empty_tree():
    assert [span.tree for span in folders([])] == [EMPTY_TREE]
