"""What a workspace of the sandbox's Linear is made of. Times are to the millisecond."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

PRIORITIES = ("No priority", "Urgent", "High", "Medium", "Low")
WEB = "https://linear.app/acme"


@dataclass(slots=True)
class User:
    """A member of the workspace; also somebody outside, who writes through an integration."""

    id: str
    name: str
    display_name: str
    active: bool = True

    @property
    def email(self) -> str:
        """An address that no mail reaches."""
        return f"{self.display_name}@acme.example"


@dataclass(slots=True)
class Bot:
    """An integration that acts itself."""

    id: str
    name: str
    type: str
    user_display_name: str | None = None


@dataclass(slots=True)
class Named:
    """A project, a milestone, a label or a state: its name may change."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    type: str = ""
    color: str = "#5e6ad2"


@dataclass(slots=True)
class Cycle:
    """A cycle; most have no name of their own."""

    id: str
    number: int
    name: str | None = None


@dataclass(slots=True)
class Team:
    """A team; `key` begins the identifiers of its issues. A `hidden` one our key may not see."""

    id: str
    key: str
    name: str
    created_at: datetime
    updated_at: datetime
    last_number: int = 0
    hidden: bool = False
    archived_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Issue:
    """An issue; its id stays, whatever team it moves to."""

    id: str
    team: Team
    number: int
    title: str
    description: str | None
    state: Named
    created_at: datetime
    updated_at: datetime
    creator: User | None = None
    assignee: User | None = None
    bot_actor: Bot | None = None
    external_user_creator: User | None = None
    labels: list[Named] = field(default_factory=list[Named])
    project: Named | None = None
    project_milestone: Named | None = None
    cycle: Cycle | None = None
    priority: int = 0
    estimate: float | None = None
    due_date: date | None = None
    parent: "Issue | None" = None
    previous_identifiers: list[str] = field(default_factory=list[str])
    archived_at: datetime | None = None
    trashed: bool | None = None
    children: list["Issue"] = field(default_factory=list["Issue"])
    comments: list["Comment"] = field(default_factory=list["Comment"])
    attachments: list["Attachment"] = field(default_factory=list["Attachment"])
    relations: list["Relation"] = field(default_factory=list["Relation"])
    inverse_relations: list["Relation"] = field(default_factory=list["Relation"])

    @property
    def identifier(self) -> str:
        """As people say it: `ENG-42`."""
        return f"{self.team.key}-{self.number}"

    @property
    def url(self) -> str:
        """Where people see it."""
        words = "".join(sign if sign.isalnum() else " " for sign in self.title.lower()).split()
        return f"{WEB}/issue/{self.identifier}/{'-'.join(words) or 'issue'}"

    @property
    def priority_label(self) -> str:
        """The priority in words."""
        return PRIORITIES[self.priority]

    @property
    def branch_name(self) -> str:
        """The branch that Linear proposes."""
        return f"mara/{self.identifier.lower()}"


@dataclass(slots=True, eq=False)
class Comment:
    """A comment; a reply where it has a `parent`."""

    id: str
    issue: Issue
    body: str
    created_at: datetime
    updated_at: datetime
    user: User | None = None
    parent: "Comment | None" = None
    bot_actor: Bot | None = None
    external_user: User | None = None
    quoted_text: str | None = None
    edited_at: datetime | None = None
    resolved_at: datetime | None = None
    archived_at: datetime | None = None

    @property
    def url(self) -> str:
        """Where people see it."""
        return f"{self.issue.url}#comment-{self.id[:8]}"

    @property
    def issue_id(self) -> str:
        """Of what it is about."""
        return self.issue.id

    @property
    def parent_id(self) -> str | None:
        """Of what it answers."""
        return self.parent and self.parent.id


@dataclass(slots=True, eq=False)
class Attachment:
    """A link from an issue to somewhere else: a pull request, a Slack thread."""

    id: str
    issue: Issue
    title: str
    url: str
    created_at: datetime
    updated_at: datetime
    subtitle: str | None = None
    source_type: str | None = None
    creator: User | None = None
    archived_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True, eq=False)
class Relation:
    """`issue` blocks, duplicates or is related to `related_issue`."""

    id: str
    type: str
    issue: Issue
    related_issue: Issue
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, eq=False)
class Webhook:
    """An address that is told of changes; its secret is shown to nobody."""

    id: str
    url: str
    resource_types: list[str]
    created_at: datetime
    updated_at: datetime
    enabled: bool = True
    all_public_teams: bool = False
    label: str | None = None
