"""Every command against real stores: a git repository on disk, LanceDB and SQLite in a folder."""

import csv
import io
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from inspect import signature
from pathlib import Path

import pytest

from sync_assets.cli import sources
from sync_assets.connectors.catalog import CONNECTORS, connector_named
from sync_assets.errors import SourceUnavailable
from sync_assets.models import FetchFailure, ListingEntry
from sync_assets.sandbox.repositories import Repository
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets_tests.cli.conftest import Cli

COMMAND = Path(sys.executable).with_name("sync-assets")


@pytest.fixture
def source_id(cli: Cli, repository: Repository) -> str:
    """The id of a registered source, not synced yet."""
    return str(cli("sources", "add", "git", repository.path, "--json").json["source_id"])


@pytest.fixture
def synced(source_id: str, home: Path) -> str:
    """The id of a source that is synced, by the engine alone: Dagster takes seconds to start."""
    with closing(_stores(home)) as stores:
        connector = connector_named("git")
        source = stores.registry.get(source_id)
        sync_stream(StreamSync(stores, source, connector, connector.streams[0]), "full")
    return source_id


def _stores(home: Path) -> Stores:
    return open_stores(Settings(home=home, embedder="hash"))


def _fail(home: Path, source_id: str, *keys: str) -> None:
    entries = [
        ListingEntry(document_id=f"{number:032x}", key=key, version="1", locator="")
        for number, key in enumerate(keys)
    ]
    with closing(_stores(home)) as stores:
        error = SourceUnavailable("the host did not answer")
        failed = [FetchFailure(entry, error) for entry in entries]
        stores.failures.record(source_id, "files", failed)


@pytest.mark.parametrize("command", [sources.add, sources.edit])
def test_each_setting_of_a_source_can_be_chosen(command: Callable[..., None]):
    settings = {
        name for vendor in CONNECTORS.values() for name in vendor.settings_model.model_fields
    }

    assert settings - {*signature(command).parameters} == set()


def test_source_registered_while_nothing_runs_says_what_to_run(cli: Cli, repository: Repository):
    outcome = cli("sources", "add", "git", repository.path)

    assert outcome.code == 0
    assert outcome.out.startswith("Registered git:")
    assert "sync-assets up" in outcome.err
    assert "sync-assets sync git:" in outcome.err


def test_options_of_a_source_are_stored_edited_and_reset(cli: Cli, source_id: str):
    edited = cli(
        *("sources", "edit", source_id, "--include", "src/**", "--include", "*.md"),
        *("--branch", "main", "--schedule", "0  * * * *", "--json"),
    )
    reset = cli("sources", "edit", source_id, "--reset", "include", "--json")

    assert edited.json["settings"]["include"] == ["src/**", "*.md"]
    assert edited.json["settings"]["branch"] == "main"
    assert edited.json["cron"] == "0 * * * *"
    assert edited.json["generation"] == 2
    assert not reset.json["settings"].get("include")
    assert reset.json["settings"]["branch"] == "main"


def test_transport_is_a_setting_of_github_alone(cli: Cli, source_id: str):
    options = ("--transport", "graphql", "--last-commits", "--json")

    added = cli("sources", "add", "github", "acme/elsewhere", *options)
    kept = cli("sources", "edit", "github:acme/elsewhere", "--no-last-commits", "--json")
    unknown = cli("sources", "edit", "github:acme/elsewhere", "--transport", "pigeon")
    other = cli("sources", "edit", source_id, "--transport", "graphql")

    assert added.json["settings"]["transport"] == "graphql"
    assert added.json["settings"]["last_commits"] is True
    assert kept.json["settings"]["transport"] == "graphql"
    assert kept.json["settings"]["last_commits"] is False
    assert (unknown.code, other.code) == (2, 2)
    assert "'graphql'" in unknown.err
    assert "git has no setting transport" in other.err


def test_source_without_a_token_syncs_files_and_says_what_is_left_out(cli: Cli):
    outcome = cli("sources", "add", "github", "acme/elsewhere")

    assert "It syncs files; for pull_requests and issues, which need a token" in outcome.err
    assert "--stream files --stream pull_requests --stream issues" in outcome.err


