"""One writer at a time: leases with fencing tokens that only ever grow."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, update

from sync_assets.control.database import Clock, ControlDatabase, insert_into, utc_now
from sync_assets.control.schema import leases
from sync_assets.errors import LeaseHeld, LeaseLost, StoreUnavailable

Monotonic = Callable[[], float]
"""Seconds that never run backwards; their zero means nothing."""

_log = logging.getLogger(__name__)


class Lease:
    """Held until `release`, or until it is not renewed for `seconds`.

    Two clocks must agree that it lives: the wall clock, against the database's row, and our own
    monotonic one, which no one sets back. The monotonic count starts before the statement that
    extends the row is sent, so that we always give up first.
    """

    def __init__(
        self,
        database: ControlDatabase,
        clock: Clock,
        monotonic: Monotonic,
        *,
        name: str,
        token: int,
        seconds: float,
        expires: float,
    ) -> None:
        self.name = name
        self.token = token
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._seconds = seconds
        self._expires = expires
        self._ours = (leases.c.name == name) & (leases.c.token == token)

    def check(self) -> None:
        """Call it just before a commit. Raises LeaseLost unless the lease is surely ours."""
        alive = select(leases.c.token).where(self._ours, leases.c.expires_at > self._clock())
        try:
            with self._database.read() as connection:
                token = connection.scalar(alive)
        except StoreUnavailable as error:
            raise LeaseLost(f"The lease {self.name} cannot be checked: {error}") from error
        if token is None:
            raise self._lost()
        self._check_monotonic()  # last, for the answer itself may have been long in coming

    def renew(self) -> None:
        """Live for `seconds` from now. An expired lease is not revived: raises LeaseLost."""
        started = self._monotonic()
        self._check_monotonic()
        with self._database.write() as connection:
            now = self._clock()
            renewed = connection.execute(
                update(leases)
                .where(self._ours, leases.c.expires_at > now)
                .values(expires_at=now + timedelta(seconds=self._seconds))
            )
        if renewed.rowcount == 0:
            raise self._lost()
        self._expires = started + self._seconds

    def release(self) -> None:
        """Let others in at once. Nothing happens where it is no longer ours."""
        with self._database.write() as connection:
            connection.execute(
                update(leases)
                .where(self._ours)
                .values(holder=None, expires_at=self._clock(), seconds=0)
            )

    def _check_monotonic(self) -> None:
        if self._monotonic() >= self._expires:
            raise self._lost()

    def _lost(self) -> LeaseLost:
        return LeaseLost(
            f"The lease {self.name} ran out or was taken over: nothing more is written, run again"
        )


class Leases:
    """Rows of `leases`, one a name (`source_id/stream`, `index/maintenance`), never deleted.

    Hosts that share a database need clocks that agree to well within a lease's life: a host that
    is further off loses leases early or waits longer, though two holders never both pass `check`.
    """

    def __init__(
        self,
        database: ControlDatabase,
        clock: Clock = utc_now,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic

    @contextmanager
    def hold(self, name: str, seconds: float, holder: str | None = None) -> Generator[Lease]:
        """A lease renewed in the background for as long as the block runs. Raises LeaseHeld.

        `holder` is for people: what runs, and where; by default this process and host.
        """
        lease = self.acquire(name, seconds, holder)
        ended = threading.Event()
        thread = threading.Thread(
            target=_keep, args=(lease, seconds / 3, ended), name=f"lease {name}", daemon=True
        )
        thread.start()
        try:
            yield lease
        finally:
            ended.set()
            thread.join()
            try:
                lease.release()
            except StoreUnavailable as error:
                # The work is done and the lease ends by itself: not worth failing a run for.
                _log.warning("lease %s is not released: %s", name, error)

    def acquire(self, name: str, seconds: float, holder: str | None = None) -> Lease:
        """A lease that is not renewed by itself. Raises LeaseHeld while another one lives."""
        with self._database.write() as connection:
            connection.execute(
                insert_into(connection, leases)
                .values(name=name, token=0, seconds=0, expires_at=self._clock())
                .on_conflict_do_nothing()
            )
            query = select(leases).where(leases.c.name == name).with_for_update()
            row = connection.execute(query).mappings().one()
            now, started = self._clock(), self._monotonic()
            # No lease outlives its `seconds` from now: a clock set back must not prolong it.
            until = min(row["expires_at"], now + timedelta(seconds=row["seconds"]))
            free = until <= now
            values = {
                "token": row["token"] + 1,
                "holder": holder or f"process {os.getpid()} on {socket.gethostname()}",
                "seconds": seconds,
                "expires_at": now + timedelta(seconds=seconds),
            }
            connection.execute(
                update(leases)
                .where(leases.c.name == name)
                .values(values if free else {"expires_at": until})
            )
        if not free:
            raise LeaseHeld(
                f"{row['holder']} holds the lease {name}: wait for it to end, or until"
                f" {until:%Y-%m-%d %H:%M:%S} UTC",
                until=until,
            )
        return Lease(
            self._database,
            self._clock,
            self._monotonic,
            name=name,
            token=row["token"] + 1,
            seconds=seconds,
            expires=started + seconds,
        )


def _keep(lease: Lease, interval_seconds: float, ended: threading.Event) -> None:
    while not ended.wait(interval_seconds):
        try:
            lease.renew()
        except StoreUnavailable as error:
            _log.warning("lease %s is not renewed: %s", lease.name, error)
        except LeaseLost as error:
            _log.warning("%s", error)
            return  # the holder's next check says so to the one who must know
