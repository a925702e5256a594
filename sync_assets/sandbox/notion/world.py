"""What the sandbox's Notion holds: users, data sources, their pages with blocks and comments.

Notion keeps times to the minute and so does every answer; `Page.edited_at` is exact. What raises
it: content and properties. What does not: comments, and an edit of a synced block's original on
another page. For trash, archive, restoring and moves `quiet` says which: Notion promises nothing.
"""

import hashlib
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync_assets.sandbox.notion.content import Block, Json, rich
from sync_assets.sandbox.notion.records import Comment, DataSource, Page, User

SANDBOX_TOKEN = "ntn-sandbox-token"  # noqa: S105 - opens the sandbox, and nothing else
VERSION = "2026-03-11"


@dataclass(frozen=True, slots=True)
class NotionNews:
    """What webhooks are made of: `kind` is `page.content_updated` and the like."""

    kind: str
    record: Page | Comment


class NotionWorld:
    """The workspace. Safe from any thread; times are the sandbox's clock's."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.lock = threading.RLock()
        self._numbers = self._signatures = 0
        self.users: dict[str, User] = {}
        self.sources: dict[str, DataSource] = {}
        self.pages: dict[str, Page] = {}
        self.blocks: dict[str, Block] = {}
        self.comments: dict[str, Comment] = {}
        self.watchers: list[Callable[[NotionNews], object]] = []
        self.tokens: set[str] = {SANDBOX_TOKEN}
        self.unshared: set[str] = set()
        """Pages, data sources and blocks that the connection may not see."""
        self.lacks: set[str] = set()
        """Capabilities that the connection lacks: `comments`, `users`."""
        self.unrendered: set[str] = set()
        """Pages that the markdown endpoint refuses."""
        self.most_a_page = 100
        self.most_rows = 10_000
        """What one query gives in all; at Notion the same."""
        self.most_blocks = 20_000
        """What one page's markdown holds."""
        self.requests_a_minute: int | None = None
        self.overloads = 0
        """How many of the next requests are answered 529."""
        self.lies = 0
        """How many of the next pages of lists that are not the last say that they are."""
        self.user = self.join("Mara Lind")

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self._clock()

    def join(self, name: str) -> User:
        """Somebody new."""
        with self.lock:
            user = User(self._id("user"), name)
            self.users[user.id] = user
            return user

    def create_source(self, title: str, schema: Mapping[str, str] | None = None) -> DataSource:
        """A database with one data source."""
        with self.lock:
            source = DataSource(
                self._id("source"), self._id("database"), title, dict(schema or {}), self.now
            )
            self.sources[source.id] = source
            return source

    def create_page(
        self,
        source: DataSource,
        title: str,
        *blocks: Block,
        properties: Mapping[str, tuple[str, object]] | None = None,
        user: User | None = None,
        at: datetime | None = None,
    ) -> Page:
        """A row; `properties` as `{"Status": ("select", {...})}`; `at` lets it be an old one."""
        with self.lock:
            moment = at or self.now
            author = (user or self.user).id
            page = Page(self._id("page"), source.id, title, author, moment, moment, {})
            page.properties.update(properties or {})
            self.pages[page.id] = page
            self._put(page.blocks, page.id, blocks)
            self._tell("page.created", page)
            return page

    def write(self, place: Page | Block, *blocks: Block, at: int | None = None) -> None:
        """New blocks on a page or inside a block, at its end or at that position."""
        with self.lock:
            siblings = place.blocks if isinstance(place, Page) else place.children
            self._put(siblings, place.id, blocks, at)
            self._tell("page.content_updated", self._touch(place.id))

    def rewrite(self, block: Block, words: str | Sequence[Json]) -> None:
        """Other words in a block of text."""
        with self.lock:
            block.value["rich_text"] = rich(words)
            self._tell("page.content_updated", self._touch(block.id))

    def erase(self, block: Block) -> None:
        """The block and all inside it, gone."""
        with self.lock:
            self._tell("page.content_updated", self._touch(block.id))
            above = self.blocks.get(block.parent)
            siblings = above.children if above else self.pages[block.parent].blocks
            siblings.remove(block)
            for each in block.walk():
                del self.blocks[each.id]

    def rename(self, page: Page, title: str) -> None:
        """Another title."""
        with self.lock:
            page.title = title
            self._tell("page.properties_updated", self._touch(page.id))

    def set_property(self, page: Page, name: str, kind: str, value: object) -> None:
        """Another value."""
        with self.lock:
            page.properties[name] = (kind, value)
            self._tell("page.properties_updated", self._touch(page.id))

    def comment(self, place: Page | Block, words: str, user: User | None = None) -> Comment:
        """A comment; no edit of its page."""
        with self.lock:
            now, on_block = self.now, isinstance(place, Block)
            author = (user or self.user).id
            made = Comment(self._id("comment"), place.id, on_block, author, words, now, now)
            self.comments[made.id] = made
            self._tell("comment.created", made)
            return made

    def edit_comment(self, comment: Comment, words: str) -> None:
        """Other words; no edit of its page."""
        with self.lock:
            comment.words, comment.edited_at = words, self.now
            self._tell("comment.updated", comment)

    def trash(self, page: Page, *, quiet: bool = False) -> None:
        """Into the trash, from where it may come back."""
        self._mark(page, quiet=quiet, in_trash=True)
        self._tell("page.deleted", page)

    def restore(self, page: Page, *, quiet: bool = False) -> None:
        """Back from the trash and from the archive."""
        self._mark(page, quiet=quiet, in_trash=False)
        self._tell("page.undeleted", page)

    def archive(self, page: Page, *, quiet: bool = False) -> None:
        """Out of sight, and not in the trash."""
        self._mark(page, quiet=quiet, is_archived=True)

    def move(self, page: Page, source: DataSource, *, quiet: bool = False) -> None:
        """To another data source."""
        with self.lock:
            page.source = source.id
            if not quiet:
                self._touch(page.id)
            self._tell("page.moved", page)

    def delete(self, page: Page) -> None:
        """Gone for good, as after thirty days in the trash."""
        with self.lock:
            del self.pages[page.id]
            for each in page.walk():
                del self.blocks[each.id]

    def listed(self, source: str) -> list[Page]:
        """The pages of a data source, trashed and archived ones too, in order of creation."""
        with self.lock:
            found = [page for page in self.pages.values() if page.source == source]
            return sorted(found, key=lambda page: (page.created_at, page.id))

    def page_of(self, place: str) -> Page:
        """The page that a block stands on, by the id of either."""
        with self.lock:
            while place in self.blocks:
                place = self.blocks[place].parent
            return self.pages[place]

    def children(self, place: str) -> list[Block] | None:
        """The blocks inside a page or block, a synced copy's being those of its original; None
        where there is no such place, or none for us.
        """
        with self.lock:
            if place in self.unshared:
                return None
            if place in self.pages:
                return self.pages[place].blocks
            found = self.blocks.get(place)
            if found is None:
                return None
            return self.children(found.origin) if found.origin else found.children

    def comments_on(self, place: str) -> list[Comment]:
        """The open ones, oldest first."""
        with self.lock:
            found = [each for each in self.comments.values() if each.parent == place]
            return [each for each in found if not each.resolved]

    def sign(self, path: str) -> str:
        """A hosted file's address: another one for every answer."""
        with self.lock:
            self._signatures += 1
            signature = f"X-Amz-Expires=3600&X-Amz-Signature=sig{self._signatures:08d}&x-id=Get"
            return f"https://prod-files-secure.s3.us-west-2.amazonaws.com/{path}?{signature}"

    def _mark(
        self, page: Page, *, quiet: bool, in_trash: bool = False, is_archived: bool = False
    ) -> None:
        with self.lock:
            page.in_trash, page.is_archived = in_trash, is_archived
            if not quiet:
                self._touch(page.id)

    def _put(
        self, siblings: list[Block], parent: str, blocks: Sequence[Block], at: int | None = None
    ) -> None:
        place = len(siblings) if at is None else at
        siblings[place:place] = blocks
        for block in blocks:
            block.id, block.parent = self._id("block"), parent
            self.blocks[block.id] = block
            inside, block.children = block.children, []
            self._put(block.children, block.id, inside)

    def _touch(self, place: str) -> Page:
        page = self.page_of(place)
        page.edited_at = self.now
        return page

    def _tell(self, kind: str, record: Page | Comment) -> None:
        for watcher in self.watchers:
            watcher(NotionNews(kind, record))

    def _id(self, kind: str) -> str:
        self._numbers += 1
        made = hashlib.sha256(f"{kind}{self._numbers}".encode()).hexdigest()[:32]
        return str(uuid.UUID(made))
