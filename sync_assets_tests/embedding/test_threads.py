import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from sync_assets.embedding.local import LocalEmbedder
from sync_assets.embedding.threads import candidates, fastest, remembered_threads
from sync_assets.errors import StoreUnavailable


class Stopwatch:
    """Gives the seconds it was told, and counts how often it was asked."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self.seconds = seconds
        self.asked = 0

    def __call__(self, counts: Sequence[int]) -> dict[int, float]:
        self.asked += 1
        return {threads: self.seconds[threads] for threads in counts}


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ({1: 1.0}, 1),
        ({1: 1.0, 2: 0.6}, 2),
        ({1: 1.0, 2: 0.95}, 1),  # not worth a second core
        ({1: 1.0, 2: 1.5}, 1),
        ({1: 1.0, 2: 0.6, 16: 0.2}, 16),
        ({1: 1.0, 2: 0.6, 16: 0.58}, 2),
        ({1: 1.0, 2: 1.1, 16: 0.5}, 16),
    ],
)
def test_the_fewest_threads_are_chosen_that_more_would_not_clearly_beat(
    seconds: dict[int, float], chosen: int
):
    assert fastest(seconds) == chosen


@pytest.mark.parametrize(("cores", "counts"), [(1, [1]), (2, [1, 2]), (16, [1, 2, 16])])
def test_one_two_and_all_cores_are_measured(cores: int, counts: list[int]):
    assert candidates(cores) == counts


def test_a_measurement_is_taken_once_a_machine_and_then_remembered(tmp_path: Path):
    path = tmp_path / "home" / "embedder.json"
    watch = Stopwatch({1: 1.0, 2: 0.5})

    chosen = [remembered_threads(path, "a machine", [1, 2], watch) for _ in range(3)]
    assert (chosen, watch.asked) == ([2, 2, 2], 1)

    remembered_threads(path, "another machine", [1, 2], watch)
    remembered_threads(path, "a machine", [1, 2], watch)
    assert watch.asked == 2


def test_a_damaged_memory_is_measured_again(tmp_path: Path):
    path = tmp_path / "embedder.json"
    watch = Stopwatch({1: 1.0, 2: 0.5})
    path.write_text('{"a machine": {"thre')

    assert remembered_threads(path, "a machine", [1, 2], watch) == 2
    assert remembered_threads(path, "a machine", [1, 2], watch) == 2
    assert watch.asked == 1


def test_those_who_start_together_measure_once(tmp_path: Path):
    watch = Stopwatch({1: 1.0, 2: 0.5})
    ready = threading.Barrier(4)

    def start() -> None:
        ready.wait()
        remembered_threads(tmp_path / "embedder.json", "a machine", [1, 2], watch)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert watch.asked == 1


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "home").write_text("a file")

    with pytest.raises(StoreUnavailable, match="SYNC_ASSETS_HOME"):
        remembered_threads(tmp_path / "home" / "embedder.json", "m", [1], Stopwatch({1: 1.0}))


def test_the_local_embedder_remembers_in_home_unless_told_a_number(tmp_path: Path):
    LocalEmbedder(home=tmp_path / "told", threads=1).embed(["a"])
    assert not (tmp_path / "told").exists()

    LocalEmbedder(home=tmp_path / "measured").embed(["a"])
    assert (tmp_path / "measured" / "embedder.json").exists()
