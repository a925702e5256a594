"""Vercel: declarations. Deployments of a project or of a whole team, with their build logs."""

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from sync_assets.connectors.base import Connector, Event, Probe, Session, SourceSettings, Stream
from sync_assets.connectors.vercel.facts import ended
from sync_assets.connectors.vercel.scope import SCOPE_FORMAT, scope_of
from sync_assets.errors import InvalidSettings
from sync_assets.models import Source
from sync_assets.settings import Settings

if TYPE_CHECKING:
    from sync_assets.connectors.vercel.client import VercelClient
    from sync_assets.http.clients import HttpClients

DEPLOYMENTS = Stream(
    name="deployments",
    stages=("deployments",),
    description="Deployments with their build logs; and, a document a project, the names of its "
    "environment variables.",
    sweep=timedelta(hours=24),
    tells=Event(
        "deployment_indexed",
        "A deployment came to an end, ready, failed or cancelled, and is searchable with its log.",
        ended,
    ),
)


class VercelSettings(SourceSettings):
    """Nothing is to be set for a source."""


class Vercel(Connector):
    """Projects of one account or team."""

    name = "vercel"
    title = "Vercel"
    scope_format = SCOPE_FORMAT
    streams = (DEPLOYMENTS,)
    settings_model = VercelSettings

    def parse_scope(self, scope: str) -> str:
        return str(scope_of(scope))

    def link(self, source: Source, settings: Settings) -> str:  # noqa: ARG002 - the contract's
        scope = scope_of(source.scope)
        parts = [part for part in (scope.team, scope.project) if part]
        return f"https://vercel.com/{quote('/'.join(parts))}"

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: "HttpClients"
    ) -> Generator[Mapping[str, Session]]:
        from sync_assets.connectors.vercel.session import DeploymentsSession

        client = _client(source, settings, http)
        yield {stream: DeploymentsSession(source, stream, client) for stream in streams}

    def probes(self, source: Source, settings: Settings, http: "HttpClients") -> Iterator[Probe]:
        from sync_assets.connectors.vercel.probes import probes

        return probes(_client(source, settings, http))


def _client(source: Source, settings: Settings, http: "HttpClients") -> "VercelClient":
    from sync_assets.connectors.vercel.client import open_client

    if not settings.vercel_token.get_secret_value():
        raise InvalidSettings(
            "SYNC_ASSETS_VERCEL_TOKEN is not set: create one at"
            " https://vercel.com/account/settings/tokens"
        )
    return open_client(settings, http, scope_of(source.scope))
