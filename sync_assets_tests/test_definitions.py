import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import dagster as dg
import pytest

from sync_assets.definitions import defs
from sync_assets.index.schema import TABLES, table_schema
from sync_assets.pipeline.columns import CHUNKS, DOCUMENTS, LINKS, LISTINGS

ROOT = Path(__file__).parents[1]
HEAVY = [
    "gql", "httpx", "jwt", "lance", "lancedb", "onnxruntime", "openai", "pandas", "pyarrow",
    "slack_sdk", "stamina", "tokenizers", "tree_sitter",
]  # fmt: skip
LOAD = f"""
import sys
from sync_assets.definitions import defs
from sync_assets.pipeline.instance import packaged_configuration
import sync_assets
loaded = defs()
assert "run_queue" in packaged_configuration()
print(sync_assets.__file__)
print(sorted(job.name for job in loaded.resolve_all_job_defs()))
print([name for name in {HEAVY} if name in sys.modules])
"""


def test_every_asset_has_its_place():
    keys = sorted(key.to_user_string() for key in defs().resolve_all_asset_keys())

    assert keys == [
        "git/file_contents",
        "git/repo_tree",
        "github/file_contents",
        "github/issues",
        "github/pull_requests",
        "github/repo_tree",
        "linear/issues",
        "notion/pages",
        "search_index/git_files",
        "search_index/github_files",
        "search_index/github_issues",
        "search_index/github_pull_requests",
        "search_index/linear_issues",
        "search_index/maintenance",
        "search_index/notion_pages",
        "search_index/slack_conversations",
        "search_index/vercel_deployments",
        "slack/conversations",
        "vercel/deployment_indexed",
        "vercel/deployments",
    ]


def test_the_index_of_a_stream_depends_on_its_documents_and_those_on_its_listing():
    graph = defs().resolve_asset_graph()

    def parents(*path: str) -> list[str]:
        return sorted(key.to_user_string() for key in graph.get(dg.AssetKey(path)).parent_keys)

    assert parents("search_index", "github_files") == ["github/file_contents"]
    assert parents("github", "file_contents") == ["github/repo_tree"]
    assert parents("search_index", "github_issues") == ["github/issues"]
    assert parents("github", "issues") == []
    assert parents("vercel", "deployment_indexed") == ["search_index/vercel_deployments"]
    assert parents("search_index", "maintenance") == [
        "search_index/git_files",
        "search_index/github_files",
        "search_index/github_issues",
        "search_index/github_pull_requests",
        "search_index/linear_issues",
        "search_index/notion_pages",
        "search_index/slack_conversations",
        "search_index/vercel_deployments",
    ]


def test_jobs_schedules_and_sensors_are_these_and_run_by_default():
    loaded = defs()
    repository = loaded.get_repository_def()

    assert sorted(repository.job_names) == [
        "__ASSET_JOB",
        "maintain_index",
        "redeliver_missed",
        "register_source",
        "remove_source",
        "rename_source",
        "report_freshness",
        "sync_git",
        "sync_github",
        "sync_linear",
        "sync_notion",
        "sync_slack",
        "sync_vercel",
        "trigger_deployment",
        "verify_git",
        "verify_github",
        "verify_linear",
        "verify_notion",
        "verify_slack",
        "verify_vercel",
    ]
    assert sorted(each.name for each in repository.schedule_defs) == [
        "index_maintenance",
        "missed_deliveries",
        "nightly_verify_git",
        "nightly_verify_github",
        "nightly_verify_linear",
        "nightly_verify_notion",
        "nightly_verify_slack",
        "nightly_verify_vercel",
        "reconcile_git",
        "reconcile_github",
        "reconcile_linear",
        "reconcile_notion",
        "reconcile_slack",
        "reconcile_vercel",
    ]
    assert sorted(each.name for each in repository.sensor_defs) == [
        "alerts",
        "due_sources",
        "freshness",
        "registry_sync",
        "reindex",
        "retry_failures",
        "run_failed",
        "run_succeeded",
        "webhook_inbox",
    ]
    assert {each.default_status.value for each in repository.schedule_defs} == {"RUNNING"}
    assert {each.default_status.value for each in repository.sensor_defs} == {"RUNNING"}


def test_the_definitions_are_loadable_and_every_asset_says_what_it_is():
    loaded = defs()

    dg.Definitions.validate_loadable(loaded)
    for spec in loaded.resolve_all_asset_specs():
        assert spec.description
        assert spec.owners
        assert spec.kinds
        assert spec.group_name in {
            "github",
            "git",
            "linear",
            "notion",
            "slack",
            "vercel",
            "search_index",
        }


def test_a_changed_chunker_or_model_shows_as_stale(monkeypatch: pytest.MonkeyPatch):
    def version(embedder: str) -> str | None:
        monkeypatch.setenv("SYNC_ASSETS_EMBEDDER", embedder)
        graph = defs().resolve_asset_graph()
        return graph.get(dg.AssetKey(["search_index", "git_files"])).code_version

    assert version("hash") != version("local")
    assert "chunker" in (version("hash") or "")


def test_the_columns_shown_are_the_columns_stored():
    shown = {table.name: list(table.columns) for table in (LISTINGS, DOCUMENTS, LINKS, CHUNKS)}

    assert shown == {
        name: table_schema(name, owner="", fingerprint="", dimensions=1).names for name in TABLES
    }


def test_loading_reads_no_token_and_imports_nothing_heavy(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_the_definitions_load_from_an_installed_wheel(tmp_path: Path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(site)], check=True)
    # -S: without it the development environment would put the source tree on the path.
    packages = sysconfig.get_paths()["purelib"]

    done = subprocess.run(
        [sys.executable, "-S", "-c", LOAD],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{site}{os.pathsep}{packages}"},
        capture_output=True,
        text=True,
        check=True,
    )

    place, jobs, heavy = done.stdout.splitlines()
    assert Path(place).is_relative_to(site)
    assert "sync_github" in jobs
    assert heavy == "[]"
