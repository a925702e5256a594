"""Slack's Web API, by the names of its methods.

https://docs.slack.dev/reference/methods
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sync_assets.connectors.slack import payloads
from sync_assets.connectors.slack.dialect import DIALECTS, RateTier
from sync_assets.errors import SourceGone, UnexpectedPayload
from sync_assets.http.credentials import token_credential
from sync_assets.http.payload import parsed

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.clients import HttpClients
    from sync_assets.settings import Settings


MOST_PAGES = 10
"""Of the list of members, 200 each."""
PATIENCE = {"patience": 90.0}
"""Seconds that a call may wait, longer than Slack's minute: a run that ended in the middle of a
history would read it from the beginning again, and come no farther."""


class SlackClient:
    """Calls about one channel."""

    def __init__(self, client: "httpx.Client", channel: str) -> None:
        self._client = client
        self.channel = channel

    def history(
        self,
        limit: int,
        *,
        cursor: str = "",
        oldest: str | None = None,
        latest: str | None = None,
        inclusive: bool = False,
    ) -> payloads.Messages:
        """One page of what stands in the channel itself, newest first."""
        params: dict[str, str | int] = {"channel": self.channel, "limit": limit}
        bounds = {"cursor": cursor, "oldest": oldest, "latest": latest}
        params |= {name: value for name, value in bounds.items() if value}
        if inclusive:
            params["inclusive"] = "true"
        response = self._client.get("conversations.history", params=params, extensions=PATIENCE)
        return parsed(response, payloads.MESSAGES)

    def replies(
        self,
        thread: str,
        limit: int,
        *,
        cursor: str = "",
        oldest: str | None = None,
        patient: bool = False,
    ) -> payloads.Messages:
        """One page of a thread, oldest first; the parent is the first of every page."""
        params: dict[str, str | int] = {"channel": self.channel, "ts": thread, "limit": limit}
        params |= {name: value for name, value in (("cursor", cursor), ("oldest", oldest)) if value}
        patience = PATIENCE if patient else {}
        response = self._client.get("conversations.replies", params=params, extensions=patience)
        return parsed(response, payloads.MESSAGES)

    def users(self) -> Iterator[payloads.Member]:
        """Members of the workspace, those who left too: MOST_PAGES, since Slack allows no more than
        20 calls a minute, and a large workspace would never be read to its end.
        """
        cursor, seen = "", set[str]()
        for _ in range(MOST_PAGES):
            params: dict[str, str | int] = {"limit": 200}
            if cursor:
                params["cursor"] = cursor
            page = parsed(self._client.get("users.list", params=params), payloads.MEMBERS)
            yield from page.members
            cursor = following(page.response_metadata.next_cursor, seen)
            if not cursor:
                return

    def user(self, user: str) -> payloads.Member | None:
        """One member, also of another workspace that the channel is shared with."""
        try:
            response = self._client.get("users.info", params={"user": user})
        except SourceGone as error:
            if "user_not_" not in str(error):
                raise
            return None
        return parsed(response, payloads.MEMBER).user

    def info(self) -> payloads.Channel:
        """The channel."""
        params = {"channel": self.channel}
        return parsed(
            self._client.get("conversations.info", params=params), payloads.CHANNEL
        ).channel

    def auth_test(self) -> payloads.Identity:
        """Whose token it is."""
        return parsed(self._client.get("auth.test"), payloads.IDENTITY)


def following(cursor: str, seen: set[str]) -> str:
    """The cursor of the next page. Raises UnexpectedPayload for one that was there before."""
    if cursor and cursor in seen:
        raise UnexpectedPayload("Slack: a list's pages go in a circle")
    seen.add(cursor)
    return cursor


def open_client(
    settings: "Settings", http: "HttpClients", channel: str, tier: RateTier
) -> SlackClient:
    """The client of the settings' app."""
    url = str(settings.slack_api_url)
    credential = token_credential(settings.slack_token)
    return SlackClient(http.client(DIALECTS[tier], url, credential), channel)
