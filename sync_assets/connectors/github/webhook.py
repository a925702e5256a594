"""GitHub's webhooks. Pure.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
https://docs.github.com/en/webhooks/webhook-events-and-payloads

Only the body is signed: the event's name and the delivery's id stand in headers that anyone may
change. So an event must have the shape that its name promises, and one that says the repository is
gone is only a reason to look.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from sync_assets.connectors.webhook import (
    Event,
    Ignored,
    Parsed,
    Payload,
    Webhook,
    check_hmac,
    epoch_time,
    iso_time,
    unsigned_id,
)
from sync_assets.errors import MalformedDelivery
from sync_assets.models import Source

FILES: Final = "files"
ISSUES: Final = "issues"
PULL_REQUESTS: Final = "pull_requests"
EVENTS: Final = (
    "push",
    "create",
    "delete",
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "label",
    "repository",
    "installation",
    "installation_repositories",
)
"""What we understand; `ping` comes by itself."""
HOOK_EVENTS: Final = tuple(event for event in EVENTS if not event.startswith("installation"))
"""What a repository's hook subscribes to: installations are told to apps alone."""

_BRANCH: Final = "refs/heads/"
_ENDS: Final = {
    "deleted": "GitHub says that the repository was deleted",
    "privatized": "GitHub says that the repository was made private",
}
_MOVES: Final = frozenset({"renamed", "transferred"})
"""Ends, too, where we may not read the repositories of whoever has it now."""
_REREAD: Final = frozenset({"publicized", "archived", "unarchived"})
_ABOUT_THE_REPOSITORY: Final = frozenset(
    {"action", "repository", "changes", "sender", "organization", "installation", "enterprise"}
)
_INSTALLATION: Final = frozenset(
    {"created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"}
)
_UNINSTALLED: Final = {
    "deleted": "GitHub says that the app was uninstalled",
    "suspend": "GitHub says that the app was suspended",
}


class GitHubWebhook(Webhook):
    """Calls of a repository's, an organization's or an app's hook."""

    name = "github"

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        secrets: Sequence[str],
        now: datetime,  # noqa: ARG002 - no time is signed
    ) -> None:
        check_hmac("sha256", headers.get("x-hub-signature-256", ""), "sha256=", body, secrets)

    def parse(self, headers: Mapping[str, str], body: bytes) -> Parsed:
        payload = Payload.parse(body)
        name = headers.get("x-github-event", "")
        read = _READERS.get(name)
        if name == "ping":
            return Ignored("a ping")
        if read is None:
            return Ignored("an event that changes no document of ours")
        return read(payload, unsigned_id(headers.get("x-github-delivery"), body))

    def concerns(self, event: Event, source: Source) -> bool:
        """By repository, whatever its capitals; what is about a branch, by branch too."""
        repository, _, branch = source.scope.partition("@")
        owner = repository.partition("/")[0]
        named = {repository.casefold(), f"{owner}/*".casefold()}
        places = (*event.places, *filter(None, [event.renamed_from]))
        if not named & {place.casefold() for place in places}:
            return False
        moved = event.hints.get("branch")
        wanted = branch or source.settings.get("branch") or event.hints.get("default_branch")
        return moved is None or wanted is None or moved == wanted


def _push(payload: Payload, delivery_id: str) -> Parsed:
    ref = payload.required("ref")
    if not ref.startswith(_BRANCH):
        return Ignored("a tag moved: branches are synced")
    branch = ref.removeprefix(_BRANCH)
    hints = _branch_hints(payload, branch)
    hints |= {"after": payload.text("after"), "forced": payload.flag("forced")}
    pushed_at = payload.number("repository", "pushed_at")
    return Event(
        delivery_id,
        "push",
        (_repository(payload),),
        (FILES,),
        f"branch:{branch}",
        hints,
        at=epoch_time(pushed_at) or iso_time(payload.text("repository", "pushed_at")),
        ends=_branch_deleted(branch) if payload.flag("deleted") else None,
    )


def _created(payload: Payload, delivery_id: str) -> Parsed:
    return _branch(payload, delivery_id, "create", ends=False)


def _deleted(payload: Payload, delivery_id: str) -> Parsed:
    return _branch(payload, delivery_id, "delete", ends=True)


def _branch(payload: Payload, delivery_id: str, kind: str, *, ends: bool) -> Parsed:
    branch = payload.required("ref")
    if payload.required("ref_type") != "branch":
        return Ignored("a tag moved: branches are synced")
    return Event(
        delivery_id,
        kind,
        (_repository(payload),),
        (FILES,),
        f"branch:{branch}",
        _branch_hints(payload, branch),
        at=_latest(payload.child("repository")),
        ends=_branch_deleted(branch) if ends else None,
    )


def _branch_hints(payload: Payload, branch: str) -> dict[str, JsonValue]:
    return {"branch": branch, "default_branch": payload.text("repository", "default_branch")}


def _branch_deleted(branch: str) -> str:
    return f"GitHub says that the branch {branch} was deleted"


def _issues(payload: Payload, delivery_id: str) -> Parsed:
    """Of an issue; a few actions come here for pull requests too."""
    action = payload.required("action")
    gone = action in {"deleted", "transferred"}
    return _item("issues", payload, payload.child("issue"), delivery_id, gone=gone)


