"""What webhooks tell us of a vendor's world in the sandbox, without the way to our receiver."""

import json
from collections.abc import Mapping
from typing import Any

from sync_assets.connectors.base import Hint
from sync_assets.connectors.webhook import Event
from sync_assets.connectors.webhook_catalog import WEBHOOKS


class Hearing:
    """`hints` are of the events since they were last taken, as our parser reads them."""

    def __init__(self, vendor: str) -> None:
        self._webhook = WEBHOOKS[vendor]
        self._hints: list[Hint] = []
        self.count = 0

    def hear(self, payload: Mapping[str, Any]) -> None:
        """One call's body."""
        self.count += 1
        parsed = self._webhook.parse({}, json.dumps(payload).encode())
        assert isinstance(parsed, Event)
        self._hints.append(parsed.hints)

    def taken(self) -> list[Hint]:
        """Of what happened since the last time."""
        hints, self._hints = self._hints, []
        return hints
