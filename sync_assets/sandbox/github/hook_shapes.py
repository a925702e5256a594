"""Records as webhooks show them: as REST does, but for some members.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sync_assets.sandbox.github.records import (
    Account,
    Comment,
    InlineComment,
    Item,
    Label,
    Milestone,
    Review,
    Thread,
)
from sync_assets.sandbox.github.repository_shape import user_shape
from sync_assets.sandbox.github.shapes import GHOST, Shape, Shapes
from sync_assets.sandbox.github.times import time_text

_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
_ONLY_ALONE = {
    "additions",
    "changed_files",
    "comments",
    "commits",
    "deletions",
    "maintainer_can_modify",
    "mergeable",
    "mergeable_state",
    "merged",
    "merged_by",
    "rebaseable",
    "review_comments",
}
"""What a pull request shows where the event is about it, and not where it is about a part of it."""


@dataclass(frozen=True, slots=True)
class HookShapes:
    """Of one repository, at the time of the event."""

    shapes: Shapes
    at: datetime

    def repository(self) -> Shape:
        """The repository; `pushed_at` stays as it is told elsewhere."""
        more: Shape = {
            "updated_at": time_text(self.at),
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "custom_properties": {},
        }
        shown = self.shapes.full_repository() | more
        return _without(shown, "subscribers_count", "network_count")

    def account(self, account: Account | None) -> Shape:
        """Nobody is a ghost here, who is null in REST."""
        known = account is not None and not account.deleted
        return user_shape(self.shapes.web, account if known and account else GHOST)

    def organization(self) -> Shape:
        """The owner, where it is no person."""
        owner, web = self.shapes.owner, self.shapes.web
        url = f"{web}/api/v3/orgs/{owner.login}"
        return {
            "login": owner.login,
            "id": owner.database_id,
            "node_id": owner.node_id,
            "url": url,
            **{f"{name}_url": f"{url}/{name}" for name in ("repos", "events", "hooks", "issues")},
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"{web}/avatars/u/{owner.database_id}",
            "description": None,
        }

    def issue(self, item: Item) -> Shape:
        """An issue, or a pull request as one."""
        shown = self._by(item, self.shapes.issue(item))
        return _without(shown | self._reactions(shown), "closed_by")

    def pull(self, item: Item) -> Shape:
        """A pull request that the event is about."""
        shown = self._by(item, self.shapes.full_pull(item)) | {"rebaseable": None}
        return shown | {name: self._end(shown[name]) for name in ("head", "base")}

    def pull_of_part(self, item: Item) -> Shape:
        """A pull request that the event is about a part of."""
        return _without(self.pull(item), *_ONLY_ALONE)

    def comment(self, comment: Comment) -> Shape:
        """A comment."""
        shown = self._by(comment, self.shapes.comment(comment))
        return shown | self._reactions(shown) | {"performed_via_github_app": None}

    def inline(self, comment: InlineComment) -> Shape:
        """An inline comment."""
        shown = self._by(comment, self.shapes.inline(comment))
        line = {"line": comment.thread.line, "start_side": None, "position": 1}
        return shown | line | {"original_position": 1} | self._reactions(shown)

    def review(self, review: Review) -> Shape:
        """A review; its state is in small letters here."""
        return self._by(review, self.shapes.review(review)) | {"state": review.state.lower()}

    def thread(self, thread: Thread) -> Shape:
        """A thread."""
        comments = [self.inline(comment) for comment in thread.comments]
        return {"node_id": thread.node_id, "comments": comments}

    def label(self, label: Label) -> Shape:
        """A label."""
        return self.shapes.label(label)

    def milestone(self, milestone: Milestone) -> Shape:
        """A milestone."""
        return self.shapes.milestone(milestone)

    def _by(self, entry: Item | Comment | InlineComment | Review, shown: Shape) -> Shape:
        return shown | {"user": self.account(entry.author)}

    def _end(self, shown: object) -> Shape:
        return {**cast("Mapping[str, object]", shown), "repo": self.repository()}

    @staticmethod
    def _reactions(shown: Shape) -> Shape:
        counts: Shape = dict.fromkeys(_REACTIONS, 0)
        return {"reactions": {"url": f"{shown['url']}/reactions", "total_count": 0} | counts}


def _without(shown: Shape, *names: str) -> Shape:
    return {name: value for name, value in shown.items() if name not in names}
