"""Every transport, against git: what carried the files changes nothing about them."""

import json

import pytest
from pydantic import AnyHttpUrl, SecretStr

from sync_assets.errors import (
    InvalidSettings,
    RateLimited,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.sandbox.faults import Answer, Replaced
from sync_assets.sandbox.repositories import Executable, Repository, Submodule, Symlink
from sync_assets.sandbox.server import Sandbox
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import files_session, noise, source_of, sync

TRANSPORTS = ["graphql", "raw", "blobs", "contents", "tarball"]
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)
ODD_FILES = {
    "a dir/c#?%25é.txt": "odd\n",
    "sp ace/ lead": "lead\n",
    "日本語/ファイル.md": "# 日本語\n",
    "empty": "",
    "empty too": "",
    "run.sh": Executable("#!/bin/sh\n"),
    "crlf.txt": "\ufeffone\r\ntwo\r\n",
    "control\x01.txt": "\x1b[0m\x7f\n",
    "deep/er/and/deeper/x.py": "x = 1\n",
    "link": Symlink("README.md"),
    "lib": Submodule("1" * 40),
    "lfs.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "logo.png": b"\x89PNG\0",
    "late.bin": b"a" * 9000 + b"\0",
    "latin1.txt": b"caf\xe9",
    "surrogate.txt": b"\xed\xa0\x80",
    "medium.txt": noise(200_000, "medium"),
    "large.txt": noise(600_000, "large"),
    "too_large.txt": noise(1_200_000, "too large"),
}


def calls(sandbox: Sandbox) -> list[str]:
    """What was asked since the last call, in short."""
    paths = [request.path for request in sandbox.requests]
    sandbox.requests.clear()
    return [path.removeprefix("/api/v3/repos/acme/x/") for path in paths]


@every_transport
def test_documents_and_skips_are_those_of_git(
    api: Settings, repository: Repository, transport: str
):
    repository.commit({b"caf\xe9.txt": "name", b"caf\xe8.txt": "other name"})
    repository.commit(ODD_FILES)

    by_git = sync(api, source_of("github", "acme/x"))
    by_api = sync(api, source_of("github", "acme/x", transport=transport))

    assert by_api.failures == by_git.failures == {}
    assert by_api.documents == by_git.documents
    named = {key: reason for key, reason in by_git.reasons.items() if reason != "name_not_utf8"}
    assert by_api.reasons.items() >= named.items()
    assert list(by_api.reasons.values()).count("name_not_utf8") == 2
    assert len(by_api.listing.entries) == len(by_git.listing.entries)
    assert by_api.listing.complete
    assert by_api.listing.content_proven


@every_transport
def test_change_brings_what_changed_and_patterns_hold(
    api: Settings, repository: Repository, transport: str
):
    repository.commit({f"docs/{i}.md": f"{i}\n" for i in range(5)} | {"x.py": "x\n"})
    source = source_of("github", "acme/x", transport=transport, include=["*.md"])
    first = sync(api, source)
    repository.commit({"docs/0.md": None, "docs/1.md": "new\n", "y.py": "y\n"})

    second = sync(api, source, first.listing.watermark)

    assert second.listing.excluded == 3
    assert second.texts.keys() == {"README.md", *(f"docs/{i}.md" for i in range(1, 5))}
    assert second.texts["docs/1.md"] == "new\n"


@every_transport
def test_unchanged_branch_costs_one_free_call(
    api: Settings, sandbox: Sandbox, repository: Repository, transport: str
):
    source = source_of("github", "acme/x", transport=transport)
    first = sync(api, source)
    calls(sandbox)
    spent = sandbox.limits.spent.copy()

    again = sync(api, source, first.listing.watermark)

    assert again.listing.unchanged
    assert calls(sandbox) == ["commits/HEAD"]
    assert sandbox.limits.spent == spent


