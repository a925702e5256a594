"""Real text: the source files of the installed packages and of Python's own library.

The selection is deterministic: by a hash of the path, so that a larger corpus holds a smaller one
and both are mixed alike.
"""

import hashlib
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path

from benchmarks.measure import BenchmarkFailed
from sync_assets.sandbox.repositories import Repositories, Repository, git_environment

LARGEST = 200_000
"""Bytes; larger files are mostly generated."""
_LEFT_OUT = frozenset({"__pycache__", "site-packages", "node_modules"})


def real_files(count: int) -> dict[str, bytes]:
    """`count` text files (UTF-8, not blank) by path, in the order of selection."""
    files = dict(islice(_texts(), count))
    if len(files) < count:
        raise BenchmarkFailed(f"Only {len(files):,} text files are installed here, not {count:,}.")
    return files


def edited(content: bytes, mark: str) -> bytes:
    """The file after a small edit: a new line in its middle, and a new word at its end."""
    lines = content.splitlines(keepends=True)
    lines.insert(len(lines) // 2, f"# {mark}: changed in the middle\n".encode())
    return b"".join(lines).rstrip(b"\n") + f"\n# {mark}: changed at the end\n".encode()


def edit(files: dict[str, bytes], count: int, mark: str) -> dict[str, bytes]:
    """Edit `count` files in place, spread evenly over the corpus; returns what changed."""
    paths = list(islice(sorted(files), 0, None, max(1, len(files) // count)))[:count]
    changes = {path: edited(files[path], f"{mark} of {path}") for path in paths}
    files |= changes
    return changes


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files below a folder."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def repository_of(repositories: Repositories, name: str, files: Mapping[str, bytes]) -> Repository:
    """A new bare repository with one commit, packed as well as a host keeps its own."""
    repository = repositories.create(name)
    repository.commit(files, "Installed packages")
    subprocess.run(
        ["git", "-C", str(repository.path), "repack", "-a", "-d", "-q"],
        env=git_environment(),
        check=True,
    )
    return repository


def fresh(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _texts() -> Iterator[tuple[str, bytes]]:
    for name, path in _installed():
        content = path.read_bytes()
        if content.strip() and b"\0" not in content and _is_utf8(content):
            yield name, content


@cache
def _installed() -> list[tuple[str, Path]]:
    """Every file that may be chosen, in the order of selection."""
    roots = {name: Path(sysconfig.get_paths()[name]) for name in ("purelib", "stdlib")}
    found = [
        (f"{name}/{path}", root / path) for name, root in roots.items() for path in _below(root)
    ]
    return sorted(found, key=lambda item: hashlib.blake2b(item[0].encode()).digest())


def _below(root: Path) -> Iterable[str]:
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if _LEFT_OUT.isdisjoint(relative.parts) and path.is_file() and not path.is_symlink():
            size = path.stat().st_size
            if 0 < size <= LARGEST:
                yield relative.as_posix()


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