def _issue_comment(payload: Payload, delivery_id: str) -> Parsed:
    return _item(
        "issue_comment", payload, payload.child("issue"), delivery_id, payload.child("comment")
    )


def _pull_request(kind: str) -> Callable[[Payload, str], Parsed]:
    def read(payload: Payload, delivery_id: str) -> Parsed:
        item = payload.child("pull_request")
        parts = [payload.child(name) for name in ("review", "comment")]
        return _item(kind, payload, item, delivery_id, *parts, stream=PULL_REQUESTS)

    return read


def _item(
    kind: str,
    payload: Payload,
    item: Payload,
    delivery_id: str,
    *parts: Payload,
    stream: str = "",
    gone: bool = False,
) -> Event:
    """About one issue or pull request, or a part of it: the whole is read again."""
    number = item.required_number("number")
    stream = stream or (PULL_REQUESTS if "pull_request" in item else ISSUES)
    hints: dict[str, JsonValue] = {"number": number, "node_id": item.required("node_id")}
    if gone:
        hints["gone"] = True
    return Event(
        delivery_id,
        f"{kind}.{payload.required('action')}",
        (_repository(payload),),
        (stream,),
        f"{stream}:{number}",
        hints,
        at=_latest(item, *parts),
    )


def _label(payload: Payload, delivery_id: str) -> Parsed:
    """Items that bear it change, and no feed reports them."""
    action = payload.required("action")
    name = payload.required("label", "name")
    if action == "created":
        return Ignored("a new label, which nothing bears yet")
    if action == "edited" and "name" not in payload.child("changes"):
        return Ignored("a label's colour or description")
    return Event(
        delivery_id,
        f"label.{action}",
        (_repository(payload),),
        (ISSUES, PULL_REQUESTS),
        f"label:{name}",
        {"label": name},
        sweep=True,
    )


def _repository_changed(payload: Payload, delivery_id: str) -> Parsed:
    action = payload.required("action")
    place = _repository(payload)
    default_branch = action == "edited" and "default_branch" in payload.child("changes")
    moves = action in _MOVES
    if not (action in _ENDS or moves or action in _REREAD or default_branch):
        return Ignored("a change of the repository that changes no document of ours")
    if strange := payload.members.keys() - _ABOUT_THE_REPOSITORY:
        raise MalformedDelivery(f"{len(strange)} members that no event of a repository has")
    return Event(
        delivery_id,
        f"repository.{action}",
        (place,),
        subject="repository",
        hints={"node_id": payload.text("repository", "node_id")},
        at=_latest(payload.child("repository")),
        ends=f"GitHub says that it was {action} to {place}" if moves else _ENDS.get(action),
        renamed_from=_former_name(payload, place) if moves else None,
    )


def _former_name(payload: Payload, place: str) -> str:
    owner, _, name = place.partition("/")
    before = payload.child("changes", "owner", "from")
    account = before.text("user", "login") or before.text("organization", "login")
    former = payload.text("changes", "repository", "name", "from")
    if account is None and former is None:
        raise MalformedDelivery("A repository moved, and from where is not said")
    return f"{account or owner}/{former or name}"


def _installation(payload: Payload, delivery_id: str) -> Parsed:
    action = payload.required("action")
    owner = payload.required("installation", "account", "login")
    if action not in _INSTALLATION:
        return Ignored("a change of the app's installation that changes no document of ours")
    if "repository" in payload:
        raise MalformedDelivery("An event of an installation is about no single repository")
    names = tuple(each.required("full_name") for each in payload.children("repositories"))
    return Event(
        delivery_id,
        f"installation.{action}",
        names or (f"{owner}/*",),
        subject="installation",
        at=iso_time(payload.text("installation", "updated_at")),
        ends=_UNINSTALLED.get(action),
    )


def _installation_repositories(payload: Payload, delivery_id: str) -> Parsed:
    action = payload.required("action")
    if action not in {"added", "removed"} or "repository" in payload:
        raise MalformedDelivery("Repositories are added to an installation, or removed")
    listed = payload.children(f"repositories_{action}")
    removed = "GitHub says that the repository was taken from the app's installation"
    return Event(
        delivery_id,
        f"installation_repositories.{action}",
        tuple(each.required("full_name") for each in listed),
        subject="installation",
        at=iso_time(payload.text("installation", "updated_at")),
        ends=removed if action == "removed" else None,
    )


def _repository(payload: Payload) -> str:
    return payload.required("repository", "full_name")


def _latest(*parts: Payload) -> datetime | None:
    """The last of their times."""
    names = ("updated_at", "submitted_at")
    times = [iso_time(part.text(name)) for part in parts for name in names]
    return max((time for time in times if time is not None), default=None)


_READERS: Final[Mapping[str, Callable[[Payload, str], Parsed]]] = {
    "push": _push,
    "create": _created,
    "delete": _deleted,
    "issues": _issues,
    "issue_comment": _issue_comment,
    "pull_request": _pull_request("pull_request"),
    "pull_request_review": _pull_request("pull_request_review"),
    "pull_request_review_comment": _pull_request("pull_request_review_comment"),
    "pull_request_review_thread": _pull_request("pull_request_review_thread"),
    "label": _label,
    "repository": _repository_changed,
    "installation": _installation,
    "installation_repositories": _installation_repositories,
}