def test_listing_costs_two_calls_and_listing_it_again_none(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    source = source_of("github", "acme/x", transport="blobs")
    with files_session(source, api) as session:
        listing = session.list(None)
    assert calls(sandbox) == ["commits/HEAD", f"git/trees/{repository.head()}"]

    with files_session(source, api) as session:
        again = session.relist(listing.watermark)

    assert again == listing
    assert calls(sandbox) == []


def test_calls_of_each_transport(api: Settings, sandbox: Sandbox, repository: Repository):
    repository.commit({f"f{i}.txt": f"{i}\n" for i in range(118)})
    counted: dict[str, int] = {}
    for transport in TRANSPORTS:
        calls(sandbox)
        assert len(sync(api, source_of("github", "acme/x", transport=transport)).texts) == 120
        counted[transport] = len(calls(sandbox))

    # The tree is listed by the first and known to the rest; documents come in batches of 50.
    assert counted == {"graphql": 5, "raw": 121, "blobs": 121, "contents": 121, "tarball": 3}


@pytest.mark.parametrize("transport", ["raw", "blobs", "contents"])
def test_damaged_content_fails_alone_and_is_never_a_document(
    api: Settings, sandbox: Sandbox, repository: Repository, transport: str
):
    repository.commit({"bad.txt": "good bytes\n"})
    old, new = ("Z29vZCBieXRlcwo=", "YmFkZCBieXRlcwo=") if transport == "contents" else ("go", "ba")
    sandbox.faults.add(Replaced(old.encode(), new.encode()), times=100)

    seen = sync(api, source_of("github", "acme/x", transport=transport))

    assert seen.failures.keys() == {"bad.txt"}
    assert isinstance(seen.failures["bad.txt"], UnexpectedPayload)
    assert "does not hash" in str(seen.failures["bad.txt"])
    assert len(seen.texts) == 2


def test_damaged_text_of_graphql_is_read_again_as_a_blob(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    sandbox.faults.add(Replaced(b"print", b"paint"), path="/graphql")

    seen = sync(api, source_of("github", "acme/x", transport="graphql"))

    assert seen.texts["src/main.py"] == "print(1)\n"
    assert sandbox.faults.pending == 0


def test_what_an_archive_leaves_out_or_changes_comes_by_its_id(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit(
        {
            ".gitattributes": "secret.txt export-ignore\nversion.txt export-subst\n",
            "secret.txt": "left out\n",
            "version.txt": "$Format:%H$\n",
        }
    )

    seen = sync(api, source_of("github", "acme/x", transport="tarball"))

    assert seen.texts["secret.txt"] == "left out\n"
    assert seen.texts["version.txt"] == "$Format:%H$\n"
    assert sum("git/blobs" in path for path in calls(sandbox)) == 2


def test_damaged_listing_is_refused(api: Settings, sandbox: Sandbox, repository: Repository):
    sandbox.faults.add(Replaced(b"src/main.py", b"src/mine.py"), path="/git/trees/", times=9)

    with pytest.raises(UnexpectedPayload, match="do not hash"):
        sync(api, source_of("github", "acme/x", transport="graphql"))


@every_transport
def test_private_repository_needs_its_token(
    api: Settings, settings: Settings, sandbox: Sandbox, transport: str
):
    repository = sandbox.repositories.create("acme/private", private=True)
    repository.commit({"a.txt": "secret\n"})
    source = source_of("github", "acme/private", transport=transport)
    weak = api.model_copy(update={"github_token": SecretStr("weak")})
    wrong = api.model_copy(update={"github_token": SecretStr("nobody")})

    assert sync(api, source).texts == {"a.txt": "secret\n"}
    with pytest.raises(SourceGone, match="no access"):
        sync(weak, source)
    with pytest.raises(SourceRejectedUs):
        sync(wrong, source)
    if transport != "graphql":
        with pytest.raises(SourceGone):
            sync(settings, source)


@every_transport
def test_renamed_repository_is_followed(
    api: Settings, sandbox: Sandbox, repository: Repository, transport: str
):
    source = source_of("github", "acme/x", transport=transport)
    first = sync(api, source)
    sandbox.repositories.rename("acme/x", "acme/y").commit({"new.txt": "new\n"})

    second = sync(api, source, first.listing.watermark)

    if transport == "raw":  # which redirects nobody
        assert isinstance(second.failures["new.txt"], SourceGone)
    else:
        assert second.texts["new.txt"] == "new\n"


def test_empty_repository_lists_nothing_and_proves_nothing(api: Settings, sandbox: Sandbox):
    sandbox.repositories.create("acme/new")

    listing = sync(api, source_of("github", "acme/new", transport="blobs")).listing

    assert not listing.entries
    assert not listing.content_proven
    assert json.loads(listing.watermark)["commit"] is None


def test_missing_things_are_named(api: Settings, sandbox: Sandbox, repository: Repository):
    repository.create_branch("dev")
    source = source_of("github", "acme/x@dev", transport="blobs")
    first = sync(api, source)
    repository.delete_branch("dev")

    with pytest.raises(SourceGone, match="no branch 'dev'"):
        sync(api, source, first.listing.watermark)
    with pytest.raises(SourceGone, match="not found"):
        sync(api, source_of("github", "acme/none", transport="blobs"))
    repository.switch_default_branch("gone")
    with pytest.raises(SourceGone, match="default branch"):
        sync(api, source_of("github", "acme/x", transport="blobs"))


@every_transport
def test_force_push_between_list_and_fetch_gives_what_was_listed(
    api: Settings, repository: Repository, transport: str
):
    source = source_of("github", "acme/x", transport=transport)
    with files_session(source, api) as session:
        listing = session.list(None)
        repository.force_push("main", {"README.md": "rewritten\n"})
        fetched = list(session.fetch(listing.entries, listing.watermark))
        after = session.list(listing.watermark)

    texts = {getattr(each, "key", None): getattr(each, "text", None) for each in fetched}
    assert texts == {"README.md": "# X\n", "src/main.py": "print(1)\n"}
    assert [entry.key for entry in after.entries] == ["README.md"]


def test_commit_that_goes_while_it_is_listed_is_resolved_again(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    source = source_of("github", "acme/x", transport="blobs")
    sandbox.faults.add(Answer(404, "{}"), path="/git/trees/")
    with files_session(source, api) as session, pytest.raises(SourceGone):
        session.list(None)

    assert calls(sandbox)[-1] == "commits/HEAD"


@every_transport
def test_secondary_limit_amid_a_batch_says_until_when_and_loses_nothing(
    api: Settings, sandbox: Sandbox, repository: Repository, transport: str
):
    repository.commit({f"f{i}.txt": f"{i}\n" for i in range(30)})
    source = source_of("github", "acme/x", transport=transport)
    limits = sandbox.limits
    limits.rest_points_a_minute, limits.graphql_points_a_minute, limits.raw = 3, 0, 1
    if transport == "tarball":
        limits.rest_points_a_minute = 2

    with pytest.raises(RateLimited) as caught:
        sync(api, source)

    assert caught.value.retry_at is not None
    limits.rest_points_a_minute, limits.graphql_points_a_minute, limits.raw = 900, 2000, 5000
    assert len(sync(api, source).texts) == 32


def test_fan_out_stays_within_its_bound(api: Settings, sandbox: Sandbox, repository: Repository):
    repository.commit({f"f{i}.txt": f"{i}\n" for i in range(60)})
    sandbox.link.round_trip_seconds = 0.02

    sync(api, source_of("github", "acme/x", transport="blobs"))

    assert 4 < sandbox.limits.highest_at_once <= 16


def test_graphql_without_a_token_says_what_to_set(settings: Settings, repository: Repository):
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_GITHUB_TOKEN"):
        sync(settings, source_of("github", "acme/x", transport="graphql"))


@pytest.mark.parametrize("answer", [Answer(503), Answer(200, "<html>")])
def test_host_without_git_names_the_other_way(
    api: Settings, sandbox: Sandbox, repository: Repository, answer: Answer
):
    sandbox.faults.add(answer, path=".git/", times=9)

    with pytest.raises((SourceUnavailable, UnexpectedPayload), match="--transport graphql"):
        sync(api, source_of("github", "acme/x"))


def test_nobody_listening_names_the_other_way(settings: Settings, repository: Repository):
    nowhere = settings.model_copy(update={"github_web_url": AnyHttpUrl("http://127.0.0.1:9")})

    with pytest.raises(SourceUnavailable, match="sources edit github:acme/x --transport graphql"):
        sync(nowhere, source_of("github", "acme/x"))


def test_changing_the_transport_keeps_the_watermark(api: Settings, repository: Repository):
    first = sync(api, source_of("github", "acme/x"))

    by_api = sync(api, source_of("github", "acme/x", transport="blobs"), first.listing.watermark)
    second = sync(api, source_of("github", "acme/x", transport="blobs"))
    by_git = sync(api, source_of("github", "acme/x"), second.listing.watermark)

    assert by_api.listing.unchanged
    assert by_git.listing.unchanged
