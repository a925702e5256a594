"""What an operator does at a vendor whose API makes no webhook for us. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sync_assets.connectors.github.webhook import HOOK_EVENTS

SLACK_EVENTS: Final = (
    "message.channels",
    "message.groups",
    "channel_rename",
    "channel_archive",
    "channel_unarchive",
    "channel_deleted",
    "channel_left",
    "group_left",
    "group_deleted",
    "channel_history_changed",
    "app_uninstalled",
    "tokens_revoked",
)
"""What a bot subscribes to; https://docs.slack.dev/reference/events."""


def steps_of(connector: str, url: str, *, closes_at: datetime | None = None) -> list[str]:
    """In their order. `closes_at` is when the window closes in which a vendor may tell its key."""
    return list(_STEPS[connector](url, closes_at))


def _github(url: str, _: datetime | None) -> tuple[str, ...]:
    return (
        "Open the repository's (or organization's) Settings > Webhooks > Add webhook",
        f"Payload URL: {url}",
        "Content type: application/json",
        "Secret: that of SYNC_ASSETS_GITHUB_WEBHOOK_SECRET",
        f"Let me select individual events: {', '.join(HOOK_EVENTS)}",
    )


def _vercel(url: str, _: datetime | None) -> tuple[str, ...]:
    return (
        "Open the team's Settings > Webhooks (Pro and Enterprise)",
        "Events: all of Deployment, and project.removed and project.renamed",
        f"Endpoint: {url}",
        "Set SYNC_ASSETS_VERCEL_WEBHOOK_SECRET to the secret, which is shown once",
        "Start the receiver again",
    )


def _linear(url: str, _: datetime | None) -> tuple[str, ...]:
    return (
        "Choose a secret for SYNC_ASSETS_LINEAR_WEBHOOK_SECRET, and with an administrator's key",
        "run this again: it makes the webhook. By hand, and for a private team:",
        "Open Settings > API > Webhooks > New webhook (administrators)",
        f"URL: {url}",
        "Events: issues, comments, attachments, reactions, issue labels, projects, cycles",
        "Set SYNC_ASSETS_LINEAR_WEBHOOK_SECRET to the signing secret",
        "Start the receiver again",
    )


def _slack(url: str, _: datetime | None) -> tuple[str, ...]:
    return (
        "Make the app from docs/connectors/slack-manifest.yaml, unless you have it",
        "Set SYNC_ASSETS_SLACK_WEBHOOK_SECRET to the Signing Secret of Basic Information",
        "Start the receiver again: Slack checks the address at once",
        f"Event Subscriptions > Enable Events > Request URL: {url}",
        f"Subscribe to bot events: {', '.join(SLACK_EVENTS)}",
        "Save, and reinstall the app where Slack asks for it",
    )


def _notion(url: str, closes_at: datetime | None) -> tuple[str, ...]:
    window = (
        ("Notion has told its key, or SYNC_ASSETS_NOTION_WEBHOOK_SECRET is set: nothing waits",)
        if closes_at is None
        else (f"Be done before {closes_at:%Y-%m-%d %H:%M:%S} UTC: until then a key is believed",)
    )
    return (
        *window,
        "Open your connection's page (notion.so/profile/integrations) > Webhooks > Create",
        f"Webhook URL: {url}",
        "Events: all of page, data source, database and comment",
        "Click Verify, and paste the key from HOME/webhook_keys/notion",
    )


_STEPS: Final[Mapping[str, Callable[[str, datetime | None], tuple[str, ...]]]] = {
    "github": _github,
    "vercel": _vercel,
    "linear": _linear,
    "slack": _slack,
    "notion": _notion,
}
