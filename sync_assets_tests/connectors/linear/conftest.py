from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets_tests.connectors.linear.workspace import Workspace, running_workspace
from sync_assets_tests.fakes import FakeClock


@pytest.fixture
def workspace(tmp_path: Path, clock: FakeClock) -> Iterator[Workspace]:
    with running_workspace(tmp_path, clock) as workspace:
        yield workspace
