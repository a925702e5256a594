"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def wait(until: Callable[[], object], what: str = "it", seconds: float = 180) -> None:
    """Until it is true; AssertionError says `what` did not come to pass."""
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, f"{what} did not come to pass"
        time.sleep(0.1)
