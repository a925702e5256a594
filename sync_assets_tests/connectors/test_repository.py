import json
import subprocess
from pathlib import Path

import pytest

from sync_assets.errors import (
    RateLimited,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    SyncAssetsError,
    UnexpectedPayload,
)
from sync_assets.sandbox.faults import Answer, Fault, Reset, Stalled, Truncated, html_page
from sync_assets.sandbox.repositories import Executable, Repository, Submodule, Symlink
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import files_session, noise, source_of, sync

SOURCE = source_of("github", "acme/x")


def asked(sandbox: Sandbox) -> list[str]:
    """What was asked since the last call."""
    services = [request.service for request in sandbox.requests]
    sandbox.requests.clear()
    return services


def bytes_out(sandbox: Sandbox) -> int:
    return sum(request.bytes_out for request in sandbox.requests)


def test_first_sync_costs_three_requests_on_one_connection(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit({f"f{i}.txt": f"{i}\n" for i in range(120)})

    seen = sync(settings, SOURCE)

    assert seen.texts["f7.txt"] == "7\n"
    assert len(seen.texts) == 122
    assert len({request.connection for request in sandbox.requests}) == 1
    assert asked(sandbox) == ["info/refs", "ls-refs", "fetch"]


def test_unchanged_branch_costs_two_requests_and_lists_nothing(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    first = sync(settings, SOURCE)
    asked(sandbox)

    again = sync(settings, SOURCE, first.listing.watermark)

    assert again.listing.unchanged
    assert again.listing.watermark == first.listing.watermark
    assert asked(sandbox) == ["info/refs", "ls-refs"]


def test_refresh_costs_three_requests_and_the_bytes_of_the_change(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit({f"f{i}.txt": noise(2000, str(i)) for i in range(100)})
    first = sync(settings, SOURCE)
    repository.commit({"f1.txt": "new\n"})
    sandbox.requests.clear()

    second = sync(settings, SOURCE, first.listing.watermark)

    assert second.texts["f1.txt"] == "new\n"
    assert bytes_out(sandbox) < 6000
    assert asked(sandbox) == ["info/refs", "ls-refs", "fetch"]


def test_every_kind_of_file_is_listed_with_its_reason(settings: Settings, repository: Repository):
    lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    repository.commit({b"caf\xe9.txt": "name"})
    repository.commit(
        {
            "link": Symlink("README.md"),
            "lib": Submodule("1" * 40),
            "lfs.bin": lfs,
            "logo.png": b"\x89PNG\0",
            "latin1.txt": b"caf\xe9",
            "big.txt": noise(2_000_000, "big"),
            "run.sh": Executable("#!/bin/sh\n"),
            "empty": "",
        }
    )

    seen = sync(settings, SOURCE)

    assert seen.reasons == {
        "link": "symlink",
        "lib": "submodule",
        "lfs.bin": "lfs_pointer",
        "logo.png": "binary",
        "latin1.txt": "not_utf8",
        "big.txt": "too_large",
        "caf\\xe9.txt": "name_not_utf8",
    }
    assert seen.texts.keys() == {"README.md", "src/main.py", "run.sh", "empty"}
    assert seen.failures == {}
    assert seen.listing.complete
    assert seen.listing.content_proven


def test_document_is_the_file_to_the_byte_with_a_permalink(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    text = "\ufeffone\r\ntwo \u00fc\n\n"
    commit = repository.commit({"a dir/x#1.txt": Executable(text)})

    seen = sync(settings, SOURCE)
    document = seen.documents["a dir/x#1.txt"]
    [entry] = [entry for entry in seen.listing.entries if entry.key == document.key]

    assert document.text == text
    assert document.title == "x#1.txt"
    assert document.path == "a dir/x#1.txt"
    assert document.url == f"{sandbox.url}/acme/x/blob/{commit}/a%20dir/x%231.txt"
    assert (document.document_id, document.version) == (entry.document_id, entry.version)
    assert document.version == f"100755:{entry.locator}"
    assert document.metadata == {
        "mode": "100755",
        "blob": entry.locator,
        "commit": commit,
        "bytes": len(text.encode()),
        "last_commit": None,
        "last_commit_known": False,
    }


def test_watermark_says_branch_and_commit(settings: Settings, repository: Repository):
    watermark = json.loads(sync(settings, SOURCE).listing.watermark)

    assert watermark["ref"] == "refs/heads/main"
    assert watermark["commit"] == repository.head()


def test_same_blob_at_many_paths_is_a_document_at_each(settings: Settings, repository: Repository):
    repository.commit({f"copy{i}": "same\n" for i in range(3)})

    seen = sync(settings, SOURCE)

    copies = [entry for entry in seen.listing.entries if entry.key.startswith("copy")]
    assert len({entry.document_id for entry in copies}) == 3
    assert len({entry.version for entry in copies}) == 1
    assert [seen.texts[entry.key] for entry in copies] == ["same\n"] * 3


def test_too_large_file_is_not_downloaded_and_becomes_searchable_when_it_shrinks(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    large = noise(1_200_000, "large")
    repository.commit({"large.txt": large})
    first = sync(settings, SOURCE)
    assert first.reasons == {"large.txt": "too_large"}
    assert bytes_out(sandbox) < 5000

    # The server may send this as a delta of the file that was left out.
    repository.commit({"large.txt": large[:1_000_000]})
    second = sync(settings, SOURCE, first.listing.watermark)

    assert second.texts["large.txt"] == large[:1_000_000]
    assert second.reasons == {}


def test_size_limit_is_inclusive_and_its_edit_is_never_taken_for_unchanged(
    settings: Settings, repository: Repository
):
    repository.commit({"ten": "0123456789", "eleven": "01234567890"})
    first = sync(settings, SOURCE)

    limited = source_of("github", "acme/x", max_file_bytes=10)
    second = sync(settings, limited, first.listing.watermark)

    assert second.reasons == {"eleven": "too_large"}
    assert second.texts["ten"] == "0123456789"


def test_server_without_partial_clone_gives_the_same_documents(
    tmp_path: Path, settings: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit({"big.txt": noise(2_000_000, "big"), "docs/a.md": "a"})
    filtered = source_of("github", "acme/x", include=["*.md"])
    with running_sandbox(tmp_path / "served", partial_clone=False) as plain:
        other = Settings(home=tmp_path / "other").model_copy(
            update={"github_web_url": plain.url, "git_timeout_seconds": 60}
        )
        everything, some = sync(other, SOURCE), sync(other, filtered)

    expected = sync(settings, SOURCE)
    assert everything.texts == expected.texts
    assert everything.reasons == {"big.txt": "too_large"} == expected.reasons
    assert some.texts == sync(settings, filtered).texts == {"README.md": "# X\n", "docs/a.md": "a"}


def test_patterns_that_select_few_files_bring_only_their_bytes(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit({f"f{i}.txt": noise(20_000, str(i)) for i in range(20)})
    few = source_of("github", "acme/x", include=["/README.md", "f1.txt"])
    sandbox.requests.clear()

    first = sync(settings, few)

    assert first.texts.keys() == {"README.md", "f1.txt"}
    assert first.listing.excluded == 20
    assert bytes_out(sandbox) < 30_000
    assert asked(sandbox) == ["info/refs", "ls-refs", "fetch", "fetch"]

    repository.commit({"f1.txt": "new", "f2.txt": "not wanted"})
    second = sync(settings, few, first.listing.watermark)

    assert second.texts == {"README.md": "# X\n", "f1.txt": "new"}
    assert asked(sandbox) == ["info/refs", "ls-refs", "fetch", "fetch"]


def test_patterns_that_select_most_files_bring_all_at_once(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit({f"f{i}.txt": f"{i}" for i in range(20)})
    most = source_of("github", "acme/x", exclude=["*.md"])
    first = sync(settings, most)
    asked(sandbox)
    repository.commit({"f1.txt": "new"})

    second = sync(settings, most, first.listing.watermark)

    assert second.texts["f1.txt"] == "new"
    assert second.listing.excluded == 1
    assert asked(sandbox) == ["info/refs", "ls-refs", "fetch"]


def test_edited_pattern_is_never_taken_for_unchanged(settings: Settings, repository: Repository):
    first = sync(settings, SOURCE)

    edited = source_of("github", "acme/x", include=["*.md"])
    second = sync(settings, edited, first.listing.watermark)

    assert not second.listing.unchanged
    assert second.texts.keys() == {"README.md"}


def test_empty_repository_has_no_documents_and_proves_nothing(settings: Settings, sandbox: Sandbox):
    repository = sandbox.repositories.create("acme/x")

    first = sync(settings, SOURCE)
    assert (first.listing.entries, first.listing.complete) == ((), True)
    assert not first.listing.content_proven
    assert sync(settings, SOURCE, first.listing.watermark).listing.unchanged

    repository.commit({"a": "a"})
    assert sync(settings, SOURCE, first.listing.watermark).texts == {"a": "a"}


def test_force_push_and_branch_switches_list_what_is_there_now(
    settings: Settings, repository: Repository
):
    first = sync(settings, SOURCE)
    repository.force_push("main", {"only": "this"})
    second = sync(settings, SOURCE, first.listing.watermark)
    assert second.texts == {"only": "this"}

    repository.create_branch("trunk")
    repository.commit({"more": "that"}, branch="trunk")
    repository.switch_default_branch("trunk")
    third = sync(settings, SOURCE, second.listing.watermark)
    assert third.texts == {"only": "this", "more": "that"}

    on_main = source_of("github", "acme/x", branch="main")
    assert sync(settings, on_main, third.listing.watermark).texts == {"only": "this"}


def test_relist_is_the_pinned_commit_whatever_happened_since(
    settings: Settings, repository: Repository, tmp_path: Path
):
    first = sync(settings, SOURCE)
    repository.force_push("main", {"only": "this"})
    elsewhere = settings.model_copy(update={"home": tmp_path / "elsewhere"})

    for place in (settings, elsewhere):
        with files_session(SOURCE, place) as session:
            assert session.relist(first.listing.watermark) == first.listing


def test_relist_of_a_commit_that_is_gone_says_to_run_again(
    settings: Settings, sandbox: Sandbox, repository: Repository, tmp_path: Path
):
    watermark = sync(settings, SOURCE).listing.watermark
    sandbox.repositories.delete("acme/x")
    sandbox.repositories.create("acme/x").commit({"other": "history"})
    elsewhere = settings.model_copy(update={"home": tmp_path / "elsewhere"})

    with files_session(SOURCE, elsewhere) as session:
        with pytest.raises(SourceUnavailable, match="run the sync again"):
            session.relist(watermark)
        assert [entry.key for entry in session.list(watermark).entries] == ["other"]


@pytest.mark.parametrize(
    ("fault", "service", "error"),
    [
        (Answer(401), "info/refs", SourceRejectedUs),
        (Answer(403), "info/refs", SourceRejectedUs),
        (Answer(404), "info/refs", SourceGone),
        (Answer(429), "info/refs", RateLimited),
        (Answer(503), "info/refs", SourceUnavailable),
        (Answer(503), "fetch", SourceUnavailable),
        (html_page(), "info/refs", UnexpectedPayload),
        (html_page(), "fetch", SyncAssetsError),
        (Reset(), "info/refs", SourceUnavailable),
        (Reset(), "fetch", SourceUnavailable),
        (Reset(after_bytes=300), "fetch", SourceUnavailable),
        (Truncated(after_bytes=300), "fetch", SourceUnavailable),
        (Truncated(after_bytes=20), "ls-refs", SourceUnavailable),
    ],
    ids=str,
)
def test_fault_is_one_clear_line_and_the_next_sync_is_well(
    settings: Settings,
    sandbox: Sandbox,
    *,
    fault: Fault,
    service: str,
    error: type[Exception],
):
    repository = sandbox.repositories.create("acme/x")
    repository.commit({"README.md": "# X\n"})
    repository.commit({"f.txt": noise(3000, "f")})
    sandbox.faults.add(fault, times=4, service=service)

    with pytest.raises(error) as caught:
        sync(settings, SOURCE)

    assert "\n" not in str(caught.value)
    assert f"{sandbox.url}/acme/x.git" in str(caught.value)
    sandbox.faults.clear()
    assert sync(settings, SOURCE).texts["README.md"] == "# X\n"


def test_server_that_stalls_meets_the_time_limit(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    hurried = settings.model_copy(update={"git_timeout_seconds": 1})
    for service in ("ls-refs", "fetch"):
        sandbox.faults.add(Stalled(after_bytes=20, seconds=30), service=service)
        with pytest.raises(SourceUnavailable, match="longer than 1 s"):
            sync(hurried, SOURCE)

    assert len(sync(settings, SOURCE).texts) == 2


def test_nobody_listening_is_unavailable(tmp_path: Path):
    settings = Settings(home=tmp_path / "home").model_copy(
        update={"github_web_url": "http://127.0.0.1:9"}
    )

    with pytest.raises(SourceUnavailable, match="onnect"):
        sync(settings, SOURCE)


def test_missing_branch_is_named(settings: Settings, repository: Repository):
    with pytest.raises(SourceGone, match="no branch 'nope'"):
        sync(settings, source_of("github", "acme/x", branch="nope"))


def test_missing_default_branch_says_to_set_one(settings: Settings, repository: Repository):
    repository.switch_default_branch("gone")

    with pytest.raises(SourceGone, match="default branch"):
        sync(settings, SOURCE)


def test_blob_that_the_source_lost_fails_alone(settings: Settings, repository: Repository):
    repository.commit({f"f{i}.txt": f"{i}" for i in range(20)})
    first = sync(settings, SOURCE)
    repository.commit({"bad.txt": "lost", "good.txt": "kept"})
    damage(repository, "bad.txt")

    second = sync(settings, SOURCE, first.listing.watermark)

    assert second.failures.keys() == {"bad.txt"}
    assert isinstance(second.failures["bad.txt"], UnexpectedPayload)
    assert second.texts["good.txt"] == "kept"
    assert len(second.texts) == 23


def damage(repository: Repository, path: str) -> None:
    """Lose the blob of a path: all objects are unpacked, and its file is removed."""
    git = ["git", "--git-dir", str(repository.path)]
    packs = list((repository.path / "objects" / "pack").glob("*.pack"))
    for number, pack in enumerate(packs):
        moved = repository.path / f"{number}.pack"
        pack.rename(moved)
        pack.with_suffix(".idx").unlink()
        with moved.open("rb") as data:
            subprocess.run([*git, "unpack-objects", "-q"], stdin=data, check=True)
    found = subprocess.run(
        [*git, "rev-parse", f"HEAD:{path}"], capture_output=True, check=True, text=True
    )
    oid = found.stdout.strip()
    (repository.path / "objects" / oid[:2] / oid[2:]).unlink()


HOSTILE = """
[init]
    defaultObjectFormat = sha256
    templateDir = /no/such/place
[core]
    hooksPath = {hooks}
    logAllRefUpdates = always
[credential]
    helper = "!touch {asked}; :"
[fetch]
    prune = true
    writeCommitGraph = true
    recurseSubmodules = true
    unpackLimit = 100000
[gc]
    auto = 1
[protocol]
    version = 0
[safe]
    bareRepository = explicit
[transfer]
    fsckObjects = true
"""


def test_operators_own_git_configuration_changes_no_result(
    settings: Settings,
    sandbox: Sandbox,
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    hook, asked = tmp_path / "hooks" / "reference-transaction", tmp_path / "asked"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(HOSTILE.format(hooks=hook.parent, asked=asked))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    sandbox.repositories.create("acme/private", private=True)

    first = sync(settings, SOURCE)
    repository.commit({"new": "new"})
    second = sync(settings, SOURCE, first.listing.watermark)
    with pytest.raises(SourceRejectedUs):
        sync(settings, source_of("github", "acme/private"))

    assert (len(first.texts), len(second.texts)) == (2, 3)
    assert not asked.exists()
    assert not list(settings.home.rglob("logs"))


def test_repository_with_sha256_ids_is_read(settings: Settings, tmp_path: Path):
    work = tmp_path / "work"
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "init", "-q", "--object-format=sha256", str(work)], check=True)
    (work / "a.txt").write_text("sha256\n")
    subprocess.run(["git", "-C", str(work), "add", "."], check=True)
    subprocess.run(["git", "-C", str(work), *identity, "commit", "-qm", "one"], check=True)

    seen = sync(settings, source_of("git", str(work)))

    assert seen.texts == {"a.txt": "sha256\n"}
    assert len(seen.listing.entries[0].locator) == 64
