"""How fast secrets are found and replaced, one thread."""

import random
import sys
import time

from benchmarks.chunking import data_lines, installed_python
from sync_assets.redaction import redact

MEGABYTES = 8
ROUNDS = 3
WORDS = (
    "the service reads its token from settings and keeps a key for each user in the cache so that "
    "passwords are never stored beside the author of a document"
)


def run() -> dict[str, float]:
    """Megabytes a second (1 MB = 10^6 characters), the best of some rounds of processor time.

    Goal: at least 20 on each: Python from the installed packages, prose full of the words that
    secrets are named by, and data.
    """
    return {
        "python_mb_per_second": _speed(installed_python(MEGABYTES)),
        "prose_mb_per_second": _speed(_prose(MEGABYTES)),
        "data_mb_per_second": _speed(data_lines(MEGABYTES)),
    }


def _prose(megabytes: int) -> list[str]:
    picked = random.Random(1)  # noqa: S311 - a repeatable choice of words, not a secret
    words = WORDS.split()
    texts: list[str] = []
    for _ in range(megabytes * 50):
        lines = (" ".join(picked.choices(words, k=14)) for _ in range(260))
        texts.append(".\n".join(lines))
    return texts


def _speed(texts: list[str]) -> float:
    seconds: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            redact(text)
        seconds.append(time.process_time() - start)
    return sum(map(len, texts)) / min(seconds) / 1_000_000


if __name__ == "__main__":
    for name, figure in run().items():
        sys.stdout.write(f"{name} {figure:.1f}\n")
