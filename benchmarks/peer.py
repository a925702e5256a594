"""CocoIndex in a virtual environment of its own, pinned, never calling home."""

import os
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.measure import ROOT, Process, run_process

VERSION = "1.0.26"
LANCEDB_VERSION = "0.40.0"
Form = Literal["example", "lean"]
"""As its own example has it, and the least work we could make of it: see peer_flow.py."""
_SILENT = {
    "COCOINDEX_DISABLE_USAGE_TRACKING": "1",
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "true",
}


@dataclass(frozen=True, slots=True)
class CocoIndex:
    """An installed CocoIndex."""

    interpreter: Path

    def update(self, form: Form, files: Path, state: Path) -> Process:
        """Bring its index up to date with the files; it prints a `PeerUpdated`."""
        state.mkdir(parents=True, exist_ok=True)
        flow = Path(__file__).with_name("peer_flow.py")
        return run_process([self.interpreter, "-P", flow, form, files, state], os.environ | _SILENT)


def installed() -> CocoIndex:
    """CocoIndex in `.bench`, installed by pip the first time."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = ROOT / ".bench" / f"cocoindex-{VERSION}-python{minor}"
    interpreter = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        print(f"Installing CocoIndex {VERSION} into {folder.relative_to(ROOT)} ...", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        packages = (f"cocoindex[lancedb]=={VERSION}", f"lancedb=={LANCEDB_VERSION}")
        pip = (interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run_process([*pip, *packages])
        ready.touch()
    return CocoIndex(interpreter)
