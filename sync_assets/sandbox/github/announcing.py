"""How a tracker tells what happens in it."""

from collections.abc import Mapping
from threading import RLock

from sync_assets.sandbox.github.accounts import Accounts
from sync_assets.sandbox.github.records import Item
from sync_assets.sandbox.github.tracker_news import Part, TrackerEvent, TrackerNews, Watcher


class Announcing:
    """What every part of a tracker stands on."""

    def __init__(self, repository: int, accounts: Accounts, lock: RLock, tell: Watcher) -> None:
        self.repository = repository
        self.accounts = accounts
        self._lock = lock
        self._tell = tell

    def transferred_to(self, item: Item, place: int, other: Item) -> None:
        """It went to the repository `place`, where it is `other`: tell it."""
        self._told(item, "transferred", moved=(place, other))

    def adopted(self, item: Item, place: int, other: Item) -> None:
        """It came from the repository `place`, where it was `other`: tell it."""
        self._told(item, "opened", moved=(place, other))

    def _told(
        self,
        item: Item,
        action: str,
        by: str | None = None,
        *,
        part: Part | None = None,
        former: Mapping[str, str] | None = None,
        moved: tuple[int, Item] | None = None,
    ) -> None:
        """Of an issue or pull request itself."""
        event: TrackerEvent = "issues" if item.pull is None else "pull_request"
        self._announce(event, action, by, item=item, part=part, former=former, moved=moved)

    def _announce(
        self,
        event: TrackerEvent,
        action: str,
        by: str | None = None,
        *,
        item: Item | None = None,
        part: Part | None = None,
        former: Mapping[str, str] | None = None,
        moved: tuple[int, Item] | None = None,
    ) -> None:
        with self._lock:
            sender = self.accounts.named(by)
            where = self.repository
            self._tell(TrackerNews(where, event, action, sender, item, part, former or {}, moved))
