"""Linear: declarations. The issues of a team, or of the whole workspace."""

import re
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sync_assets.connectors.base import Connector, Probe, Session, SourceSettings, Stream
from sync_assets.conversation import ANCHORS, anchor_at
from sync_assets.errors import InvalidSettings
from sync_assets.models import Document, Source
from sync_assets.settings import Settings

if TYPE_CHECKING:
    from sync_assets.connectors.linear.client import LinearClient
    from sync_assets.http.clients import HttpClients

SCOPE_FORMAT = "a team's key: ENG; or workspace, for all teams"
WORKSPACE: Final = "workspace"
"""The scope that is every team that the key may see."""
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ISSUES = Stream(
    name="issues",
    stages=("issues",),
    description="Issues with their comments, attachments and relations.",
    sweep=timedelta(hours=24),
)


class Linear(Connector):
    """One workspace, whose key we have."""

    name = "linear"
    title = "Linear"
    scope_format = SCOPE_FORMAT
    streams = (ISSUES,)
    settings_model = SourceSettings

    def parse_scope(self, scope: str) -> str:
        text = scope.strip()
        if text.lower() == WORKSPACE or _ID.fullmatch(text):
            return text.lower()
        if not _KEY.fullmatch(text):
            raise InvalidSettings(
                f"scope {scope!r}: linear needs {SCOPE_FORMAT}; a team's id will do"
            )
        return text.upper()

    def link(self, source: Source, settings: Settings) -> str:  # noqa: ARG002 - the contract's
        if not _KEY.fullmatch(source.scope) or source.scope == WORKSPACE:
            return "https://linear.app"
        return f"https://linear.app/team/{source.scope}/all"

    def lines_url(self, document: Document, start_line: int, end_line: int) -> str:  # noqa: ARG002 - the contract's
        anchors = document.metadata.get(ANCHORS)
        return anchor_at(document.text, anchors, start_line) or document.url

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: "HttpClients"
    ) -> Generator[Mapping[str, Session]]:
        from sync_assets.connectors.linear.session import IssuesSession

        client = _client(source, settings, http)
        yield {stream: IssuesSession(source, stream, client) for stream in streams}

    def probes(self, source: Source, settings: Settings, http: "HttpClients") -> Iterator[Probe]:
        from sync_assets.connectors.linear.probes import probes

        return probes(_client(source, settings, http))


def _client(source: Source, settings: Settings, http: "HttpClients") -> "LinearClient":
    from sync_assets.connectors.linear.client import Scope, open_client

    if not settings.linear_api_key.get_secret_value():
        raise InvalidSettings(
            "SYNC_ASSETS_LINEAR_API_KEY is not set: create one at"
            " https://linear.app/settings/account/security"
        )
    scope = Scope(None if source.scope == WORKSPACE else source.scope)
    return open_client(settings, http, scope)
