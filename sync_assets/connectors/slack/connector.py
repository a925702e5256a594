"""Slack: declarations. The threads and days of a channel."""

import re
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from sync_assets.connectors.base import Connector, Probe, Session, SourceSettings, Stream
from sync_assets.conversation import ANCHORS, anchor_at
from sync_assets.errors import InvalidSettings
from sync_assets.models import Document, Source
from sync_assets.settings import Settings

if TYPE_CHECKING:
    from sync_assets.connectors.slack.client import SlackClient
    from sync_assets.http.clients import HttpClients

RateTier = Literal["internal", "distributed"]
SCOPE_FORMAT = "a channel's id: C0123ABCD"
_SCOPE = re.compile(r"[CG][A-Z0-9]{2,20}")
CONVERSATIONS = Stream(
    name="conversations",
    stages=("conversations",),
    description="A document a thread; and one for each day's messages outside of threads.",
    sweep=timedelta(hours=24),
    batch_documents=1,  # a limit in the middle of a batch costs no thread that was read
)


class SlackSettings(SourceSettings):
    """`rate_tier` is how Slack limits the app: `internal` apps may call 50 times a minute,
    those that are distributed and not of the Marketplace once, for 15 messages.
    """

    rate_tier: RateTier = Field(
        default="internal", description="internal: 50 calls a minute; distributed: one."
    )


class Slack(Connector):
    """Channels of one workspace."""

    name = "slack"
    title = "Slack"
    scope_format = SCOPE_FORMAT
    streams = (CONVERSATIONS,)
    settings_model = SlackSettings

    def parse_scope(self, scope: str) -> str:
        text = scope.strip()
        if not _SCOPE.fullmatch(text):
            raise InvalidSettings(
                f"scope {scope!r}: slack needs {SCOPE_FORMAT}: it stands at the end of the"
                " channel's link, and below its details"
            )
        return text

    def link(self, source: Source, settings: Settings) -> str:  # noqa: ARG002 - the contract's
        return f"https://slack.com/app_redirect?channel={source.scope}"

    def lines_url(self, document: Document, start_line: int, end_line: int) -> str:  # noqa: ARG002 - the contract's
        anchors = document.metadata.get(ANCHORS)
        return anchor_at(document.text, anchors, start_line) or document.url

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: "HttpClients"
    ) -> Generator[Mapping[str, Session]]:
        from sync_assets.connectors.slack.session import ConversationsSession, DistributedSession

        client = _client(source, settings, http)
        session = DistributedSession if _tier(source) == "distributed" else ConversationsSession
        yield {stream: session(source, stream, client) for stream in streams}

    def probes(self, source: Source, settings: Settings, http: "HttpClients") -> Iterator[Probe]:
        from sync_assets.connectors.slack.probes import probes

        return probes(_client(source, settings, http), _tier(source))


def _tier(source: Source) -> RateTier:
    return SlackSettings.model_validate(source.settings).rate_tier


def _client(source: Source, settings: Settings, http: "HttpClients") -> "SlackClient":
    from sync_assets.connectors.slack.client import open_client

    if not settings.slack_token.get_secret_value():
        raise InvalidSettings(
            "SYNC_ASSETS_SLACK_TOKEN is not set: create an app of your workspace's own at"
            " https://api.slack.com/apps"
        )
    return open_client(settings, http, source.scope, _tier(source))
