"""What we read of Vercel's JSON; all else is dropped at this door, the values of variables first.

https://vercel.com/docs/rest-api: list v7, detail v13, events v3, environment v10.
"""

from datetime import datetime
from typing import Annotated, Literal, Self, cast

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

State = Literal[
    "QUEUED", "INITIALIZING", "BUILDING", "READY", "ERROR", "CANCELED", "BLOCKED", "DELETED"
]
RUNNING: frozenset[State] = frozenset({"QUEUED", "INITIALIZING", "BUILDING", "BLOCKED"})
"""States that change by themselves."""
LONGEST_BUILD_MS = 3_600_000
"""More than the 45 minutes after which Vercel ends a build: https://vercel.com/docs/limits."""
LOG_SETTLES_MS = 300_000
"""A deployment is ready before its build has said all: of its cache, for a minute or two."""


class Payload(BaseModel):
    """Base: unknown fields are ignored, for vendors add some every week."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Person(Payload):
    """Who started a deployment."""

    username: str | None = None
    email: str | None = None
    github_login: str | None = Field(default=None, validation_alias="githubLogin")

    @property
    def shown(self) -> str | None:
        """The name that people know; the mail address is for no index."""
        return self.username or self.github_login


def _texts(meta: object) -> dict[str, str]:
    """`meta` is anything that a client sent; only texts mean something to us."""
    pairs = cast("dict[object, object]", meta) if isinstance(meta, dict) else {}
    return {str(name): value for name, value in pairs.items() if isinstance(value, str)}


class Deployment(Payload):
    """A deployment, as the list (`uid`, `created`) and as the detail (`id`, `createdAt`) give it.

    Times are milliseconds since 1970; at `told_at` Vercel said so.
    """

    id: str = Field(validation_alias=AliasChoices("uid", "id"))
    name: str
    url: str | None = None
    state: State = Field(validation_alias=AliasChoices("readyState", "state", "status"))
    substate: str | None = Field(None, alias="readySubstate")
    target: str | None = None
    created: int = Field(validation_alias=AliasChoices("created", "createdAt"))
    building_at: int | None = Field(None, alias="buildingAt")
    ready_at: int | None = Field(None, alias="ready")
    canceled_at: int | None = Field(None, alias="canceledAt")
    failed_at: int | None = Field(None, alias="buildErrorAt")
    deleted_at: int | None = Field(None, validation_alias=AliasChoices("deleted", "deletedAt"))
    undeleted_at: int | None = Field(
        None, validation_alias=AliasChoices("undeleted", "undeletedAt")
    )
    soft_deleted: bool = Field(default=False, alias="softDeletedByRetention")
    project_id: str | None = Field(None, alias="projectId")
    inspector_url: str | None = Field(None, alias="inspectorUrl")
    creator: Person = Person()
    meta: Annotated[dict[str, str], BeforeValidator(_texts)] = {}
    error_code: str | None = Field(None, alias="errorCode")
    error_message: str | None = Field(None, alias="errorMessage")
    error_step: str | None = Field(None, alias="errorStep")
    checks: str | None = Field(None, alias="checksConclusion")
    source: str | None = None
    aliases: tuple[str, ...] = Field((), alias="alias")
    told_at: int = 0

    @property
    def is_running(self) -> bool:
        """Whether its state is still to change by itself."""
        return self.state in RUNNING

    @property
    def log_grows(self) -> bool:
        """Whether it has ended so lately that its log may not be whole. No list tells when a build
        failed or was cancelled.
        """
        ended = self.ready_at or self.created + LONGEST_BUILD_MS
        return not self.is_running and self.told_at < ended + LOG_SETTLES_MS

    def as_told(self, at: datetime) -> Self:
        """With the vendor's time of the answer."""
        return self.model_copy(update={"told_at": round(at.timestamp() * 1000)})

    @property
    def is_deleted(self) -> bool:
        """Gone for readers, though Vercel may keep it for a recovery window.

        https://vercel.com/docs/deployment-retention
        """
        deleted = (self.deleted_at or 0) > (self.undeleted_at or 0)
        return self.state == "DELETED" or self.soft_deleted or deleted


class _Pagination(Payload):
    next: int | None = None


class DeploymentPage(Payload):
    """One page of the list, newest first."""

    deployments: list[Deployment]
    pagination: _Pagination


class _EventText(Payload):
    text: str | None = None


class BuildEvent(Payload):
    """One line of a build's log, in either of the two shapes that v3 gives."""

    type: str
    flat: str | None = Field(None, alias="text")
    payload: _EventText = _EventText()

    @property
    def text(self) -> str | None:
        """The line, if the event has one."""
        return self.flat if self.flat is not None else self.payload.text


class Variable(Payload):
    """An environment variable's name and where it holds. There is no field for its value."""

    key: str
    target: Annotated[
        tuple[str, ...], BeforeValidator(lambda one: (one,) if isinstance(one, str) else one)
    ] = ()
    git_branch: str | None = Field(None, alias="gitBranch")


class Variables(Payload):
    """Of one project."""

    envs: list[Variable]
    pagination: _Pagination = _Pagination()


class Project(Payload):
    """A project."""

    id: str
    name: str


class ProjectPage(Payload):
    """One page of a team's projects."""

    projects: list[Project]
    pagination: _Pagination = _Pagination()


class SourceFile(Payload):
    """A node of the tree that was uploaded (deployments from the command line only)."""

    name: str
    type: str
    children: tuple["SourceFile", ...] = ()


class Job(Payload):
    """What a deploy hook answers: no deployment yet.

    https://vercel.com/docs/deploy-hooks
    """

    id: str
    state: str
    created: int = Field(alias="createdAt")


class Hooked(Payload):
    """A deploy hook's answer."""

    job: Job


DETAIL = TypeAdapter(Deployment)
PAGE = TypeAdapter(DeploymentPage)
EVENTS: TypeAdapter[list[BuildEvent] | None] = TypeAdapter(list[BuildEvent] | None)
VARIABLES = TypeAdapter(Variables)
PROJECT = TypeAdapter(Project)
PROJECTS = TypeAdapter(ProjectPage)
FILES = TypeAdapter(list[SourceFile])
HOOKED = TypeAdapter(Hooked)
