from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from sync_assets.errors import InvalidSettings
from sync_assets.sandbox.faults import Answer
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import source_of, sync

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def graphql_calls(sandbox: Sandbox) -> int:
    return sum(request.path == "/api/graphql" for request in sandbox.requests)


@pytest.mark.parametrize("transport", ["git", "blobs"])
def test_each_changed_file_tells_who_changed_it_last(
    api: Settings, sandbox: Sandbox, repository: Repository, transport: str
):
    source = source_of("github", "acme/x", transport=transport, last_commits=True)
    sync(api, source)
    one = repository.commit(
        {"a dir/é#1.txt": "1\n"}, author="Mara Lind <mara@acme.example>", at=NOON
    )
    repository.commit({"other.txt": "other\n"})

    document = sync(api, source).documents["a dir/é#1.txt"]

    assert document.metadata["last_commit_known"] is True
    last = document.metadata["last_commit"]
    assert last == {"sha": one, "author": "Mara Lind", "time": "2026-03-01T12:00:00+00:00"}
    assert (document.author, document.updated_at) == ("Mara Lind", NOON)


def test_what_was_never_asked_is_null_and_says_so(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    document = sync(api, source_of("github", "acme/x")).documents["README.md"]

    known: dict[str, JsonValue] = dict(document.metadata)
    assert (known["last_commit"], known["last_commit_known"]) == (None, False)
    assert graphql_calls(sandbox) == 0


def test_fifty_files_cost_one_call(api: Settings, sandbox: Sandbox, repository: Repository):
    repository.commit({f"f{i}.txt": f"{i}\n" for i in range(48)})

    sync(api, source_of("github", "acme/x", last_commits=True))

    assert graphql_calls(sandbox) == 1


def test_history_too_heavy_for_one_query_is_asked_in_halves(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    repository.commit({f"f{i}.txt": f"{i}\n" for i in range(8)})
    sandbox.faults.add(Answer(502), path="/graphql", times=2)

    seen = sync(api, source_of("github", "acme/x", last_commits=True))

    assert all(each.metadata["last_commit_known"] for each in seen.documents.values())
    assert graphql_calls(sandbox) == 2 + 5


def test_file_whose_history_is_never_given_is_brought_in_without_it(
    api: Settings, sandbox: Sandbox, repository: Repository
):
    sandbox.faults.add(Answer(502), path="/graphql", times=99)

    seen = sync(api, source_of("github", "acme/x", last_commits=True))

    assert seen.texts.keys() == {"README.md", "src/main.py"}
    assert not any(each.metadata["last_commit_known"] for each in seen.documents.values())


def test_last_commits_need_a_token(settings: Settings, repository: Repository):
    with pytest.raises(InvalidSettings, match=r"last_commits needs .*GITHUB_TOKEN"):
        sync(settings, source_of("github", "acme/x", last_commits=True))