def test_source_has_every_stream_with_a_token_and_else_those_that_are_chosen(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SYNC_ASSETS_GITHUB_TOKEN", "ghs_x")

    every = cli("sources", "add", "github", "acme/one", "--json")
    chosen = cli("sources", "add", "github", "acme/two", "--stream", "issues", "--stream", "files")
    shown = cli("sources", "show", "github:acme/two", "--json")
    unknown = cli("sources", "add", "github", "acme/three", "--stream", "stars")

    assert every.json["settings"]["streams"] == ["files", "pull_requests", "issues"]
    assert shown.json["settings"]["streams"] == ["files", "issues"]
    assert "which need a token" not in chosen.err
    assert unknown.code == 2
    assert "'pull_requests'" in unknown.err


def test_edit_takes_a_stream_that_is_no_longer_named_out_of_the_index(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SYNC_ASSETS_GITHUB_TOKEN", "ghs_x")
    source_id = "github:acme/one"
    cli("sources", "add", "github", "acme/one")
    with closing(_stores(home)) as stores:
        stores.cursors.set_listed(source_id, "issues", "w", at=stores.clock())

        with stores.leases.hold(f"{source_id}/issues", 60, "a sync"):
            busy = cli("sources", "edit", source_id, "--stream", "files")
        done = cli("sources", "edit", source_id, "--stream", "files")

        assert stores.cursors.all() == ()
    assert (busy.code, done.code) == (0, 0)
    assert "A sync of it runs: the next one takes out what is left out now" in busy.err
    assert "Its issues are taken out of the index" in done.err


def test_reset_of_a_setting_that_the_connector_does_not_know_is_refused(cli: Cli, source_id: str):
    outcome = cli("sources", "edit", source_id, "--reset", "colour")

    assert outcome.code == 2
    assert "colour" in outcome.err


def test_check_says_what_is_seen_and_ends_with_1_where_something_is_refused(
    cli: Cli, source_id: str, repository: Repository
):
    head = str(repository.head())
    fine = cli("sources", "check", source_id, "--json")
    shutil.rmtree(repository.path)
    gone = cli("sources", "check", source_id)

    assert fine.code == 0
    assert [(each["name"], each["passed"]) for each in fine.json] == [("files", True)]
    assert head[:12] in fine.json[0]["saw"]
    assert gone.code == 1
    assert "refused" in gone.out


def test_paused_source_is_active_again_after_resume(cli: Cli, source_id: str):
    assert cli("sources", "pause", source_id, "--json").json["status"] == "paused"
    assert cli("sources", "resume", source_id, "--json").json["status"] == "active"
    assert cli("sources", "show", source_id, "--json").json["status"] == "active"


def test_a_backfill_asks_for_full_syncs_of_all_that_run(cli: Cli, source_id: str, home: Path):
    assert [each["source_id"] for each in cli("sources", "backfill", "--json").json] == [source_id]
    assert "Asked for 1 full sync." in cli("sources", "backfill", source_id).out
    cli("sources", "pause", source_id)
    paused = cli("sources", "backfill", source_id)

    assert (paused.code, "is paused" in paused.err) == (2, True)
    assert cli("sources", "backfill", "--json").json == []
    cli("sources", "resume", source_id)
    with closing(_stores(home)) as stores:
        requests = stores.registry.pending_requests()
    assert [request.mode for request in requests] == ["full"] * 3  # the first is registering's


def test_same_source_is_not_registered_twice(cli: Cli, source_id: str, repository: Repository):
    outcome = cli("sources", "add", "git", repository.path)

    assert outcome.code == 2
    assert f"sync-assets sources edit {source_id}" in outcome.err


def test_sync_reports_what_changed_and_then_that_nothing_did(
    cli: Cli, source_id: str, repository: Repository
):
    first = cli("sync", source_id, "--json")
    again = cli("sync", source_id, "--json")
    repository.commit({"src/cart.py": "def total(prices):\n    return max(prices)\n"})
    changed = cli("sync", source_id)

    assert first.json[0]["index"]["documents"] == 3
    assert first.json[0]["documents"]["skipped"] == {"binary": 1}
    assert again.json[0]["listing"]["unchanged"] is True
    assert again.json[0]["index"] is None
    assert "0 added, 1 changed" in changed.out


def test_search_shows_link_version_and_freshness_of_what_was_synced(cli: Cli, synced: str):
    outcome = cli("search", "def refund(order)", "--path", "src/**")
    hits = cli("search", "refund", "--mode", "text", "--source", synced, "--json").json["hits"]

    assert "src/refund.py:1-2" in outcome.out
    assert "fresh" in outcome.out
    assert [hit["path"] for hit in hits] == ["src/refund.py"]
    assert hits[0]["stale"] == "false"


def test_search_that_finds_nothing_is_no_failure(cli: Cli, synced: str):
    outcome = cli("search", "zeppelin", "--mode", "text")

    assert (outcome.code, outcome.out) == (0, "")
    assert "Nothing found" in outcome.err


def test_verify_ends_with_3_where_the_index_differs_and_with_0_after_repair(
    cli: Cli, synced: str, home: Path
):
    assert cli("verify", synced).code == 0
    with closing(_stores(home)) as stores:
        import lancedb

        chunks = lancedb.connect(stores.settings.index_uri).open_table("chunks")
        chunks.delete("path = 'src/cart.py'")

    different = cli("verify", "--json")
    repaired = cli("verify", synced, "--repair")
    equal = cli("verify", synced)

    assert different.code == 3
    assert {each["key"] for each in different.json[0]["differences"]} == {"src/cart.py"}
    assert repaired.code in {0, 3}
    assert equal.code == 0


def test_status_counts_documents_as_table_json_and_csv(cli: Cli, synced: str):
    row = cli("status", "--json").json["sources"][0]
    table = cli("status").out.splitlines()
    rows = list(csv.DictReader(io.StringIO(cli("status", "--csv").out)))

    assert (row["source_id"], row["documents"], row["stale"]) == (synced, 3, "false")
    assert table[1].split("\t")[0] == synced
    assert [each["documents"] for each in rows] == ["3"]


def test_status_without_sources_is_an_empty_table_with_a_hint(cli: Cli):
    outcome = cli("status")

    assert outcome.code == 0
    assert outcome.out.startswith("source\t")
    assert "sources add" in outcome.err
    assert cli("status", "--json").json == {"sources": [], "budgets": []}


def test_failures_are_listed_tried_again_and_forgotten(cli: Cli, source_id: str, home: Path):
    _fail(home, source_id, "a.py", "b.py")

    listed = cli("failures", "list", source_id, "--json").json
    retried = cli("failures", "retry", source_id, "--key", "a.py", "--json").json
    cli("failures", "forget", "--key", "a.py")

    assert [each["key"] for each in listed] == ["a.py", "b.py"]
    assert [each["key"] for each in retried] == ["a.py"]
    assert retried[0]["next_try_at"] < listed[0]["next_try_at"]
    assert [each["key"] for each in cli("failures", "list", "--json").json] == ["b.py"]


def test_held_delete_is_listed_and_decided_once(cli: Cli, source_id: str, home: Path):
    with closing(_stores(home)) as stores:
        held = stores.approvals.hold(source_id, "files", "0" * 32, total=9, keys=["a.py", "b.py"])
    number = str(held.approval_id)

    assert "a.py, b.py" in cli("approve").out
    assert cli("approve", number, "--json").json[0]["state"] == "approved"
    assert cli("approve", number, "--reject").code == 2
    assert cli("approve", "--json").json == []


def test_removed_source_takes_its_documents_with_it(cli: Cli, synced: str):
    outcome = cli("sources", "remove", synced)

    assert outcome.code == 0
    assert cli("sources", "list", "--json").json == []
    assert cli("search", "refund", "--json").json["hits"] == []


def test_source_that_is_gone_fails_with_one_line_and_is_counted(
    cli: Cli, source_id: str, repository: Repository
):
    shutil.rmtree(repository.path)

    outcome = cli("sync", source_id)

    assert outcome.code == 1
    assert outcome.err.startswith("Error: ")
    assert len(outcome.err.splitlines()) == 1
    assert cli("sources", "show", source_id, "--json").json["failures_in_a_row"] == 1


def test_interrupted_sync_says_so_and_the_next_one_ends_equal(
    cli: Cli, source_id: str, repository: Repository
):
    repository.commit({f"src/f{n}.py": f"def f{n}():\n    return {n}\n" for n in range(300)})
    with subprocess.Popen([COMMAND, "sync", source_id], stderr=subprocess.PIPE, text=True) as sync:
        assert sync.stderr is not None
        first = sync.stderr.readline()
        sync.send_signal(signal.SIGINT)
        rest = sync.stderr.read()

    assert first.startswith("fetching documents: ")
    assert sync.returncode == 130
    assert rest.splitlines()[-1].startswith("Interrupted. What was committed stays")
    assert cli("sync", source_id).code == 0
    assert cli("verify", source_id).code == 0
