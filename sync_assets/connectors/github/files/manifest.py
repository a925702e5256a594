"""What the last listing by API saw, kept in a file: a cache that saves calls, and no more.

Losing it costs the calls of a first listing. A tree it knows is used by the hash of its files, so
that a stale or damaged one gives nothing wrong.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sync_assets.connectors.github.files.trees import SizedFile
from sync_assets.git.refs import branch_ref
from sync_assets.git.repository import HEAD
from sync_assets.models import digest
from sync_assets.settings import Settings


@dataclass(frozen=True, slots=True)
class Manifest:
    """A commit's files; `large` are the folders whose trees the API truncates."""

    commit: str
    files: Sequence[SizedFile]
    large: Sequence[str] = ()


class ManifestFile:
    """The manifest of one repository and branch, below the settings' home."""

    def __init__(self, home: Path, api_url: str, repository: str, ref: str) -> None:
        self._path = home / "github" / f"{digest(api_url, repository, ref)}.json"

    def read(self) -> Manifest | None:
        """What was written last; None where that is gone or not whole."""
        try:
            check, _, text = self._path.read_text(encoding="utf-8").partition("\n")
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        if check != digest(text):
            return None
        kept = json.loads(text)
        files = [SizedFile(*file) for file in kept["files"]]
        return Manifest(kept["commit"], files, tuple(kept["large"]))

    def write(self, manifest: Manifest) -> None:
        """Replace it; names of private files are for this user's eyes."""
        text = json.dumps(
            {
                "commit": manifest.commit,
                "files": manifest.files,
                "large": sorted(manifest.large),
            },
            separators=(",", ":"),
        )
        folder = self._path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder, suffix=".new")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{digest(text)}\n{text}")
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """Forget it."""
        self._path.unlink(missing_ok=True)


def manifest_file(settings: Settings, repository: str, branch: str | None) -> ManifestFile:
    """That of `owner/name`, beside the caches of git; no `branch` means the default one."""
    ref = HEAD if branch is None else branch_ref(branch)
    return ManifestFile(settings.home, str(settings.github_api_url), repository, ref)
