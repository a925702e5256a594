"""What a channel's sync takes of its app's token."""

from collections.abc import Iterator

from sync_assets.connectors.base import Probe
from sync_assets.connectors.slack.client import SlackClient
from sync_assets.connectors.slack.dialect import RateTier
from sync_assets.connectors.slack.duration import PACES, estimated


def probes(client: SlackClient, tier: RateTier) -> Iterator[Probe]:
    """A call or two each. That of messages says how long a first sync will take."""
    pace = PACES[tier]

    def token() -> str:
        return f"a token of {client.auth_test().url}"

    def channel() -> str:
        return f"#{client.info().name}"

    def messages() -> str:
        page = client.history(pace.page)
        count, threads = estimated(page, client.info().created)
        about = "about " if page.has_more else ""
        hidden = "; the plan hides older ones" if page.is_limited else ""
        rate = f"{pace.calls_a_minute} call{'s' * (pace.calls_a_minute > 1)} a minute"
        return (
            f"{about}{count:,} messages, {threads:,} with threads{hidden}: a first sync, and each"
            f" day's complete listing, take some {_time(pace.minutes(count, threads))} at {rate}"
        )

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


def _time(minutes: int) -> str:
    if minutes < 2 * 60:
        return f"{minutes} min"
    return f"{minutes / 60:,.0f} hours" if minutes < 3 * 24 * 60 else f"{minutes / 1_440:,.0f} days"
