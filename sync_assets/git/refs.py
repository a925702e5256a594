"""Names of branches: pure."""

import re

from sync_assets.errors import InvalidSettings

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)")


def branch_ref(branch: str) -> str:
    """The full name of a branch; InvalidSettings where git would not allow it.

    https://git-scm.com/docs/git-check-ref-format
    """
    wrong = (
        not branch
        or branch == "@"
        or branch.startswith(("-", "/", "."))
        or branch.endswith(("/", "."))
        or _FORBIDDEN.search(branch)
    )
    if wrong:
        raise InvalidSettings(f"{branch!r} is not a possible name of a branch")
    return f"refs/heads/{branch}"
