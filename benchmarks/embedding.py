"""What reuse, slices and the cache add to the bare local model, on 300 real texts."""

import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sync_assets.embedding.base import Embedder
from sync_assets.embedding.cache import open_cache
from sync_assets.embedding.cached import embed_texts
from sync_assets.embedding.local import LocalEmbedder
from sync_assets.models import digest
from sync_assets.settings import Settings

TEXTS = 300
CHARACTERS = 800
PART = 100
ROUNDS = 3


class Cost(NamedTuple):
    """Seconds by the clock, and of all cores together."""

    wall: float
    cpu: float

    def plus(self, other: "Cost") -> "Cost":
        """Both, one after the other."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


def least(costs: Sequence[Cost]) -> Cost:
    """What is left once disturbances are gone."""
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs))


def run() -> dict[str, float]:
    """The bare model's seconds and tokens a second, and ours as a share of its seconds.

    The two take turns on the same 100 texts, three times over, and their least rounds count. Goal:
    `overhead_ratio` at most 1.10; `overhead_cpu_ratio` says the same where other processes
    disturb the clock.
    """
    texts = real_texts()
    bare = ours = again = Cost(0, 0)
    with tempfile.TemporaryDirectory() as folder:
        embedder = LocalEmbedder(home=Path(folder))
        tokens = embedder.embed(texts).tokens  # loads the model, measures its threads, warms up
        for start in range(0, TEXTS, PART):
            part = texts[start : start + PART]
            rounds = [_round(embedder, part, Path(folder)) for _ in range(ROUNDS)]
            bare, ours, again = (
                total.plus(least(costs))
                for total, costs in zip((bare, ours, again), zip(*rounds, strict=True), strict=True)
            )
    return {
        "bare_seconds": bare.wall,
        "bare_tokens_per_second": tokens / bare.wall,
        "overhead_ratio": ours.wall / bare.wall,
        "overhead_cpu_ratio": ours.cpu / bare.cpu,
        "cached_ratio": again.wall / bare.wall,
    }


def _round(embedder: Embedder, texts: list[str], folder: Path) -> tuple[Cost, Cost, Cost]:
    """The model alone, then ours on an empty cache, then ours with all of it cached."""
    pairs = [(digest(text), text) for text in texts]
    home = tempfile.mkdtemp(dir=folder)
    with closing(open_cache(Settings(home=Path(home)))) as cache:
        ours = partial(embed_texts, embedder, cache, pairs, {})
        return _cost(partial(embedder.embed, texts)), _cost(ours), _cost(ours)


def _cost(work: Callable[[], object]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def real_texts() -> list[str]:
    """Distinct pieces of the standard library's source, evenly from its modules."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    pieces = [
        text[start : start + CHARACTERS]
        for path in sorted(folder.glob("*.py"))
        for text in [path.read_text(encoding="utf-8")]
        for start in range(0, len(text), CHARACTERS)
    ]
    distinct = list(dict.fromkeys(pieces))
    return distinct[:: len(distinct) // TEXTS][:TEXTS]


if __name__ == "__main__":
    for name, value in run().items():
        sys.stdout.write(f"{name} {value:.3f}\n")
