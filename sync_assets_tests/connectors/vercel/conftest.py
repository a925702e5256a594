from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets_tests.connectors.vercel.team import Team, running_team
from sync_assets_tests.fakes import FakeClock


@pytest.fixture
def team(tmp_path: Path, clock: FakeClock) -> Iterator[Team]:
    with running_team(tmp_path, clock) as team:
        yield team
