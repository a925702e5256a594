"""`up` and `demo` as a user runs them: real processes, real ports, real signals."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync_assets.cli.answers import DemoReport
from sync_assets.cli.demonstration import print_searches
from sync_assets.control.inbox import ENDED
from sync_assets.hits import Hit, LinkedDocument
from sync_assets.sandbox.access import SANDBOX_TOKEN
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.search import search
from sync_assets.settings import load_settings
from sync_assets.stores import Stores, open_stores
from sync_assets.webhooks.setup import set_up
from sync_assets_tests.cli.conftest import Cli
from sync_assets_tests.waiting import wait
from sync_assets_tests.webhooks.conftest import SECRET, TOKEN

COMMAND = Path(sys.executable).with_name("sync-assets")


@contextmanager
def _started(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """A command in a session of its own; whatever it leaves running is killed at the end."""
    with subprocess.Popen(
        [COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _next_json(process: subprocess.Popen[str]) -> Any:  # noqa: ANN401 - whatever it printed
    """The JSON value that a running command prints."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line in {"}\n", "]\n"}:
            return json.loads(text)
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


def _endpoints(up: subprocess.Popen[str]) -> dict[str, str]:
    """The addresses that `up --json` prints, by name."""
    return {endpoint["name"]: endpoint["url"] for endpoint in _next_json(up)}


def _processes_of(home: Path) -> list[str]:
    """The command lines of the processes that work on this HOME (Linux)."""
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"DAGSTER_HOME={home}/dagster".encode() in environ and command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def test_up_serves_the_ui_refuses_a_second_one_and_leaves_no_process_behind(
    home: Path, cli: Cli, shop: Sandbox
):
    """Meanwhile a push, a comment and a merge at GitHub are each found by search after their
    webhooks.
    """
    with _started("up", "--port", "0", "--json") as up:
        urls = _endpoints(up)
        answer = httpx.post(f"{urls['dagster']}/graphql", json={"query": "{ version }"}).json()
        second = cli("up", "--port", "0")
        registered = cli("sources", "add", "github", "acme/shop")
        _happen_and_are_found(shop, urls["webhooks"].removesuffix("/webhooks"))
        alive = _processes_of(home)
        up.send_signal(signal.SIGTERM)
        _, notes = up.communicate(timeout=60)

    assert "version" in answer["data"]
    assert (second.code, len(second.err.splitlines())) == (1, 1)
    assert "already" in second.err
    assert "Nothing runs" not in registered.err
    assert "Webhooks of vercel, linear, notion, slack are refused" in notes
    assert len(alive) >= 4
    assert up.returncode == 0
    assert "Stopped." in notes
    assert _processes_of(home) == []


