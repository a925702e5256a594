"""`make live`: the real vendors, asked a few read-only things, against what the sandbox claims.

For each connector with a scope in SYNC_ASSETS_LIVE_<CONNECTOR>_SCOPE, and a token in its usual
setting, the probes of `sources check` run twice: at the vendor, and at the sandbox with the demo's
world. A report in HOME/live says where the shapes, headers and limits of the answers differ. It
holds names, types and limits, and no other value; nothing else is written.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sync_assets.access import AccessCheck, checked
from sync_assets.cli.output import note, print_line
from sync_assets.cli.services import LOOPBACK
from sync_assets.cli.shapes import Comparison, Exchange, compare, exchange
from sync_assets.connectors.base import Connector
from sync_assets.connectors.catalog import CONNECTORS
from sync_assets.errors import InvalidSettings, SyncAssetsError
from sync_assets.http.clients import HttpClients
from sync_assets.http.policy import rules_of
from sync_assets.models import Source
from sync_assets.settings import PREFIX, Settings, load_settings

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.credentials import Credential
    from sync_assets.http.dialect import Dialect


_APP = "github_app_"
"""Settings that the sandbox's token stands in for."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A probe's outcome, and the calls that it took."""

    check: AccessCheck
    exchanges: Sequence[Exchange]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one connector; `refused` is why nothing could be tried."""

    connector: str
    trials: Sequence[Trial] = ()
    compared: Sequence[tuple[Exchange, Comparison]] = ()
    refused: str | None = None


class ObservedClients(HttpClients):
    """Clients whose good answers are noted, by shape."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(rules=rules_of(settings))
        self.seen: list[Exchange] = []

    def client(self, dialect: "Dialect", base_url: str, credential: "Credential") -> "httpx.Client":
        client = super().client(dialect, base_url, credential)
        client.event_hooks = {"response": [self._note]}
        return client

    def _note(self, response: "httpx.Response") -> None:
        is_json = "json" in response.headers.get("content-type", "")
        self.seen.append(
            exchange(
                response.request.method,
                response.request.url.path,
                response.status_code,
                response.json() if is_json else None,
                response.headers,
            )
        )


def scopes(environ: Mapping[str, str]) -> dict[str, str]:
    """Connector -> scope, of those that are to be asked."""
    named = {name: environ.get(scope_setting(name), "") for name in CONNECTORS}
    return {name: scope for name, scope in named.items() if scope}


def scope_setting(connector: str) -> str:
    """The variable that names a connector's scope."""
    return f"{PREFIX}LIVE_{connector.upper()}_SCOPE"


def examine(
    wanted: Mapping[str, str], settings: Settings, claimed: Mapping[str, str], sandbox: Settings
) -> Iterator[Finding]:
    """One finding a connector. `claimed` and `sandbox`: scopes and settings of the sandbox."""
    for name, scope in wanted.items():
        try:
            trials = _tried(CONNECTORS[name], scope, settings)
        except InvalidSettings as error:
            yield Finding(name, refused=str(error))
            continue
        claims = _tried(CONNECTORS[name], claimed[name], sandbox) if name in claimed else []
        yield Finding(name, trials, _compared(trials, claims))


