"""The whole tree of a commit in as few calls as its size allows."""

from collections.abc import Callable, Sequence

from sync_assets.connectors.github.files.manifest import Manifest
from sync_assets.connectors.github.files.trees import (
    SizedFile,
    Span,
    TreeAnswer,
    folders,
    one_level,
    whole_tree,
)
from sync_assets.errors import InvalidSettings

Ask = Callable[[str, bool], TreeAnswer]
"""A tree, or a commit's, by its id; all that is below it, or one level."""


class TreeWalk:
    """One call where the tree is not truncated. Where it is, folder by folder, and only those that
    `earlier` does not know: unchanged folders have the same id and cost nothing.
    """

    def __init__(self, ask: Ask, earlier: Manifest | None) -> None:
        self._ask = ask
        self._earlier: Sequence[SizedFile] = earlier.files if earlier else ()
        self._known: dict[str, Span] | None = None
        self.large = set(earlier.large if earlier else ())
        """Folders whose trees are truncated, so that they are not asked for whole again."""

    def files(self, commit: str) -> list[SizedFile]:
        """All files of a commit, proven. Raises InvalidSettings where the API cannot list it."""
        if "" not in self.large:
            answer = self._ask(commit, True)  # noqa: FBT003 - `Ask` has no names
            if not answer.truncated:
                return whole_tree(commit, answer.tree)
            self.large.add("")
        return sorted(self._walked(commit, ""), key=lambda file: file.path)

    def _walked(self, tree: str, folder: str) -> list[SizedFile]:
        """A folder whose tree is truncated, level by level."""
        answer = self._ask(tree, False)  # noqa: FBT003
        if answer.truncated:
            raise InvalidSettings(
                f"folder {folder or '/'!r} has more entries than GitHub's API lists:"
                " use --transport git"
            )
        # The root is asked for by its commit, whose hash says nothing of one level.
        items = one_level(tree, answer.tree) if folder else answer.tree
        found: list[SizedFile] = []
        for item in items:
            path = f"{folder}/{item.path}" if folder else item.path
            if item.type == "tree":
                found += self._below(item.sha, path)
            else:
                found.append(SizedFile(item.mode, item.sha, item.size, path))
        return found

    def _below(self, tree: str, folder: str) -> list[SizedFile]:
        span = self._spans().get(tree)
        if span is not None:
            cut = len(span.folder)
            return [
                file._replace(path=f"{folder}{file.path[cut:]}")
                for file in self._earlier[span.start : span.end]
            ]
        if folder not in self.large:
            answer = self._ask(tree, True)  # noqa: FBT003
            if not answer.truncated:
                files = whole_tree(tree, answer.tree)
                return [file._replace(path=f"{folder}/{file.path}") for file in files]
            self.large.add(folder)
        return self._walked(tree, folder)

    def _spans(self) -> dict[str, Span]:
        """The trees that were listed earlier; hashed once, and only where a tree is truncated."""
        if self._known is None:
            spans = folders(self._earlier)
            self._known = {span.tree: span for span in spans if span.folder}
        return self._known
