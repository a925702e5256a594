import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from sync_assets.cli.answers import Endpoint
from sync_assets.cli.output import ago, cell, print_json, print_table
from sync_assets.models import BatchSummary

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TABLE = (
    "from sync_assets.cli.output import print_table; print_table(('a', 'b'), [('x' * 90, None)])"
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s ago"), (59, "59 s ago"), (61, "1 min ago"), (7300, "2 h ago"), (200_000, "2 d ago")],
)
def test_age_is_told_in_its_largest_whole_unit(seconds: int, text: str):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_age_of_what_never_happened_is_never_and_a_clock_that_runs_ahead_is_no_negative_age():
    assert ago(None, NOW) == "never"
    assert ago(NOW + timedelta(seconds=5), NOW) == "0 s ago"


def test_cell_shows_times_in_utc_and_no_control_characters():
    assert cell(NOW) == "2026-03-02 09:00:00Z"
    assert cell("a\x1b[31mb\nc") == "a [31mb c"
    assert [cell(None), cell(""), cell(0), cell(True)] == ["-", "-", "0", "yes"]  # noqa: FBT003 - the value shown


def test_json_is_one_value_an_object_or_an_array(capsys: pytest.CaptureFixture[str]):
    print_json(Endpoint(name="ü", url="http://127.0.0.1:1"))
    assert json.loads(capsys.readouterr().out) == {"name": "ü", "url": "http://127.0.0.1:1"}

    print_json([BatchSummary(batches=2)])
    assert json.loads(capsys.readouterr().out)[0]["batches"] == 2


def test_table_in_a_pipe_is_tab_separated_and_never_cut(capsys: pytest.CaptureFixture[str]):
    print_table(("name", "value"), [("x" * 300, None), ("[b]", 1)])

    assert capsys.readouterr().out == f"name\tvalue\n{'x' * 300}\t-\n[b]\t1\n"


def test_table_on_a_terminal_is_drawn_to_its_width():
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", TABLE],
        stdin=theirs,
        stdout=theirs,
        env=os.environ | {"COLUMNS": "60", "TERM": "xterm"},
        check=True,
    )
    os.close(theirs)
    drawn = os.read(ours, 10_000).decode()
    os.close(ours)

    assert done.returncode == 0
    assert "\t" not in drawn
    assert "\x1b[1m" in drawn
