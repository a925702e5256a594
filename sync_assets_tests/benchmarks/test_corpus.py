from pathlib import Path

from benchmarks.corpus import edit, edited, real_files, repository_of
from sync_assets.sandbox.repositories import Repositories


def test_a_larger_corpus_holds_the_smaller_one_and_all_of_it_is_text():
    small, large = real_files(20), real_files(60)

    assert list(large)[:20] == list(small)
    assert all(content.decode().strip() for content in large.values())


def test_an_edit_changes_the_middle_and_the_end_and_keeps_the_rest():
    before = b"one\ntwo\nthree\nfour\n"

    after = edited(before, "mark").decode().splitlines()

    assert after[:2] + after[3:5] == ["one", "two", "three", "four"]
    assert after[2] == "# mark: changed in the middle"
    assert after[5:] == ["# mark: changed at the end"]


def test_an_edit_touches_as_many_files_as_asked_spread_over_the_corpus():
    files = {f"{number:02}.txt": b"text\n" for number in range(30)}

    changes = edit(files, 3, "mark")

    assert sorted(changes) == ["00.txt", "10.txt", "20.txt"]
    assert all(files[path] == content != b"text\n" for path, content in changes.items())


def test_a_repository_of_files_serves_one_commit_in_one_pack(tmp_path: Path):
    repository = repository_of(Repositories(tmp_path), "a/b", {"x.py": b"x = 1\n"})

    assert repository.head() is not None
    assert len(list(repository.path.glob("objects/pack/*.pack"))) == 1
