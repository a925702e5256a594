import pytest

from sync_assets.errors import InvalidSettings
from sync_assets.git.selection import Selection
from sync_assets_tests.oracle import ignored

PATHS = [
    "README.md",
    "docs/a.md",
    "docs/img/b.png",
    "src/docs/c.md",
    "src/main.py",
    "src/build/out.py",
    "build/x",
    "a b/c",
]


@pytest.mark.parametrize(
    "patterns",
    [
        ["docs/"],
        ["/docs/"],
        ["*.md"],
        ["*.md", "!README.md"],
        ["src/**/out.py"],
        ["build"],
        ["**/img/*"],
        ["a b"],
        ["docs/*", "!docs/a.md"],
    ],
)
def test_patterns_mean_what_git_means(patterns: list[str]):
    by_git = ignored(PATHS, patterns)

    assert {p for p in PATHS if Selection(patterns, ()).wants(p.encode())} == by_git
    assert {p for p in PATHS if not Selection((), patterns).wants(p.encode())} == by_git


def test_exclude_wins_over_include():
    selection = Selection(["docs/"], ["*.png"])

    assert [p for p in PATHS if selection.wants(p.encode())] == ["docs/a.md", "src/docs/c.md"]


def test_name_that_is_not_utf8_can_be_selected():
    assert Selection(["docs/"], ()).wants(b"docs/\xff")


@pytest.mark.parametrize("pattern", ["!", "a\\", "[z-a]", "# note", "  ", "[abc"])
def test_bad_pattern_is_named(pattern: str):
    with pytest.raises(InvalidSettings) as caught:
        Selection((), ["*.md", pattern])

    assert repr(pattern) in str(caught.value)
