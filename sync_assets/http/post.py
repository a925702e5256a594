"""A POST to an address that is itself the secret: an incoming webhook."""

import httpx
from pydantic import JsonValue, SecretStr

from sync_assets.control.database import Clock
from sync_assets.errors import UnexpectedPayload
from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import ANONYMOUS
from sync_assets.http.dialect import standard_error
from sync_assets.http.plain import Plain
from sync_assets.http.public import called, origin

_JUDGED_HERE = (301, 302, 303, 307, 308, 429)
"""A redirected POST would become a GET, and be taken for well done; and whoever has something to
tell waits in its own way.
"""


def post_json(
    http: HttpClients, url: SecretStr, payload: JsonValue, *, clock: Clock, timeout_seconds: float
) -> None:
    """Once. Raises SourceError where the answer is not 2xx; no message shows more than the host."""
    target = url.get_secret_value()
    client = http.client(Plain("webhook"), origin(httpx.URL(target)), ANONYMOUS)
    extensions = {"secret_path": True, "accept": _JUDGED_HERE}
    response = client.post(target, json=payload, timeout=timeout_seconds, extensions=extensions)
    if response.is_success:
        return
    moved = f"{called(response.request)}: HTTP {response.status_code}: set the address it leads to"
    raise standard_error(response, clock()) or UnexpectedPayload(moved)
