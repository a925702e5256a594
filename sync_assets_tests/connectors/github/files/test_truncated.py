"""Trees that the API cuts: walked folder by folder, and only where something changed."""

import pytest

from sync_assets.errors import InvalidSettings
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import Seen, source_of, sync

SOURCE = source_of("github", "acme/x", transport="tarball")
FILES = {
    **{f"a/{i}/{j}.txt": f"a{i}{j}\n" for i in range(4) for j in range(5)},
    **{f"b/{i}.txt": f"b{i}\n" for i in range(6)},
    "b.txt": "between b and b/ in git's order\n",
    "b/sub/deep/er/x.txt": "x\n",
}


def listing_calls(sandbox: Sandbox) -> int:
    """How many trees were asked for since the last call."""
    trees = [request for request in sandbox.requests if "/git/trees/" in request.path]
    sandbox.requests.clear()
    return len(trees)


def same_as_git(settings: Settings, seen: Seen) -> bool:
    by_git = sync(settings, source_of("github", "acme/x"))
    listed = [(entry.key, entry.version, entry.reason) for entry in seen.listing.entries]
    return seen.texts == by_git.texts and listed == [
        (entry.key, entry.version, entry.reason) for entry in by_git.listing.entries
    ]


@pytest.mark.parametrize("limit", [7, 8, 10, 15, 26, 40, 45, 46])
def test_truncated_tree_is_listed_whole_at_any_limit(
    api: Settings, sandbox: Sandbox, repository: Repository, limit: int
):
    repository.commit(FILES)
    sandbox.sizes.tree_entries = limit
    first = sync(api, SOURCE)
    assert same_as_git(api, first)

    repository.commit({"a/1/2.txt": "changed\n", "b/0.txt": None, "c/new.txt": "new\n"})
    repository.rename("a/3", "moved/there")
    second = sync(api, SOURCE, first.listing.watermark)

    assert same_as_git(api, second)
    assert second.listing.content_proven


def test_whole_tree_costs_one_call_and_a_truncated_one_its_folders(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit(FILES)
    sync(api, SOURCE)
    assert listing_calls(sandbox) == 1

    repository.commit({"c.txt": "c\n"})
    sandbox.sizes.tree_entries = 26
    second = sync(api, SOURCE)

    # Whole: cut. Its first level, and the files below `src`; `a` and `b` are as they were.
    assert listing_calls(sandbox) == 2
    assert same_as_git(api, second)


def test_calls_are_those_of_changed_folders(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit(FILES)
    sandbox.sizes.tree_entries = 8
    first = sync(api, SOURCE)
    # `/` and `a`: whole and cut, then one level; `a/0` to `a/3` and `src`: whole; `b` is cut too:
    # one level, and below it `b/sub` whole.
    assert listing_calls(sandbox) == 2 + 2 + 4 + 1 + 2 + 1

    repository.commit({"a/1/2.txt": "changed\n"})
    second = sync(api, SOURCE, first.listing.watermark)
    assert listing_calls(sandbox) == 3  # `/`, `a`, `a/1`
    assert same_as_git(api, second)

    repository.commit({"b/sub/deep/er/x.txt": "changed\n"})
    third = sync(api, SOURCE, second.listing.watermark)
    assert listing_calls(sandbox) == 3  # `/`, `b`, `b/sub`
    assert same_as_git(api, third)

    repository.rename("a", "elsewhere")
    fourth = sync(api, SOURCE, third.listing.watermark)
    assert listing_calls(sandbox) == 1  # what moved is known by its hash
    assert same_as_git(api, fourth)


def test_lost_or_damaged_manifest_costs_calls_and_nothing_else(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit(FILES)
    sandbox.sizes.tree_entries = 26
    first = sync(api, SOURCE)
    cold = listing_calls(sandbox)
    [kept] = (api.home / "github").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_bytes(kept.read_bytes().replace(b"a/1/2.txt", b"a/1/3.txt"))
    repository.commit({"c.txt": "c\n"})

    second = sync(api, SOURCE, first.listing.watermark)

    assert listing_calls(sandbox) == cold
    assert same_as_git(api, second)


def test_folder_that_the_api_cannot_list_names_git(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit({f"big/{i}.txt": f"{i}\n" for i in range(30)})
    sandbox.sizes.tree_entries = 20

    with pytest.raises(InvalidSettings, match=r"folder 'big' .* --transport git"):
        sync(api, SOURCE)


def test_branches_keep_manifests_of_their_own(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    repository.create_branch("dev")
    repository.commit({"dev.txt": "dev\n"}, branch="dev")

    main = sync(api, SOURCE)
    dev = sync(api, source_of("github", "acme/x@dev", transport="tarball"))
    sandbox.requests.clear()
    again = sync(api, SOURCE)

    assert dev.texts.keys() - main.texts.keys() == {"dev.txt"}
    assert again.texts == main.texts
    assert listing_calls(sandbox) == 0
