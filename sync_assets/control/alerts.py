"""What people are to be told of each source, and through which channels they were.

A source's alert is written in the transaction that changes its status, so that none is lost and
none comes twice; a newer one takes its place.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from sync_assets.control.database import ControlDatabase, insert_into
from sync_assets.control.schema import alert_channels, alerts
from sync_assets.models import AlertEvent


@dataclass(frozen=True, slots=True)
class Alert:
    """The latest of a source. `since` is when it went into `error`, `at` when the event was;
    `told` are the channels that have it.
    """

    source_id: str
    event: AlertEvent
    message: str
    since: datetime
    at: datetime
    told: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ChannelState:
    """Before `next_at` the channel is left alone."""

    next_at: datetime
    failures_in_a_row: int


def went_into_error(connection: Connection, source_id: str, message: str, at: datetime) -> None:
    """To be said with the change of the source's status."""
    nobody: list[str] = []
    values = {"event": "error", "message": message, "since": at, "at": at, "told": nobody}
    insert = insert_into(connection, alerts).values(source_id=source_id, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["source_id"], set_=values))


def is_well_again(connection: Connection, source_id: str, at: datetime) -> None:
    """As above; of a source that was in `error`, even if it was resumed since."""
    in_error = (alerts.c.source_id == source_id) & (alerts.c.event == "error")
    connection.execute(update(alerts).where(in_error).values(event="recovered", at=at, told=[]))


class Alerts:
    """Rows of `alerts` and `alert_channels`."""

    def __init__(self, database: ControlDatabase) -> None:
        self._database = database

    def untold(self, channel: str) -> tuple[Alert, ...]:
        """What the channel does not have, oldest first."""
        query = select(alerts).order_by(alerts.c.at, alerts.c.source_id)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return tuple(Alert(**row) for row in rows if channel not in row["told"])

    def channel(self, channel: str) -> ChannelState | None:
        """None before it was used for the first time."""
        columns = alert_channels.c.next_at, alert_channels.c.failures_in_a_row
        query = select(*columns).where(alert_channels.c.channel == channel)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else ChannelState(**row)

    def mark_told(self, channel: str, told: Collection[Alert], *, next_at: datetime) -> None:
        """The channel has these; one that a newer one replaced meanwhile is passed over."""
        with self._database.write() as connection:
            for alert in told:
                this = (alerts.c.source_id == alert.source_id) & (alerts.c.at == alert.at)
                connection.execute(
                    update(alerts)
                    .where(this, alerts.c.event == alert.event)
                    .values(told=[*alert.told, channel])
                )
            _set_channel(connection, channel, ChannelState(next_at, 0))

    def put_off(self, channel: str, state: ChannelState) -> None:
        """The channel could not be told."""
        with self._database.write() as connection:
            _set_channel(connection, channel, state)


def _set_channel(connection: Connection, channel: str, state: ChannelState) -> None:
    values = {"next_at": state.next_at, "failures_in_a_row": state.failures_in_a_row}
    insert = insert_into(connection, alert_channels).values(channel=channel, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["channel"], set_=values))
