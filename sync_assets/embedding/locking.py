"""One process at a time on this machine."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sync_assets.errors import StoreUnavailable


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Wait for, then hold, the lock on the file `path`; threads exclude each other too.

    The kernel frees it when its holder ends, however that happens. Raises StoreUnavailable where
    the file cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be created ({error.strerror}):"
            " set SYNC_ASSETS_HOME to a folder that can be written"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
