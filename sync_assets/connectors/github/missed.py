"""Which deliveries of a hook did not arrive, and what is to be done about each. Pure.

GitHub never sends one again by itself, and shows for three days what it sent.
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync_assets.connectors.github.hooks import LoggedDelivery
from sync_assets.connectors.github.webhook import EVENTS

MOST_TRIES: Final = 5
"""How often one is sent again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`again` are to be redelivered, the oldest first; `given_up` are past that. Everything before
    `read_until` is settled: the next reading begins there; None where nothing was ever sent.
    """

    again: Sequence[LoggedDelivery]
    given_up: Sequence[LoggedDelivery]
    read_until: datetime | None


def judge(
    log: Sequence[LoggedDelivery], stored: Collection[str], since: datetime | None
) -> Verdict:
    """Of a log that was read back to `since`. `stored` are delivery ids of the inbox: what GitHub
    takes for failed may have arrived, if the answer was late.
    """
    tries: dict[str, list[LoggedDelivery]] = {}
    for delivery in sorted(log, key=lambda each: (each.delivered_at, each.id)):
        if delivery.event in EVENTS:
            tries.setdefault(delivery.guid, []).append(delivery)
    missed = {
        guid: calls
        for guid, calls in tries.items()
        # Where the first call was before `since`, it was settled at an earlier reading.
        if not calls[0].redelivery
        and guid not in stored
        and not any(call.arrived for call in calls)
    }
    open_ = {guid: calls for guid, calls in missed.items() if len(calls) <= MOST_TRIES}
    given_up = [calls[-1] for guid, calls in missed.items() if guid not in open_]
    newest = max((each.delivered_at for each in log), default=since)
    read_until = min((calls[0].delivered_at for calls in open_.values()), default=newest)
    return Verdict([calls[-1] for calls in open_.values()], given_up, read_until)
