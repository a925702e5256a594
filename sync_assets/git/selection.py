"""Which files of a tree are wanted: gitignore-style patterns. Pure."""

import re
from collections.abc import Sequence

from pathspec import GitIgnoreSpec

from sync_assets.errors import InvalidSettings


class Selection:
    """A file is wanted if it matches `include` (all do if that is empty) and not `exclude`.

    https://git-scm.com/docs/gitignore#_pattern_format; InvalidSettings names a bad pattern.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = _spec(include) if include else None
        self._exclude = _spec(exclude) if exclude else None

    @property
    def everything(self) -> bool:
        """No pattern at all."""
        return self._include is None and self._exclude is None

    def wants(self, path: bytes) -> bool:
        """Whether a path from the repository's root is wanted."""
        name = path.decode(errors="surrogateescape")
        if self._include is not None and not self._include.match_file(name):
            return False
        return self._exclude is None or not self._exclude.match_file(name)


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    for pattern in patterns:
        try:
            [parsed] = GitIgnoreSpec.from_lines([pattern]).patterns
        except (ValueError, re.error) as error:
            raise InvalidSettings(f"pattern {pattern!r}: {error}") from None
        if parsed.include is None:
            raise InvalidSettings(f"pattern {pattern!r} matches nothing")
    return GitIgnoreSpec.from_lines(patterns)
