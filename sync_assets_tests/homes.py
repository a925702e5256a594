"""HOMEs whose control database is there already, as at every start but the first."""

import tempfile
import uuid
from contextlib import closing
from functools import cache
from pathlib import Path

from sync_assets.control.database import open_database
from sync_assets.settings import Settings


def with_database(settings: Settings) -> Settings:
    """The settings, with a control database in their HOME, where there is none: one that was
    migrated once for all tests, since that takes longer than most of them, as an instance of its
    own.
    """
    file = settings.home / "control.db"
    if not file.exists():
        migrated, instance_id = _migrated()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(migrated.replace(instance_id, uuid.uuid4().hex.encode()))
        file.chmod(0o600)
    return settings


@cache
def _migrated() -> tuple[bytes, bytes]:
    """The file, and the id of the instance in it."""
    with tempfile.TemporaryDirectory() as folder:
        with closing(open_database(Settings(home=Path(folder)))) as database:
            instance_id = database.instance_id.encode()
        return (Path(folder) / "control.db").read_bytes(), instance_id