@pytest.fixture
def shop(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    """A GitHub with the repository `acme/shop`, an issue and a pull request, and settings that lead
    there.
    """
    with running_sandbox(tmp_path / "served", tokens={TOKEN: ("acme/*",)}) as sandbox:
        for name, value in {
            "GITHUB_WEB_URL": sandbox.url,
            "GITHUB_API_URL": f"{sandbox.url}/api/v3",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_WEBHOOK_SECRET": SECRET,
        }.items():
            monkeypatch.setenv(f"SYNC_ASSETS_{name}", value)
        repository = sandbox.repositories.create("acme/shop")
        repository.commit({"README.md": "# Shop\n\nA shop for tea.\n"})
        tracker = sandbox.trackers.of(repository)
        tracker.open_issue("The lamp is dark", "It was bright yesterday.")
        tracker.open_pull("Light the lamp", "A new bulb.")
        yield sandbox


def _happen_and_are_found(shop: Sandbox, public_url: str) -> None:
    settings = load_settings().model_copy(update={"public_url": public_url})
    with closing(open_stores(settings)) as stores:
        _found(stores, shop)


def _found(stores: Stores, shop: Sandbox) -> None:
    assert [each.outcome for each in set_up(stores, "github:acme/shop")] == ["created"]
    wait(lambda: sum(each.verified_at is not None for each in stores.cursors.all()) == 3, "a sync")
    tracker = shop.trackers.of("acme/shop")
    commit = shop.repositories.get("acme/shop").commit({"refunds.md": "# Refunds\n\nForty days.\n"})
    tracker.comment(1, "The zirconium filament has burnt through.")
    tracker.merge(2)
    shop.post.drain()

    def best(query: str) -> str:
        hits = search(stores, query, mode="text", limit=1).hits
        return f"{hits[0].url} {hits[0].text}" if hits else ""

    wait(lambda: f"/blob/{commit}/refunds.md" in best("refunds forty days"), "the push")
    wait(lambda: "zirconium" in best("zirconium filament"), "the comment")
    wait(lambda: "merged" in best("Pull request #2 merged bulb"), "the merge")
    wait(lambda: all(each.state in ENDED for each in stores.inbox.newest()), "every end")
    assert {each.kind: each.state for each in stores.inbox.newest()} == {
        "push": "done",
        "issue_comment.created": "done",
        "pull_request.closed": "done",
    }
    assert {*stores.inbox.lags()} == {"github:acme/shop"}


def test_up_on_a_port_that_is_taken_names_the_port(home: Path, cli: Cli):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        outcome = cli("up", "--port", str(port))

    assert outcome.code == 2
    assert f"Port {port}" in outcome.err.splitlines()[-1]


def test_up_on_a_receivers_port_that_is_taken_names_its_setting(
    home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("SYNC_ASSETS_SERVER_PORT", str(other.getsockname()[1]))
        outcome = cli("up", "--port", "0")

    assert outcome.code == 2
    assert "SYNC_ASSETS_SERVER_PORT" in outcome.err.splitlines()[-1]


def test_sandbox_serves_the_demo_repository_and_its_issues_until_it_is_stopped(home: Path):
    with _started("sandbox", "--port", "0", "--json") as sandbox:
        url = _next_json(sandbox)["url"]
        refs = subprocess.run(
            ["git", "ls-remote", f"{url}/acme/storefront.git"], capture_output=True, check=True
        )
        api = f"{url}/api/v3/repos/acme/storefront/issues/9"
        issue = httpx.get(api, headers={"Authorization": f"Bearer {SANDBOX_TOKEN}"})
        sandbox.send_signal(signal.SIGINT)
        sandbox.communicate(timeout=30)

    assert b"refs/heads/main" in refs.stdout
    assert "iPhone" in issue.json()["title"]
    assert sandbox.returncode == 0


def test_demo_finds_the_pushed_change_and_the_comment_as_the_readme_shows(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    # The real model: the `hash` embedder has no meaning to search by.
    own = {"SYNC_ASSETS_EMBEDDER": "local", "SYNC_ASSETS_INDEX_URI": str(home / "not-the-demos")}
    done = subprocess.run(
        [COMMAND, "demo", "--once", "--json"],
        capture_output=True,
        text=True,
        env=os.environ | own,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    report = DemoReport.model_validate_json(done.stdout)
    _, followed, deployed, pushed, said = [answer.hits[0] for answer in report.searches]
    assert report.commit in pushed.url
    assert said.url == report.comment
    before = {hit.chunk_id for answer in report.before for hit in answer.hits}
    assert not before & {pushed.chunk_id, said.chunk_id}
    assert {hit.stale for answer in report.searches for hit in answer.hits} == {"false"}
    ways = [(each.kind, each.stream) for each in followed.linked[:2]]
    assert ways == [("touches", "pull_requests"), ("closes", "issues")]
    assert deployed.source_id == "vercel:acme/*"
    thread = next(each for each in deployed.linked if each.hop == 3 and "slack" in each.source_id)
    ticket, pull = _way_to(thread, deployed)
    assert (ticket.source_id, pull.stream) == ("linear:SHOP", "pull_requests")
    assert not (home / "not-the-demos").exists()
    assert _processes_of(home / "demo") == []

    print_searches(report.searches, max(hit.indexed_at for hit in (pushed, said)))
    printed = map(_shape, [*done.stderr.splitlines(), *capsys.readouterr().out.splitlines()])
    assert set(map(_shape, _demo_of_the_readme())) - set(printed) == set()


def _way_to(linked: LinkedDocument, hit: Hit) -> list[LinkedDocument]:
    """What stands between, the nearest to the linked document first."""
    known = {each.document_id: each for each in hit.linked}
    way: list[LinkedDocument] = []
    while linked.via in known:
        linked = known[linked.via]
        way.append(linked)
    return way


def _demo_of_the_readme() -> list[str]:
    """What it says the demo prints."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("$ make demo ")[2].partition("$ make test ")[0]
    left_out = {"", "...", "Ctrl-C stops everything."}
    return [line for line in shown.splitlines()[1:] if line not in left_out]


def _shape(line: str) -> str:
    """Without what differs from run to run: times, ports, ids."""
    line = re.sub(r"^\[ +", "[", re.sub(r"\d+ \w+ ago", "0 s ago", line))
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*(-[0-9a-f]+)*", "0", " ".join(line.split()))


@pytest.mark.chaos
def test_sync_that_stopped_with_up_is_ended_by_the_next_up(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDER", "local")  # half a minute for these files
    files = {f"src/f{n}.py": f"def f{n}(x):\n    return x + {n}\n" * 3 for n in range(400)}
    with running_sandbox(tmp_path / "git") as sandbox:
        sandbox.repositories.create("acme/big").commit(files)
        monkeypatch.setenv("SYNC_ASSETS_GITHUB_WEB_URL", sandbox.url)
        cli("sources", "add", "github", "acme/big")
        with _started("up", "--port", "0", "--json") as up:
            _next_json(up)
            wait(lambda: cli("status", "--json").json["sources"][0]["documents"] > 0)
            up.send_signal(signal.SIGTERM)
            up.communicate(timeout=60)
        between = cli("status", "--json").json["sources"][0]
        with _started("up", "--port", "0", "--json") as up:
            _next_json(up)
            wait(lambda: cli("status", "--json").json["sources"][0]["stale"] == "false")
        verified = cli("verify")

    assert between["verified_at"] is None
    assert verified.code == 0
