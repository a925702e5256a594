"""Where vendors are to call us."""

from sync_assets.errors import InvalidSettings
from sync_assets.settings import Settings


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
