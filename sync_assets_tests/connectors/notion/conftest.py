from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets_tests.connectors.notion.handbook import Handbook, running_handbook
from sync_assets_tests.fakes import FakeClock


@pytest.fixture
def handbook(tmp_path: Path, clock: FakeClock) -> Iterator[Handbook]:
    with running_handbook(tmp_path, clock) as handbook:
        yield handbook
