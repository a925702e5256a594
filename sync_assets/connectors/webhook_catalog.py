"""The vendors whose webhooks we understand; a connector need not exist yet for its webhook to."""

from collections.abc import Mapping
from types import MappingProxyType

from sync_assets.connectors.github.webhook import GitHubWebhook
from sync_assets.connectors.linear.webhook import LinearWebhook
from sync_assets.connectors.notion.webhook import NotionWebhook
from sync_assets.connectors.slack.webhook import SlackWebhook
from sync_assets.connectors.vercel.webhook import VercelWebhook
from sync_assets.connectors.webhook import Webhook

WEBHOOKS: Mapping[str, Webhook] = MappingProxyType(
    {
        webhook.name: webhook
        for webhook in (
            GitHubWebhook(),
            VercelWebhook(),
            LinearWebhook(),
            NotionWebhook(),
            SlackWebhook(),
        )
    }
)
