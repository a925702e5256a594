"""The demo's repository `acme/storefront`: a small web shop of our own invention.

Its files are package data in `demo_repository/`, one folder a commit; a later folder replaces the
files of an earlier one. What package data cannot hold well (a symlink, a picture, a pointer to
large file storage) is made here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sync_assets.sandbox.repositories import (
    Content,
    Executable,
    Repositories,
    Repository,
    Symlink,
)

DEMO_REPOSITORY = "acme/storefront"
DEMO_SEARCHES: tuple[str, str, str] = (
    "how do I roll back a bad deployment",
    "reserve stock so that two customers cannot buy the same piece",
    "how often is a failed payment webhook retried",
)
"""The last one is answered by nothing before `push_demo_change`."""

_FOLDER = Path(__file__).with_name("demo_repository")
_MARA = "Mara Lind <mara@acme.example>"
_TOMAS = "Tomas Okafor <tomas@acme.example>"
_YUKI = "Yuki Brandt <yuki@acme.example>"
_LFS_POINTER = """version https://git-lfs.github.com/spec/v1
oid sha256:6f1d5c0e2a94b7338c1d0fe4a95b62c7d83e140fa7b9265c3d48e01f9ab27c65
size 48213377
"""
_LOGO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True)
class _Step:
    """One commit: a folder's files, and what they do not say."""

    folder: str
    message: str
    author: str
    at: datetime
    more: Mapping[str, Content] = field(default_factory=dict[str, Content])


_HISTORY = (
    _Step("01_catalogue", "Begin with the catalogue", _MARA, datetime(2025, 1, 13, 9, tzinfo=UTC)),
    _Step(
        "02_cart_and_checkout",
        "Add the cart, checkout and shipping",
        _TOMAS,
        datetime(2025, 1, 27, 14, tzinfo=UTC),
    ),
    _Step("03_payments", "Take payments", _YUKI, datetime(2025, 2, 10, 11, tzinfo=UTC)),
    _Step("04_orders", "Follow orders to the door", _TOMAS, datetime(2025, 2, 24, 16, tzinfo=UTC)),
    _Step("05_deployments", "Deploy in steps", _MARA, datetime(2025, 3, 3, 10, tzinfo=UTC)),
    _Step(
        "06_on_call",
        "Reserve stock at checkout, after the oversold planes",
        _YUKI,
        datetime(2025, 3, 13, 18, tzinfo=UTC),
    ),
    _Step(
        "07_media",
        "Add the gallery and the style guide",
        _MARA,
        datetime(2025, 4, 7, 9, tzinfo=UTC),
        {
            "docs/README.md": Symlink("../README.md"),
            "web/public/logo.png": _LOGO,
            "media/launch-video.mp4": _LFS_POINTER,
        },
    ),
)
_PUSHED = _Step(
    "pushed",
    "Retry failed payment webhooks",
    _YUKI,
    datetime(2025, 4, 14, 15, tzinfo=UTC),
)


def build_demo_repository(repositories: Repositories) -> Repository:
    """Create the repository with its history: seven commits and a rename; same ids every time."""
    repository = repositories.create(DEMO_REPOSITORY)
    for step in _HISTORY:
        _commit(repository, step)
    repository.rename(
        "docs/development.md",
        "docs/local-development.md",
        "Say what kind of development",
        author=_TOMAS,
        at=datetime(2025, 4, 9, 13, tzinfo=UTC),
    )
    return repository


def push_demo_change(repositories: Repositories) -> str:
    """Push the commit that answers the last of the searches. Returns its id."""
    return _commit(repositories.get(DEMO_REPOSITORY), _PUSHED)


def _commit(repository: Repository, step: _Step) -> str:
    files = _files_of(step.folder) | dict(step.more)
    return repository.commit(files, step.message, author=step.author, at=step.at)


def _files_of(folder: str) -> dict[str, Content]:
    """The files of a folder; installers may have left compiled files beside them."""
    root = _FOLDER / folder
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix(): _content(path)
        for path in found
        if path.parent.name != "__pycache__"
    }


def _content(path: Path) -> Content:
    data = path.read_bytes()
    return Executable(data) if path.suffix == ".sh" else data
