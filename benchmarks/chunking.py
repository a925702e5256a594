"""How fast documents become chunks, one thread."""

import random
import sys
import time
from pathlib import Path
from sysconfig import get_paths

from sync_assets.chunking.chunk import chunk_document
from sync_assets.models import Document

MEGABYTES = 8
ROUNDS = 3


def run() -> dict[str, float]:
    """Megabytes a second (1 MB = 10^6 characters), the best of some rounds of processor time.

    Python from the installed packages, parsing included (goal: 5), the same as markdown, and
    generated data cut by lines (goal: 100 for the packer; this includes ids and hashes).
    """
    source = installed_python(MEGABYTES)
    data = data_lines(MEGABYTES)
    return {
        "python_mb_per_second": _speed([_document("a.py", text) for text in source]),
        "markdown_mb_per_second": _speed([_document("a.md", text) for text in source]),
        "lines_mb_per_second": _speed([_document("a.json", text) for text in data]),
    }


def installed_python(megabytes: int) -> list[str]:
    """Texts of real Python files, picked the same way every time."""
    paths = sorted(Path(get_paths()["purelib"]).rglob("*.py"))
    random.Random(1).shuffle(paths)  # noqa: S311 - a repeatable choice of files, not a secret
    texts: list[str] = []
    size = 0
    for path in paths:
        if size > megabytes * 1_000_000:
            break
        texts.append(path.read_bytes().decode("utf-8", "replace"))
        size += len(texts[-1])
    return texts


def data_lines(megabytes: int) -> list[str]:
    """JSON-like files of 200,000 characters each."""
    line = '  "{0}": {{"name": "item {0}", "value": {1}, "tags": ["a", "b"]}},\n'
    texts: list[str] = []
    for number in range(megabytes * 5):
        made = (line.format(number * 10_000 + n, n * 7919 % 10_007) for n in range(3_000))
        texts.append("".join(made)[:200_000])
    return texts


def _document(path: str, text: str) -> Document:
    return Document(
        document_id="0" * 32, key=path, version="1", title=path, url="", text=text, path=path
    )


def _speed(documents: list[Document]) -> float:
    seconds: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for document in documents:
            chunk_document(document)
        seconds.append(time.process_time() - start)
    return sum(len(document.text) for document in documents) / min(seconds) / 1_000_000


if __name__ == "__main__":
    for name, figure in run().items():
        sys.stdout.write(f"{name} {figure:.1f}\n")
