"""How the webhooks of every source stand: what waits, what came last, and the vendor's hook."""

from datetime import datetime

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.control.hooks import HookState
from sync_assets.models import Answer
from sync_assets.stores import Stores
from sync_assets.webhooks.addresses import has_secret


class WebhookStatus(Answer):
    """One source. Counts are of deliveries in the inbox, by state.

    `lag_seconds` is from the vendor's event to searchable, of the last one that is done.
    `hook_state` and what follows are as GitHub's log was last read; None where it is not read.
    """

    source_id: str
    has_secret: bool
    received: int
    claimed: int
    done: int
    failed: int
    oldest_waiting_at: datetime | None
    last_received_at: datetime | None
    lag_seconds: float | None
    hook_state: HookState | None
    hook_problem: str | None
    hook_checked_at: datetime | None
    redelivered: int
    given_up: int


def webhook_status(stores: Stores) -> list[WebhookStatus]:
    """Every source of a vendor that has webhooks, ordered by source."""
    counts = stores.inbox.standings()
    lags, hooks = stores.inbox.lags(), stores.hooks.all()
    rows: list[WebhookStatus] = []
    for source in stores.registry.all():
        if source.connector not in WEBHOOKS:
            continue
        mine = [each for each in counts if each.source_id == source.source_id]
        by_state = {each.state: each for each in mine}
        count = {state: each.count for state, each in by_state.items()}
        waiting, hook = by_state.get("received"), hooks.get(source.source_id)
        rows.append(
            WebhookStatus(
                source_id=source.source_id,
                has_secret=has_secret(stores, source.connector),
                received=count.get("received", 0),
                claimed=count.get("claimed", 0),
                done=count.get("done", 0) + count.get("superseded", 0),
                failed=count.get("failed", 0),
                oldest_waiting_at=None if waiting is None else waiting.oldest_at,
                last_received_at=max((each.newest_at for each in mine), default=None),
                lag_seconds=lags.get(source.source_id),
                hook_state=None if hook is None else hook.state,
                hook_problem=None if hook is None else hook.problem,
                hook_checked_at=None if hook is None else hook.checked_at,
                redelivered=0 if hook is None else hook.redelivered,
                given_up=0 if hook is None else hook.given_up,
            )
        )
    return rows
