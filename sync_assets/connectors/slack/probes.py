"""What a channel's sync takes of its app's token."""

from collections.abc import Iterator

from sync_assets.connectors.base import Probe
from sync_assets.connectors.slack.client import SlackClient


def probes(client: SlackClient) -> Iterator[Probe]:
    """One call each."""

    def token() -> str:
        return f"a token of {client.auth_test().url}"

    def channel() -> str:
        return f"#{client.info().name}"

    def messages() -> str:
        page = client.history(1)
        hidden = "; the plan hides older ones" if page.is_limited else ""
        return ("messages are there" if page.messages else "no message yet") + hidden

    def members() -> str:
        return "names are read" if next(client.users(), None) else "no member is shown"

    yield Probe("token", "a bot token (xoxb-) of an app installed in the workspace", token)
    yield Probe("channel", "the scope channels:read, groups:read for a private one", channel)
    yield Probe(
        "messages",
        "the scope channels:history, groups:history for a private one; and the bot in the channel",
        messages,
    )
    yield Probe("members", "the scope users:read", members)
