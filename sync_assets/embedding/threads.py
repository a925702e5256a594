"""How many threads the local model gets: measured once a machine, then remembered in HOME."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from sync_assets.embedding.locking import locked
from sync_assets.errors import StoreUnavailable

WORTH_IT = 0.9
"""More threads must take less than this share of the time: cores are also wanted elsewhere."""


class Measurement(BaseModel):
    """Seconds that one batch took, by number of threads, and the number chosen from them."""

    model_config = ConfigDict(frozen=True)

    threads: int
    seconds: dict[int, float]


_REMEMBERED = TypeAdapter(dict[str, Measurement])


def usable_cores() -> int:
    """Cores that this process may run on: fewer than the machine's where affinity limits it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def candidates(cores: int) -> list[int]:
    """The thread counts worth measuring, fewest first."""
    return sorted({1, min(2, cores), cores})


def fastest(seconds: dict[int, float]) -> int:
    """The number of threads that no larger one beats by enough to be worth it."""
    chosen, *others = sorted(seconds)
    for threads in others:
        if seconds[threads] < WORTH_IT * seconds[chosen]:
            chosen = threads
    return chosen


def remembered_threads(
    path: Path,
    machine: str,
    counts: Sequence[int],
    measure: Callable[[Sequence[int]], dict[int, float]],
) -> int:
    """The number of threads for `machine`, out of the JSON file `path`, measured if not there.

    `measure` gives the seconds of one batch by number of threads. Processes that start together
    take turns, so that one measures undisturbed and the others read. A damaged file is replaced:
    it holds nothing but measurements. Raises StoreUnavailable where the folder is unwritable.
    """
    with locked(path.with_suffix(".lock")):
        remembered = _read(path)
        if machine not in remembered:
            seconds = measure(counts)
            remembered[machine] = Measurement(threads=fastest(seconds), seconds=seconds)
            _replace(path, remembered)
        return remembered[machine].threads


def _read(path: Path) -> dict[str, Measurement]:
    try:
        return _REMEMBERED.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be read ({error.strerror}): remove it") from error


def _replace(path: Path, remembered: dict[str, Measurement]) -> None:
    written = path.with_suffix(".new")
    try:
        written.write_bytes(_REMEMBERED.dump_json(remembered, indent=2))
        written.replace(path)
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be written ({error.strerror}): free the disk, or make it writable"
        ) from error
