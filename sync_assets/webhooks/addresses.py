"""Where vendors are to call us."""

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.errors import InvalidSettings
from sync_assets.models import Answer
from sync_assets.settings import Settings
from sync_assets.stores import Stores


class WebhookAddress(Answer):
    """Where a connector's vendor is to call us; without a secret its calls are refused."""

    connector: str
    url: str
    has_secret: bool


def address_of(settings: Settings, connector: str) -> str:
    """The address of a connector's webhooks. Raises InvalidSettings where nobody said under which
    name the receiver is reached.
    """
    if settings.public_url is None:
        raise InvalidSettings(
            "SYNC_ASSETS_PUBLIC_URL is empty: set it to the address under which vendors reach the"
            " receiver (a proxy's or a tunnel's that ends TLS), such as https://hooks.example.com"
        )
    return f"{str(settings.public_url).rstrip('/')}/webhooks/{connector}"


def addresses(stores: Stores) -> list[WebhookAddress]:
    """Of every vendor whose webhooks we understand. Raises InvalidSettings."""
    return [
        WebhookAddress(
            connector=name,
            url=address_of(stores.settings, name),
            has_secret=has_secret(stores, name),
        )
        for name in WEBHOOKS
    ]


def has_secret(stores: Stores, connector: str) -> bool:
    """Whether calls of that vendor can be accepted: by a setting, or by a key that it told."""
    if stores.settings.webhook_secrets(connector):
        return True
    return stores.handshakes.key(connector) is not None
