"""Where the receiver listens, and what it must have to listen there."""

import ipaddress
import socket

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.control.handshakes import told_key
from sync_assets.errors import InvalidSettings
from sync_assets.settings import PREFIX, Settings


def listener(settings: Settings) -> socket.socket:
    """A socket that callers may connect to from now on; InvalidSettings where there is none."""
    check_token(settings)
    host, port = settings.server_host, settings.server_port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise InvalidSettings(
            f"Webhooks cannot be received at {host}, port {port} ({error.strerror}): set"
            f" {PREFIX}SERVER_HOST or {PREFIX}SERVER_PORT"
        ) from None
    # Else the body of each answer waits 40 ms for an acknowledgement of its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def check_token(settings: Settings) -> None:
    """InvalidSettings where others than this machine could read the metrics."""
    if not _is_loopback(settings.server_host) and not settings.server_token.get_secret_value():
        raise InvalidSettings(
            f"{PREFIX}SERVER_HOST is {settings.server_host}, which others can reach: set"
            f" {PREFIX}SERVER_TOKEN too, or /metrics would be theirs"
        )


def url_of(host: str, port: int) -> str:
    """The address of a server there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def refusal(settings: Settings) -> str | None:
    """Whose webhooks are refused, because nothing tells theirs from others', as one line."""
    refused = [
        name
        for name in WEBHOOKS
        if not settings.webhook_secrets(name) and told_key(settings.home, name) is None
    ]
    if not refused:
        return None
    names = ", ".join(f"{PREFIX}{name.upper()}_WEBHOOK_SECRET" for name in refused)
    return f"Webhooks of {', '.join(refused)} are refused until you set {names}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
