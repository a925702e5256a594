import subprocess

import pytest

from sync_assets.errors import InvalidSettings
from sync_assets.git.refs import branch_ref

NAMES = [
    "main",
    "feature/a-b_c.d",
    "\u00fcml\u00e4ut",
    "a@b",
    "@",
    "",
    "-x",
    "a..b",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "a[b",
    "a\\b",
    "a.lock",
    "a.lock/b",
    "a.",
    "/a",
    "a/",
    "a//b",
    ".a",
    "a/.b",
    "a@{b",
    "a\x7f",
    "a\tb",
    "a,b",
]


@pytest.mark.parametrize("name", NAMES)
def test_branch_is_accepted_exactly_where_git_accepts_it(name: str):
    # The plain form, since `--branch` also expands `@{-1}`; it lets a leading dash pass.
    checked = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False)
    allowed = checked.returncode == 0 and not name.startswith("-") and name != "@"

    if allowed:
        assert branch_ref(name) == f"refs/heads/{name}"
    else:
        with pytest.raises(InvalidSettings, match="not a possible name"):
            branch_ref(name)
