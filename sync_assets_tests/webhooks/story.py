"""What people do in a repository, by chance: the same seed, the same story."""

import random
from itertools import count

from sync_assets.sandbox.github.records import Item
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox

FILES = 6


class Story:
    """Of one repository and its tracker. What feeds show, and what none does."""

    def __init__(self, sandbox: Sandbox, repository: Repository, seed: int) -> None:
        self._sandbox = sandbox
        self._repository = repository
        self._chance = random.Random(seed)
        self._words = count(1)
        self._actions = [
            *(self._commit, self._open, self._comment, self._edit_comment, self._delete_comment),
            *(self._edit, self._close, self._delete, self._rename_label),
        ]

    def go_on(self, steps: int) -> None:
        """So much more happens."""
        for _ in range(steps):
            self._chance.choice(self._actions)()

    @property
    def _tracker(self) -> Tracker:
        return self._sandbox.trackers.of(self._repository)

    def _word(self) -> str:
        return f"planted{next(self._words)}"

    def _item(self) -> Item:
        if not self._tracker.items:
            self._open()
        return self._chance.choice([*self._tracker.items.values()])

    def _commit(self) -> None:
        name, gone = f"f{self._chance.randrange(FILES)}.md", self._chance.random() < 0.2
        self._repository.commit({name: None if gone else f"# {self._word()}\n"})

    def _open(self) -> None:
        open_ = self._chance.choice([self._tracker.open_issue, self._tracker.open_pull])
        item = open_("Something new", self._word())
        self._tracker.label(item.number, "bug")

    def _comment(self) -> None:
        self._tracker.comment(self._item().number, self._word())

    def _edit_comment(self) -> None:
        for comment in self._item().comments[-1:]:
            self._tracker.edit_comment(comment, self._word())

    def _delete_comment(self) -> None:
        for comment in self._item().comments[:1]:
            self._tracker.delete_comment(comment)

    def _edit(self) -> None:
        self._tracker.edit(self._item().number, body=self._word())

    def _close(self) -> None:
        item = self._item()
        if item.state == "OPEN":
            self._tracker.close(item.number)

    def _delete(self) -> None:
        """Few: where most were gone at once, an operator would be asked."""
        issues = [each for each in self._tracker.items.values() if each.pull is None]
        if len(issues) > 1 and self._chance.random() < 0.3:
            self._tracker.delete(self._chance.choice(issues).number)

    def _rename_label(self) -> None:
        for name in [*self._tracker.labels][:1]:
            self._tracker.rename_label(name, f"label {next(self._words)}")
