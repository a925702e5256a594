"""All trackers of a sandbox, and what goes from one to another."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from threading import RLock

from sync_assets.sandbox.github.accounts import Accounts
from sync_assets.sandbox.github.records import Item
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.github.tracker_news import TrackerNews, Watcher
from sync_assets.sandbox.repositories import Repositories, Repository

_FIRST_ID = 1_500_001


class Trackers:
    """One tracker a repository, made when first asked for; in memory only.

    Whoever reads records from another thread than the script's holds `lock`.
    """

    def __init__(self, repositories: Repositories) -> None:
        self.repositories = repositories
        self.accounts = Accounts()
        self.lock = RLock()
        self._ids = count(_FIRST_ID)
        self._trackers: dict[int, Tracker] = {}
        self.watchers: list[Watcher] = []

    @property
    def clock(self) -> Callable[[], datetime]:
        """The sandbox's clock."""
        return self.repositories.clock

    def of(self, repository: Repository | str) -> Tracker:
        """The tracker of a repository; LookupError if there is none of that name."""
        if isinstance(repository, str):
            repository = self.repositories.get(repository)
        with self.lock:
            tracker = self._trackers.get(repository.number)
            if tracker is None:
                number = repository.number
                tracker = Tracker(
                    number, self.accounts, self.clock, self.lock, self._ids, tell=self._tell
                )
                self._trackers[repository.number] = tracker
            return tracker

    def transfer(
        self, source: Tracker, number: int, target: Tracker, *, at: datetime | None = None
    ) -> Item:
        """Move an issue: it gets a new number and new ids there, and 301 here.

        Its times and those of its comments stay; labels of the same name are kept.
        """
        with self.lock:
            old = source.items[number]
            if old.pull is not None:
                raise ValueError("GitHub transfers no pull request")
            new = target.adopt(old, at=at)
            del source.items[number]
            source.transferred[number] = (target.repository, new.number)
            source.transferred_to(old, target.repository, new)
            target.adopted(new, source.repository, old)
            return new

    def _tell(self, news: TrackerNews) -> None:
        for watcher in self.watchers:
            watcher(news)