def report(findings: Sequence[Finding], at: datetime) -> str:
    """The findings as markdown."""
    lines = [f"# Vendors and the sandbox, {at:%Y-%m-%d %H:%M} UTC"]
    for finding in findings:
        lines += ["", f"## {CONNECTORS[finding.connector].title}", ""]
        if finding.refused:
            lines += [f"Not tried: {finding.refused}"]
        for trial in finding.trials:
            outcome = {True: "ok", False: "refused", None: "not answered"}[trial.check.passed]
            needs = f" Grant {trial.check.needs}." if trial.check.needs else ""
            lines.append(f"- {trial.check.name}: {outcome}.{needs}")
        for vendor, comparison in finding.compared:
            lines += ["", f"### `{vendor.called}` ({vendor.status})", ""]
            lines += _differences(comparison) or ["As the sandbox claims."]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Ask, compare, write the report. 1 where the vendor contradicts the sandbox, or refuses."""
    settings, wanted = load_settings(), scopes(os.environ)
    if not wanted:
        names = ", ".join(scope_setting(name) for name in CONNECTORS)
        print_line("Nothing is asked: name what may be read, and set each vendor's token.")
        print_line(f"Scopes: {names} (as in `sync-assets sources add`).")
        return 0
    try:
        findings = _against_the_sandbox(wanted, settings)
    except SyncAssetsError as error:
        note(f"Error: {error}", style="red")
        return 1
    now = datetime.now(UTC)
    path = settings.home / "live" / f"{now:%Y-%m-%dT%H%M%S}.md"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(report(findings, now), "utf-8")
    print_line(f"The report is {path}")
    return 0 if all(map(_is_good, findings)) else 1


def _against_the_sandbox(wanted: Mapping[str, str], settings: Settings) -> list[Finding]:
    from sync_assets.sandbox.access import PUBLIC_READER
    from sync_assets.sandbox.demo_world import build_demo_world, client_settings, demo_sources
    from sync_assets.sandbox.server import running_sandbox

    with (
        tempfile.TemporaryDirectory(prefix="sync-assets-live-") as folder,
        running_sandbox(Path(folder) / "served", tokens=PUBLIC_READER) as running,
    ):
        build_demo_world(running)
        there = {name.lower(): value for name, value in client_settings(running.url).items()}
        fields = Settings.model_fields.items()
        app = {name: field.get_default() for name, field in fields if name.startswith(_APP)}
        sandbox = Settings.model_validate({"home": Path(folder) / "home", **app, **there})
        return [*examine(wanted, settings, dict(demo_sources(running)), sandbox)]


def _tried(connector: Connector, scope: str, settings: Settings) -> list[Trial]:
    """Each probe, with the calls that it made."""
    options = connector.settings_model.model_validate(connector.defaults(settings))
    known = connector.parse_scope(scope)
    source = Source(
        source_id=f"{connector.name}:{known}",
        connector=connector.name,
        scope=known,
        identity=known,
        settings=options.model_dump(mode="json"),
        cron=connector.default_cron,
        status="active",
        generation=1,
        created_at=datetime.now(UTC),
    )
    http, trials = ObservedClients(settings), list[Trial]()
    try:
        for probe in connector.probes(source, settings, http):
            http.seen.clear()
            check = checked(probe)
            trials.append(Trial(check, [*http.seen]))
    finally:
        http.close()
    return trials


def _compared(
    trials: Sequence[Trial], claims: Sequence[Trial]
) -> list[tuple[Exchange, Comparison]]:
    """The calls of each probe with those of the same probe at the sandbox, in their order."""
    claimed = {trial.check.name: trial.exchanges for trial in claims}
    return [
        (vendor, compare(vendor, sandbox))
        for trial in trials
        for vendor, sandbox in zip(trial.exchanges, claimed.get(trial.check.name, ()), strict=False)
    ]


def _differences(comparison: Comparison) -> list[str]:
    said = {
        "another type": comparison.differ,
        "a header that the sandbox claims and the vendor lacks": comparison.headers_unseen,
        "a header that the sandbox lacks": comparison.headers_unclaimed,
        "a limit": comparison.limits,
        "a field not seen at the vendor": comparison.unseen,
        "a field that the sandbox lacks": comparison.unclaimed,
    }
    return [f"- {what}: {each}" for what, found in said.items() for each in found]


def _is_good(finding: Finding) -> bool:
    refused = finding.refused or any(trial.check.passed is False for trial in finding.trials)
    return not refused and not any(found.contradicts for _, found in finding.compared)


def _keep_loopback_from_proxies() -> None:
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), LOOPBACK)))


if __name__ == "__main__":
    _keep_loopback_from_proxies()
    sys.exit(main())
