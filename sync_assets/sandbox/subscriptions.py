"""Who is told of a vendor's events where the vendor has no API for it, as the vendor signs them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync_assets.sandbox.post import Letter, Post

Sign = Callable[[bytes, str, datetime], dict[str, str]]
"""The body, the secret and the time of sending -> headers."""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Addresses with their secrets. `signature` names the header that holds it."""

    post: Post
    clock: Callable[[], datetime]
    sign: Sign
    signature: str
    _known: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, url: str, secret: str) -> None:
        """From now on every event is told there."""
        self._known[url] = secret

    def tell(self, payload: Mapping[str, object]) -> None:
        """Send it to all."""
        body = json.dumps(payload, separators=(",", ":")).encode()
        for url, secret in self._known.items():
            headers = {"Content-Type": "application/json"} | self.sign(body, secret, self.clock())
            self.post.send(Letter(url, headers, body, self.signature))
