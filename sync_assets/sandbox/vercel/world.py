"""What the sandbox's Vercel holds: projects, variables, deployments that move by the clock."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

State = Literal["QUEUED", "INITIALIZING", "BUILDING", "READY", "ERROR", "CANCELED", "BLOCKED"]
FINAL: frozenset[State] = frozenset({"READY", "ERROR", "CANCELED"})
TEAM = "acme"
SANDBOX_TOKEN = "vercel-sandbox-token"  # noqa: S105 - opens the sandbox, and nothing else
BUILD: Sequence[tuple[float, State]] = ((2, "INITIALIZING"), (5, "BUILDING"), (65, "READY"))
"""Seconds after creation -> state: a build that goes well."""
FAILURE: Sequence[tuple[float, State]] = ((2, "INITIALIZING"), (5, "BUILDING"), (1_205, "ERROR"))
"""One that fails after twenty minutes of building."""
DONE: Sequence[tuple[float, State]] = ((0, "BUILDING"), (0, "READY"))
"""One that was ready at once."""


@dataclass(slots=True)
class Variable:
    """An environment variable; the value is a secret that no client of ours may keep."""

    key: str
    value: str
    target: tuple[str, ...] = ("production", "preview")
    type: Literal["encrypted", "plain", "sensitive"] = "encrypted"


@dataclass(slots=True)
class Deployment:
    """A deployment: `plan` is how its state moves, `log` what its build says, a line an event."""

    id: str
    project: "Project"
    created: int
    plan: Sequence[tuple[float, State]]
    target: Literal["production", "staging"] | None
    meta: Mapping[str, str]
    log: Sequence[str]
    source: Literal["git", "cli"]
    files: Sequence[str]
    hook: str | None = None
    error: tuple[str, str] | None = None
    substate: Literal["STAGED", "PROMOTED"] | None = None
    aliases: tuple[str, ...] = ()
    canceled: int | None = None
    deleted: int | None = None
    soft_deleted: bool = False

    def reached(self, state: State, now: int) -> int | None:
        """When (ms) it came into the state, if it has."""
        if state == "CANCELED":
            return self.canceled
        for seconds, step in self.plan:
            at = self.created + round(seconds * 1000)
            if step == state and at <= now and (self.canceled is None or at < self.canceled):
                return at
        return None

    def state(self, now: int) -> State:
        """Where it stands."""
        if self.canceled is not None and self.canceled <= now:
            return "CANCELED"
        state: State = "QUEUED"
        for seconds, step in self.plan:
            if self.created + seconds * 1000 <= now:
                state = step
        return state


@dataclass(slots=True)
class Project:
    """A project of the team."""

    id: str
    name: str
    variables: list[Variable] = field(default_factory=list[Variable])
    deployments: dict[str, Deployment] = field(default_factory=dict[str, Deployment])
    hooks: dict[str, str] = field(default_factory=dict[str, str])
    """Secret part of a deploy hook's URL -> branch."""
    next_plan: Sequence[tuple[float, State]] = BUILD
    """How the deployment that a hook starts will go."""


Watcher = Callable[[str, Deployment], object]
"""Hears an event by Vercel's name for it: `deployment.created`."""
_TOLD: Mapping[State, str] = {"READY": "succeeded", "ERROR": "error", "CANCELED": "canceled"}


class VercelWorld:
    """One team's projects. Safe from any thread; times are the sandbox's clock's."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._numbers = 0
        self.projects: dict[str, Project] = {}
        self.tokens: set[str] = {SANDBOX_TOKEN}
        self.watchers: list[Watcher] = []
        self._told: dict[str, State] = {}
        self.most_a_page = 100
        self.lies = 0
        """So many pages are said to be the last."""
        self.requests_a_minute: int | None = None

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return round(self._clock().timestamp() * 1000)

    def create_project(self, name: str, variables: Sequence[Variable] = ()) -> Project:
        """A project without deployments."""
        with self._lock:
            project = Project(self._id("prj"), name, list(variables))
            self.projects[name] = project
            return project

    def project(self, name: str) -> Project | None:
        """By name or id."""
        found = self.projects.get(name)
        return found or next((each for each in self.projects.values() if each.id == name), None)

    def deploy(
        self,
        project: str,
        *,
        plan: Sequence[tuple[float, State]] = BUILD,
        target: Literal["production", "staging"] | None = None,
        meta: Mapping[str, str] | None = None,
        log: Sequence[str] = ("Cloning the repository", "Build completed"),
        source: Literal["git", "cli"] = "git",
        files: Sequence[str] = (),
        error: tuple[str, str] | None = None,
        created: int | None = None,
        hook: str | None = None,
    ) -> Deployment:
        """A deployment that begins now, unless `created` (ms) says when."""
        with self._lock:
            owner = self.projects[project]
            deployment = Deployment(
                self._id("dpl"),
                owner,
                self.now if created is None else created,
                plan,
                target,
                dict(meta or {}),
                tuple(log),
                source,
                tuple(files),
                hook,
                error,
                "STAGED" if target == "production" else None,
            )
            owner.deployments[deployment.id] = deployment
            self._tell("deployment.created", deployment)
            self.tell_states()
            return deployment

    def tell_states(self) -> None:
        """Tell of the deployments that the clock has brought to their end since the last time."""
        with self._lock:
            for deployment in self.listed(None):
                state = deployment.state(self.now)
                if state in FINAL and self._told.get(deployment.id) != state:
                    self._told[deployment.id] = state
                    self._tell(f"deployment.{_TOLD[state]}", deployment)

    def find(self, deployment: str) -> Deployment | None:
        """By id."""
        with self._lock:
            return next(
                (
                    each.deployments[deployment]
                    for each in self.projects.values()
                    if deployment in each.deployments
                ),
                None,
            )

    def promote(self, deployment: Deployment, *aliases: str) -> None:
        """It serves production from now on; what served it before loses its aliases."""
        with self._lock:
            for other in deployment.project.deployments.values():
                if other is not deployment and other.aliases:
                    other.aliases = ()
            deployment.substate, deployment.aliases = "PROMOTED", aliases
            self._tell("deployment.promoted", deployment)

    def cancel(self, deployment: Deployment) -> None:
        """Stop its build."""
        with self._lock:
            deployment.canceled = self.now
            self.tell_states()

    def delete(self, deployment: Deployment, *, soft: bool = False) -> None:
        """Gone at once, or kept unseen for the recovery window (`soft`)."""
        with self._lock:
            if soft:
                deployment.deleted, deployment.soft_deleted = self.now, True
            else:
                del deployment.project.deployments[deployment.id]

    def restore(self, deployment: Deployment) -> None:
        """Back from a soft deletion."""
        with self._lock:
            deployment.deleted, deployment.soft_deleted = None, False

    def listed(self, project: str | None) -> list[Deployment]:
        """Newest first; those of one millisecond in a fixed order."""
        with self._lock:
            owners = [self.project(project)] if project else list(self.projects.values())
            found = [each for owner in owners if owner for each in owner.deployments.values()]
            return sorted(found, key=lambda each: (-each.created, each.id))

    def _tell(self, event: str, deployment: Deployment) -> None:
        for watcher in self.watchers:
            watcher(event, deployment)

    def _id(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}_{hashlib.sha256(f'{kind}{self._numbers}'.encode()).hexdigest()[:24]}"
