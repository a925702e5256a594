"""Filters match exactly what they say, whatever characters the values hold."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from sync_assets.index.predicates import Filter, equals, glob_pattern, of_stream, one_of, where

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NAMES = st.sampled_from(["a", "b", "ab", "a.b", "b-a", "aab"])
PATH = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(["a", "b", "ab", "a.b", "?", "*", "a*", "*.b", "?b", "**", "a**"])
GLOB = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "/"]),
    st.lists(PIECES, min_size=1, max_size=4).map("/".join),
    st.sampled_from(["", "/"]),
).filter(lambda glob: not glob.endswith("**/"))  # pathspec and git disagree there


def matching(paths: list[str], predicate: str) -> list[str]:
    """What Lance itself finds."""
    import lance
    import pyarrow as pa

    dataset = lance.write_dataset(pa.table({"path": paths}), "memory://paths")
    return [str(path) for path in dataset.to_table(filter=predicate)["path"].to_pylist()]


@given(TEXT, TEXT)
@example("it's", "it''s")
@example("' OR '1'='1", "a")
@example("%", "_")
@example('"', "\\")
@settings(max_examples=25, deadline=None)
def test_any_value_finds_itself_alone(value: str, other: str):
    rows = sorted({value, other})
    assert matching(rows, equals("path", value)) == [value]
    assert matching(rows, one_of("path", [value])) == [value]


def test_no_values_match_nothing():
    assert matching(["a"], one_of("path", [])) == []


def test_nothing_wanted_is_no_predicate():
    assert where(Filter()) is None


def test_every_limit_is_in_the_predicate():
    berlin = timezone(timedelta(hours=1))
    wanted = Filter(
        connector="github",
        source_ids=["github:o'r/n"],
        stream="files",
        path="src/*.py",
        author="o'neil",
        scopes=["x", "y"],
        updated_from=datetime(2026, 1, 1, 1, tzinfo=berlin),
        updated_until=datetime(2026, 2, 1, tzinfo=UTC),
    )
    assert where(wanted) == (
        "connector = 'github' AND stream = 'files' AND author = 'o''neil' "
        "AND source_id IN ('github:o''r/n') AND scope IN ('x', 'y') "
        r"AND regexp_like(path, '(?s)^src/[^/]*\.py(?:/.*)?$') "
        "AND updated_at >= timestamp '2026-01-01T00:00:00.000000+00:00' "
        "AND updated_at < timestamp '2026-02-01T00:00:00.000000+00:00'"
    )
    assert of_stream("a'b", "files") == "source_id = 'a''b' AND stream = 'files'"


def test_pairs_to_be_left_out_are_pairs():
    wanted = Filter(without=[("github:a/b", "issues"), ("it's", "files")])

    assert where(wanted) == (
        "(source_id <> 'github:a/b' OR stream <> 'issues')"
        " AND (source_id <> 'it''s' OR stream <> 'files')"
    )


def test_every_printable_character_of_a_path_stands_for_itself():
    paths = [f"a{chr(code)}b" for code in [*range(1, 0x180), 0x1F600] if chr(code) not in "*?/"]
    for path in paths:
        predicate = where(Filter(path=f"/{path}"))
        assert predicate is not None
        assert matching(paths, predicate) == [path]


@given(GLOB, st.lists(PATH, max_size=8))
@settings(max_examples=200, deadline=None)
@example("*.py", ["a.py", "a/b.py", "a.pyc", "a.py/b"])
@example("src/", ["src/a", "src", "a/src/b"])
@example("a/**/b", ["a/b", "a/x/b", "a/x/y/b/c", "ab"])
def test_a_glob_matches_as_a_gitignore_line_does(glob: str, paths: list[str]):
    oracle = GitIgnoreSpec.from_lines([glob])
    pattern = re.compile(glob_pattern(glob))
    assert [path for path in paths if pattern.search(path)] == [
        path for path in paths if oracle.match_file(path)
    ]


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("src", ["src/b.py", "src/deep/c.py"]),
        ("src/*.py", ["src/b.py"]),
        ("src/**", ["src/b.py", "src/deep/c.py"]),
        ("**/deep/*", ["src/deep/c.py"]),
        ("/?.py", ["a.py"]),
        ("nothing", []),
    ],
)
def test_lance_reads_globs_as_meant(glob: str, found: list[str]):
    predicate = where(Filter(path=glob))
    assert predicate is not None
    assert matching(["a.py", "src/b.py", "src/deep/c.py"], predicate) == found


def test_times_bound_from_inclusive_to_exclusive(tmp_path: Path):
    import lance
    import pyarrow as pa

    times = [datetime(2026, 1, 1, 0, 0, 0, micro, tzinfo=UTC) for micro in range(4)]
    table = pa.table({"updated_at": pa.array(times, pa.timestamp("us", tz="UTC"))})
    dataset = lance.write_dataset(table, str(tmp_path / "times"))
    predicate = where(Filter(updated_from=times[1], updated_until=times[3]))
    assert dataset.to_table(filter=predicate)["updated_at"].to_pylist() == times[1:3]
