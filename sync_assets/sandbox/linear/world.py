"""What the sandbox's Linear holds: one workspace with teams, people and issues.

An action bumps the `updatedAt` of what it changes and of nothing else: a comment, an attachment, a
relation or a new name of a label leaves its issue's time alone. Linear itself promises no more than
that the time is that of the last "meaningful" update.
"""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sync_assets.sandbox.linear.records import (
    Attachment,
    Bot,
    Comment,
    Cycle,
    Issue,
    Named,
    Relation,
    Team,
    User,
    Webhook,
)

SANDBOX_TOKEN = "lin_api_sandbox"  # noqa: S105 - opens the sandbox, and nothing else
ORGANIZATION = "acme"
_MILLISECOND = timedelta(milliseconds=1)


_TOLD = {"label": "IssueLabel", "project": "Project"}
"""Of what has a name, the kinds that are told when they have another."""


@dataclass(frozen=True, slots=True)
class LinearNews:
    """What webhooks are made of. `former` are values that are no more: `{"teamId": "..."}`."""

    kind: str
    action: Literal["create", "update", "remove"]
    record: Issue | Comment | Attachment | Named
    former: Mapping[str, str] = field(default_factory=dict[str, str])


class LinearWorld:
    """One workspace. Safe from any thread; times are the sandbox's clock's, each one later than the
    one before.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last: datetime | None = None
        self._numbers = 0
        self.lock = threading.RLock()
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.names: dict[str, Named] = {}
        self.issues: dict[str, Issue] = {}
        self.comments: dict[str, Comment] = {}
        self.attachments: dict[str, Attachment] = {}
        self.watchers: list[Callable[[LinearNews], object]] = []
        self.webhooks: dict[str, Webhook] = {}
        self.subscribe: Callable[[str, str], object] = lambda url, secret: (url, secret)
        """Hears of every webhook that is made by the API: its address, and its secret."""
        self.tokens: set[str] = {SANDBOX_TOKEN}
        """Personal keys as they are, OAuth tokens with `Bearer ` before them."""
        self.requests_an_hour = 2_500
        self.complexity_an_hour = 3_000_000
        self.most_a_page = 250
        self.lies = 0
        """How many of the next full pages that are not the last say that they are."""

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self._clock()

    def create_team(self, key: str, name: str) -> Team:
        """A team without issues."""
        with self.lock:
            now = self._tick()
            team = self.teams[key] = Team(self._id(), key, name, now, now)
            return team

    def archive_team(self, key: str) -> Team:
        """It keeps its key and its issues; another team may get the key too."""
        with self.lock:
            team = self.teams.pop(key)
            team.archived_at = self._tick()
            self.teams[team.id] = team
            return team

    def join(self, display_name: str, name: str) -> User:
        """Somebody new."""
        with self.lock:
            user = self.users[display_name] = User(self._id(), name, display_name)
            return user

    def named(self, kind: str, name: str) -> Named:
        """The state, label, project or milestone of that name, made where there is none."""
        with self.lock:
            known = f"{kind}:{name}"
            if known not in self.names:
                now = self._tick()
                self.names[known] = Named(self._id(), name, now, now, type="started")
            return self.names[known]

    def rename(self, thing: Named, name: str) -> None:
        """It is called something else from now on; issues that name it keep their times."""
        with self.lock:
            thing.name, thing.updated_at = name, self._tick()
            kind = next(key for key, each in self.names.items() if each is thing).partition(":")[0]
            if kind in _TOLD:
                self._tell(LinearNews(_TOLD[kind], "update", thing))

    def open_issue(
        self,
        team: str,
        title: str,
        description: str | None = None,
        *,
        by: str | None = "mara",
        state: str = "Todo",
        labels: Sequence[str] = (),
        at: datetime | None = None,
        **facts: Any,  # noqa: ANN401 - fields of the record
    ) -> Issue:
        """A new issue of the team with that key; `at` lets it be an old one."""
        with self.lock:
            owner, when = self.teams[team], at or self._tick()
            owner.last_number += 1
            issue = Issue(
                self._id(),
                owner,
                owner.last_number,
                title,
                description,
                self.named("state", state),
                when,
                when,
                creator=self.users.get(by or ""),
                labels=[self.named("label", name) for name in labels],
                **facts,
            )
            self.issues[issue.id] = issue
            if issue.parent:
                issue.parent.children.append(issue)
            self._tell(LinearNews("Issue", "create", issue))
            return issue

    def edit(self, issue: Issue, **facts: Any) -> None:  # noqa: ANN401 - fields of the record
        """Other facts from now on: `title="..."`, `parent=other`."""
        with self.lock:
            former = {"teamId": issue.team.id} if "team" in facts else {}
            self._change(issue, **facts)
            self._tell(LinearNews("Issue", "update", issue, former))

    def _change(self, issue: Issue, **facts: Any) -> None:  # noqa: ANN401 - fields of the record
        with self.lock:
            if "parent" in facts and issue.parent:
                issue.parent.children.remove(issue)
            for name, fact in facts.items():
                setattr(issue, name, fact)
            if facts.get("parent"):
                facts["parent"].children.append(issue)
            issue.updated_at = self._tick()

    def move(self, issue: Issue, team: str) -> None:
        """To another team: with another identifier, and the same id."""
        with self.lock:
            owner = self.teams[team]
            owner.last_number += 1
            former = [*issue.previous_identifiers, issue.identifier]
            self.edit(issue, team=owner, number=owner.last_number, previous_identifiers=former)

    def archive(self, issue: Issue) -> None:
        """Out of sight, and still there."""
        with self.lock:
            self.edit(issue, archived_at=self._tick())

    def trash(self, issue: Issue) -> None:
        """Into the bin, where it is for 30 days."""
        with self.lock:
            self._change(issue, archived_at=self._tick(), trashed=True)
            self._tell(LinearNews("Issue", "remove", issue))

    def restore(self, issue: Issue) -> None:
        """Out of the bin or the archive."""
        self.edit(issue, archived_at=None, trashed=None)

    def delete(self, issue: Issue) -> None:
        """For good and at once, with all that belongs to it."""
        with self.lock:
            del self.issues[issue.id]
            for comment in issue.comments:
                del self.comments[comment.id]
            for attachment in issue.attachments:
                del self.attachments[attachment.id]
            for relation in [*issue.relations, *issue.inverse_relations]:
                self.unrelate(relation)
            for child in issue.children:
                child.parent = None
            if issue.parent:
                issue.parent.children.remove(issue)
            self._tell(LinearNews("Issue", "remove", issue))

    def comment(
        self,
        issue: Issue,
        body: str,
        *,
        by: str | None = "tomas",
        parent: Comment | None = None,
        at: datetime | None = None,
        **facts: Any,  # noqa: ANN401 - fields of the record
    ) -> Comment:
        """A comment, or a reply to one."""
        with self.lock:
            when, user = at or self._tick(), self.users.get(by or "")
            made = Comment(self._id(), issue, body, when, when, user, parent, **facts)
            self.comments[made.id] = made
            issue.comments.append(made)
            self._tell(LinearNews("Comment", "create", made))
            return made

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Other words."""
        with self.lock:
            now = self._tick()
            comment.body, comment.edited_at, comment.updated_at = body, now, now
            self._tell(LinearNews("Comment", "update", comment))

    def resolve(self, comment: Comment) -> None:
        """Its thread has come to an end."""
        with self.lock:
            comment.resolved_at = comment.updated_at = self._tick()
            self._tell(LinearNews("Comment", "update", comment))

    def delete_comment(self, comment: Comment, *, softly: bool = False) -> None:
        """Gone; `softly`: archived, and so kept from all who do not ask for it."""
        with self.lock:
            if softly:
                comment.archived_at = comment.updated_at = self._tick()
            else:
                del self.comments[comment.id]
                comment.issue.comments.remove(comment)
                for reply in comment.issue.comments:
                    if reply.parent is comment:
                        reply.parent = None
            self._tell(LinearNews("Comment", "remove", comment))

    def attach(self, issue: Issue, title: str, url: str, **facts: Any) -> Attachment:  # noqa: ANN401 - as above
        """A link from the issue."""
        with self.lock:
            now = self._tick()
            made = Attachment(self._id(), issue, title, url, now, now, **facts)
            self.attachments[made.id] = made
            issue.attachments.append(made)
            self._tell(LinearNews("Attachment", "create", made))
            return made

    def edit_attachment(self, attachment: Attachment, **facts: Any) -> None:  # noqa: ANN401 - as above
        """Another title or subtitle."""
        with self.lock:
            for name, fact in facts.items():
                setattr(attachment, name, fact)
            attachment.updated_at = self._tick()
            self._tell(LinearNews("Attachment", "update", attachment))

    def detach(self, attachment: Attachment) -> None:
        """The link is gone."""
        with self.lock:
            del self.attachments[attachment.id]
            attachment.issue.attachments.remove(attachment)
            self._tell(LinearNews("Attachment", "remove", attachment))

    def relate(self, issue: Issue, kind: str, other: Issue) -> Relation:
        """`blocks`, `duplicate` or `related`."""
        with self.lock:
            now = self._tick()
            made = Relation(self._id(), kind, issue, other, now, now)
            issue.relations.append(made)
            other.inverse_relations.append(made)
            return made

    def unrelate(self, relation: Relation) -> None:
        """No longer."""
        with self.lock:
            relation.issue.relations.remove(relation)
            relation.related_issue.inverse_relations.remove(relation)

    def create_webhook(self, url: str, secret: str, **facts: Any) -> Webhook:  # noqa: ANN401 - as above
        """An address that is told of what happens from now on."""
        with self.lock:
            now = self._tick()
            made = Webhook(self._id(), url, facts.pop("resource_types"), now, now, **facts)
            self.webhooks[made.id] = made
            self.subscribe(url, secret)
            return made

    def update_webhook(self, hook: Webhook, secret: str, **facts: Any) -> None:  # noqa: ANN401 - as above
        """Other facts, and another secret."""
        with self.lock:
            for name, fact in facts.items():
                setattr(hook, name, fact)
            hook.updated_at = self._tick()
            self.subscribe(hook.url, secret)

    def bot(self, name: str, kind: str) -> Bot:
        """An integration."""
        return Bot(self._id(), name, kind)

    def cycle(self, number: int, name: str | None = None) -> Cycle:
        """A cycle."""
        return Cycle(self._id(), number, name)

    def _tell(self, news: LinearNews) -> None:
        for watcher in self.watchers:
            watcher(news)

    def _tick(self) -> datetime:
        """Now, to the millisecond, and later than any time before."""
        now = self._clock()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if self._last is not None and now <= self._last:
            now = self._last + _MILLISECOND
        self._last = now
        return now

    def _id(self) -> str:
        self._numbers += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"linear-sandbox/{self._numbers}"))
