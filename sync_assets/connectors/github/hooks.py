"""The calls about a repository's webhooks, and an App's, named after GitHub's endpoints.

https://docs.github.com/en/rest/repos/webhooks
https://docs.github.com/en/rest/apps/webhooks
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, TypeAdapter

from sync_assets.http.pagination import linked_pages
from sync_assets.http.payload import parsed

if TYPE_CHECKING:
    import httpx


OF_THE_APP: Final = 0
"""The number of an App's webhook: it has but one, and GitHub tells none."""


class HookConfig(BaseModel):
    """Where a hook's calls go, and how. GitHub never tells the secret, only that there is one."""

    url: str = ""
    content_type: str = "form"
    secret: SecretStr | None = None


class LastResponse(BaseModel):
    """What a hook's last call was answered; None where none was made."""

    code: int | None = None


class Hook(BaseModel):
    """A webhook."""

    id: int
    active: bool
    config: HookConfig
    last_response: LastResponse = Field(default_factory=LastResponse)


class LoggedDelivery(BaseModel):
    """One call that GitHub made. A redelivery has another `id` and the same `guid`."""

    id: int
    guid: str
    delivered_at: AwareDatetime
    redelivery: bool
    status: str
    status_code: int
    event: str

    @property
    def arrived(self) -> bool:
        """Whether it was answered as one that is stored."""
        return HTTPStatus.OK <= self.status_code < HTTPStatus.MULTIPLE_CHOICES


_CONFIG = TypeAdapter(HookConfig)
_HOOK = TypeAdapter(Hook)
_HOOKS = TypeAdapter(list[Hook])
_LOG = TypeAdapter(list[LoggedDelivery])


class DeliveryLog:
    """What GitHub sent by one hook in the last three days. `path` is the log's."""

    def __init__(self, rest: "httpx.Client", path: str) -> None:
        self._rest = rest
        self._path = path

    def list_deliveries(self, since: datetime | None) -> Iterator[LoggedDelivery]:
        """Since then, the newest first."""
        for page in linked_pages(self._rest, self._path, {"per_page": 100}):
            for delivery in parsed(page, _LOG):
                if since is not None and delivery.delivered_at < since:
                    return
                yield delivery

    def redeliver(self, delivery: int) -> None:
        """Have it sent again, to where the hook points now. GitHub answers before it does so."""
        self._rest.post(f"{self._path}/{delivery}/attempts")


class HookClient:
    """Webhooks of one repository, named `owner/name`. For administrators: SourceGone or
    SourceRejectedUs for everybody else.
    """

    def __init__(self, rest: "httpx.Client", repository: str) -> None:
        self._rest = rest
        self._place = f"repos/{repository}/hooks"

    def list_hooks(self) -> Iterator[Hook]:
        """All hooks."""
        for page in linked_pages(self._rest, self._place, {"per_page": 100}):
            yield from parsed(page, _HOOKS)

    def hook_at(self, url: str) -> Hook | None:
        """The hook that calls this address."""
        return next((hook for hook in self.list_hooks() if hook.config.url == url), None)

    def create_hook(self, url: str, secret: SecretStr, events: Sequence[str]) -> Hook:
        """A new one."""
        body = {"name": "web", **_wanted(url, secret, events)}
        return parsed(self._rest.post(self._place, json=body), _HOOK)

    def update_hook(self, hook: int, url: str, secret: SecretStr, events: Sequence[str]) -> Hook:
        """All that we want of it, its secret too."""
        body = _wanted(url, secret, events)
        return parsed(self._rest.patch(f"{self._place}/{hook}", json=body), _HOOK)

    def log(self, hook: Hook) -> DeliveryLog:
        """What that hook sent."""
        return DeliveryLog(self._rest, f"{self._place}/{hook.id}/deliveries")


class AppHookClient:
    """The webhook of an App, which is told what happens wherever the App is installed. `rest` is
    signed by the App itself.
    """

    def __init__(self, rest: "httpx.Client") -> None:
        self._rest = rest

    def hook_at(self, url: str) -> Hook | None:
        """The App's hook, if this is the address that it calls. Whether it is switched on is not
        told.
        """
        answer = self._rest.get("app/hook/config", extensions={"accept": (HTTPStatus.NOT_FOUND,)})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        config = parsed(answer, _CONFIG)
        return Hook(id=OF_THE_APP, active=True, config=config) if config.url == url else None

    def update_hook(self, url: str, secret: SecretStr) -> None:
        """Where it calls, and how. Which events it is told is set in GitHub's pages alone."""
        self._rest.patch("app/hook/config", json=_config(url, secret))

    def log(self, hook: Hook) -> DeliveryLog:  # noqa: ARG002 - there is but one
        """What it sent, wherever it happened."""
        return DeliveryLog(self._rest, "app/hook/deliveries")


def _wanted(url: str, secret: SecretStr, events: Sequence[str]) -> dict[str, Any]:
    return {"active": True, "events": [*events], "config": _config(url, secret)}


def _config(url: str, secret: SecretStr) -> dict[str, str]:
    return {"url": url, "content_type": "json", "secret": secret.get_secret_value()}
