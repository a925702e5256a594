"""Linear's issues as data, in the shape of its GraphQL. Pure.

Facts alone lack what only the whole has: such fields are None or empty there.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from sync_assets.http.payload import checked

NODE_T = TypeVar("NODE_T")
SOMEBODY = "somebody"
"""Who wrote what names no author: the account was deleted, or an integration wrote it."""
_TITLE = re.compile(r"(?<=/issue/)([A-Za-z0-9]+-\d+)/[^/?#]*")


def _without_title(url: str) -> str:
    return _TITLE.sub(r"\1", url, count=1)


Address = Annotated[str, AfterValidator(_without_title)]
"""Of an issue, or a place in it. What Linear repeats of the title there is needed by nobody, and
no rule would find a secret in it.
"""


class Node(BaseModel):
    """Base of what the vendor sends; what we do not ask for is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class PageInfo(Node):
    """Whether a connection goes on, and after which cursor."""

    has_next_page: bool
    end_cursor: str | None = None


class Page(Node, Generic[NODE_T]):
    """A page of a connection; one below an issue comes without `page_info`."""

    nodes: list[NODE_T]
    page_info: PageInfo | None = None


class Person(Node):
    """A member of the workspace, or somebody who writes through an integration."""

    display_name: str


class Bot(Node):
    """An integration that acts; on behalf of somebody outside, where it tells."""

    name: str | None = None
    user_display_name: str | None = None


class Named(Node):
    """Something that has a name."""

    name: str


class State(Named):
    """A state of the team's workflow; `type` is one of Linear's own."""

    type: str


class Cycle(Node):
    """Most cycles have a number alone."""

    number: float
    name: str | None = None

    @property
    def title(self) -> str:
        """As Linear shows it."""
        return self.name or f"Cycle {self.number:g}"


class Team(Node):
    """The team that an issue is in now."""

    id: str
    key: str


class KnownTeam(Team):
    """A team that fits a scope."""

    archived_at: datetime | None = None


class Identified(Node):
    """Another issue."""

    identifier: str
    trashed: bool | None = None


class Relation(Node):
    """`relations` have the one that is referred to, `inverse_relations` the one that refers."""

    type: str
    related_issue: Identified | None = None
    issue: Identified | None = None


class Touched(Node):
    """What a feed shows of anything."""

    id: str
    updated_at: datetime
    archived_at: datetime | None = None


class Attachment(Touched):
    """A link to somewhere else."""

    title: str = ""
    subtitle: str | None = None
    url: str = ""
    created_at: datetime | None = None


class WithId(Node):
    """Of something, its id."""

    id: str


class Comment(Touched):
    """Somebody's words; a reply where it has a parent. `issue` is told where it does not stand
    below one.
    """

    body: str = ""
    url: Address = ""
    created_at: datetime | None = None
    parent_id: str | None = None
    quoted_text: str | None = None
    resolved_at: datetime | None = None
    user: Person | None = None
    bot_actor: Bot | None = None
    external_user: Person | None = None
    issue: WithId | None = None

    @property
    def speaker(self) -> str:
        return speaker(self.user, self.bot_actor, self.external_user)


class Issue(Touched):
    """An issue with what belongs to it."""

    identifier: str
    previous_identifiers: list[str]
    url: Address
    title: str
    description: str | None = None
    created_at: datetime
    trashed: bool | None = None
    priority: float
    priority_label: str
    estimate: float | None = None
    due_date: date | None = None
    team: Team
    state: State
    creator: Person | None = None
    assignee: Person | None = None
    bot_actor: Bot | None = None
    external_user_creator: Person | None = None
    project: Named | None = None
    project_milestone: Named | None = None
    cycle: Cycle | None = None
    parent: Identified | None = None
    labels: Page[Named]
    comments: Page[Comment]
    attachments: Page[Attachment]
    relations: Page[Relation]
    inverse_relations: Page[Relation]
    children: Page[Identified]

    @property
    def speaker(self) -> str:
        return speaker(self.creator, self.bot_actor, self.external_user_creator)

    def has(self, part: Touched) -> bool:
        """Whether a comment or attachment is still there: one that was archived before its issue
        was, or without it, was removed.
        """
        if part.archived_at is None:
            return True
        return self.archived_at is not None and part.archived_at >= self.archived_at

    @property
    def said(self) -> Sequence[Comment]:
        """Its comments, oldest first."""
        kept = [each for each in self.comments.nodes if self.has(each)]
        return sorted(kept, key=lambda each: (each.created_at or each.updated_at, each.id))

    @property
    def attached(self) -> Sequence[Attachment]:
        """Its attachments, oldest first."""
        kept = [each for each in self.attachments.nodes if self.has(each)]
        return sorted(kept, key=lambda each: (each.created_at or each.updated_at, each.id))


class IssueRow(Touched):
    """What the feed of issues shows."""

    trashed: bool | None = None
    previous_identifiers: list[str]
    team: WithId
    parent: WithId | None = None

    def was_in(self, team_key: str) -> bool:
        """Whether it was in that team once."""
        return any(name.startswith(f"{team_key}-") for name in self.previous_identifiers)


class Present(WithId):
    """That there is an issue, and whether it is in the bin."""

    trashed: bool | None = None


class Viewer(Node):
    """Whose key it is."""

    viewer: Person
    organization: Named


class CommentRow(Touched):
    """What the feed of comments shows; of an issue's, since we ask for no others."""

    issue: WithId


class _AttachedTo(WithId):
    team: WithId


class AttachmentRow(Touched):
    """What the feed of attachments shows, those of all teams."""

    issue: _AttachedTo


def speaker(user: Person | None, bot: Bot | None, outsider: Person | None) -> str:
    """Who acted, as Linear names them."""
    if user:
        return user.display_name
    if outsider:
        return outsider.display_name
    return (bot and (bot.user_display_name or bot.name)) or SOMEBODY


def page_of(data: Mapping[str, Any], name: str, shape: type[NODE_T]) -> Page[NODE_T]:
    """The connection of that name, checked."""
    return checked(Page[shape], data.get(name), f"Linear's {name}")
