"""What a GraphQL query may see, and what it asks about more than once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from sync_assets.sandbox.access import Tokens, refusal
from sync_assets.sandbox.github.git_views import View
from sync_assets.sandbox.github.node_ids import account_node_id
from sync_assets.sandbox.github.objects import Objects
from sync_assets.sandbox.github.records import Account, Item, Label, Milestone
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.github.trackers import Trackers
from sync_assets.sandbox.repositories import Repository

Resolver = Callable[[Any, "Context", Mapping[str, Any]], Any]
"""A field of a record, with the field's arguments."""
Fields = dict[str, Resolver]


@dataclass(slots=True)
class Context:
    """One query of somebody with a good token. `quota` is what is left of its hour."""

    trackers: Trackers
    objects: Objects
    tokens: Tokens
    token: str
    web: str
    text_bytes: int
    points: int
    nodes: int
    quota: Mapping[str, int]
    ids: dict[str, Any] | None = None

    def repository(self, name: str) -> Repository | None:
        """The repository of a name, or of one that it had, if the token reads it."""
        found = self.trackers.repositories.find(name) or self.trackers.repositories.moved(name)
        return found if found is not None and self.sees(found) else None

    def sees(self, repository: Repository) -> bool:
        """Whether the token reads it."""
        name, private = repository.name, repository.private
        return refusal(self.tokens, self.token, name, private=private) is None

    def home(self, item: Item) -> Repository:
        """The repository of an item."""
        found = self.trackers.repositories.numbered(item.repository)
        if found is None:
            raise GraphQLError("The repository is gone.", extensions={"type": "NOT_FOUND"})
        return found

    def tracker(self, item: Item) -> Tracker:
        """The tracker of an item."""
        return self.trackers.of(self.home(item))

    def path(self, item: Item) -> str:
        """Where people look at an item."""
        kind = "issues" if item.pull is None else "pull"
        return f"/{self.home(item).name}/{kind}/{item.number}"

    def object(self, repository: Repository, expression: str) -> View | None:
        """A git object by an expression."""
        found = self.objects.read(repository, expression)
        return None if found is None else View(repository, found, self.text_bytes)

    def owner_of(self, record: Label | Milestone) -> Repository:
        """The repository of a label or milestone."""
        for repository in self.trackers.repositories.all():
            tracker = self.trackers.of(repository)
            if record in tracker.labels.values() or record in tracker.milestones.values():
                return repository
        raise GraphQLError("The repository is gone.", extensions={"type": "NOT_FOUND"})

    def node(self, node: str) -> Any:  # noqa: ANN401 - any record
        """What an id names; NOT_FOUND if nothing that the token may see."""
        if self.ids is None:
            self.ids = self._all_ids()
        if node not in self.ids:
            text = f"Could not resolve to a node with the global id of '{node}'"
            raise GraphQLError(text, extensions={"type": "NOT_FOUND"})
        return self.ids[node]

    def _all_ids(self) -> dict[str, Any]:
        ids: dict[str, Any] = {account.node_id: account for account in self.trackers.accounts.all()}
        for repository in self.trackers.repositories.all():
            if not self.sees(repository):
                continue
            ids[account_node_id("R", repository.number)] = repository
            tracker = self.trackers.of(repository)
            ids |= {label.node_id: label for label in tracker.labels.values()}
            for item in tracker.items.values():
                ids[item.node_id] = item
                ids |= {comment.node_id: comment for comment in item.comments}
                if item.pull is not None:
                    ids |= {review.node_id: review for review in item.pull.reviews}
                    for thread in item.pull.threads:
                        ids[thread.node_id] = thread
                        ids |= {comment.node_id: comment for comment in thread.comments}
        return ids


def seen(account: Account | None) -> Account | None:
    """An author as GraphQL shows it: null once the account is gone."""
    return None if account is None or account.deleted else account
