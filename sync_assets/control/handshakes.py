"""Keys that a vendor tells us itself, in a call that nothing signs (Notion): when such a call is
believed, and where its key is kept.

Anyone may send one, so it is believed only while an operator waits for it, only once, and never in
the place of a key that is there. The key is a secret: it is kept in a file that the owner alone may
read, and not in the database.
"""

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, and_, select, update

from sync_assets.control.database import Clock, ControlDatabase, insert_into, utc_now
from sync_assets.control.schema import handshakes
from sync_assets.errors import InvalidSettings, StoreUnavailable

WINDOW = timedelta(minutes=10)
"""How long an opened window stays open."""
FOLDER = "webhook_keys"
"""In HOME; a file a connector."""


def told_key(home: Path, connector: str) -> str | None:
    """The key that the connector's vendor told, None before. Raises StoreUnavailable."""
    place = home / FOLDER / connector
    try:
        return place.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError):
        raise StoreUnavailable(f"{place} cannot be read: make it readable, or remove it") from None


class Handshakes:
    """Rows of `handshakes`, and the keys' files below `home`."""

    def __init__(self, database: ControlDatabase, home: Path, clock: Clock = utc_now) -> None:
        self._database = database
        self._home = home
        self._clock = clock

    def open(self, connector: str) -> datetime:
        """From now on, and until the time returned, one call may tell the key.

        Raises InvalidSettings where a key is kept already: remove it, with `forget`, first.
        """
        if self.key(connector) is not None:
            raise InvalidSettings(
                f"{connector} has told its key already, and it is never replaced:"
                f" remove {self.place(connector)} first"
            )
        closes_at = self._clock() + WINDOW
        values = {"closes_at": closes_at, "accepted_at": None}
        with self._database.write() as connection:
            insert = insert_into(connection, handshakes).values(connector=connector, **values)
            connection.execute(
                insert.on_conflict_do_update(index_elements=["connector"], set_=values)
            )
        return closes_at

    def is_open(self, connector: str) -> bool:
        """Whether a call that tells a key would be believed now."""
        if self.key(connector) is not None:
            return False
        query = select(handshakes.c.connector).where(self._waiting(connector))
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def accept(self, connector: str, key: str) -> bool:
        """Keep the key and close the window; False, and nothing is kept, where none is open.

        Raises StoreUnavailable.
        """
        accepted = update(handshakes).where(self._waiting(connector))
        with self._database.write() as connection:
            if connection.execute(accepted.values(accepted_at=self._clock())).rowcount != 1:
                return False
            return self._keep(connector, key)

    def key(self, connector: str) -> str | None:
        """The key that was told, None before. Raises StoreUnavailable."""
        return told_key(self._home, connector)

    def forget(self, connector: str) -> None:
        """Remove the key, if there is one."""
        self.place(connector).unlink(missing_ok=True)

    def place(self, connector: str) -> Path:
        """Where the key is kept."""
        return self._home / FOLDER / connector

    def _waiting(self, connector: str) -> ColumnElement[bool]:
        table = handshakes.c
        own = and_(table.connector == connector, table.accepted_at.is_(None))
        return and_(own, table.closes_at > self._clock())

    def _keep(self, connector: str, key: str) -> bool:
        """All of it or nothing, on disk when this returns; False where a key is there."""
        folder = self._home / FOLDER
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder) as file:  # its owner's alone
                file.write(key.encode())
                file.flush()
                os.fsync(file.fileno())
                try:
                    self.place(connector).hardlink_to(file.name)
                except FileExistsError:
                    return False
        except OSError as error:
            raise StoreUnavailable(
                f"{folder} cannot be written ({error.strerror}): free the disk, or make it writable"
            ) from None
        return True
