"""Files beside the repository: vendors' official schemas and real texts, which are not ours."""

import os
from pathlib import Path

import pytest

_SHARED = Path(__file__).parents[1].parent / "shared"


def shared_file(name: str) -> Path:
    """`../shared/NAME`; the test is skipped where it is absent, and fails in CI."""
    path = _SHARED / name
    if not path.exists():
        missing = f"../shared/{name} is not there"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path
