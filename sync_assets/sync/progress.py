"""How work that takes long says how far it is."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with (stage, documents done, documents in all) as work goes on."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """Shows nothing."""
