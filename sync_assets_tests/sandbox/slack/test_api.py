"""What the sandbox's Slack answers, judged by Slack's own schemas and by Slack's own client.

The schemas allow no field beyond those that their authors met; we judge what both know. There is
none of conversations.info, users.info and auth.test, nor of events: Slack's client reads the first,
and our parser, which knows Slack's own examples, the last.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from jsonschema import Draft7Validator
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.plain_http import NO_AUTHORITIES
from sync_assets_tests.shared import shared_file

CHANNEL = "C0PAYMENTS"
TOKEN = "xoxb-sandbox-token"


@pytest.fixture
def sandbox(tmp_path: Path, clock: FakeClock) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "served", clock=clock) as sandbox:
        world = sandbox.slack
        world.create_channel(CHANNEL, "payments")
        world.join("U0MARA", "Mara Lind", CHANNEL)
        parent = world.post(
            CHANNEL,
            "U0MARA",
            "Question",
            files=[("log.txt", "https://acme.slack.com/files/log.txt")],
            attachments=[{"title": "Check", "text": "passed", "fallback": "passed"}],
        )
        replies = [
            world.reply(CHANNEL, parent, "U0MARA", f"Answer {number}") for number in range(7)
        ]
        world.edit(replies[-1], "Edited")
        world.reply(CHANNEL, parent, "U0MARA", "For all", broadcast=True)
        world.post(CHANNEL, "B0DEPLOYS", "Deployed", is_bot=True)
        deleted = world.post(CHANNEL, "U0MARA", "Oh no")
        world.reply(CHANNEL, deleted, "U0MARA", "What?")
        world.delete(CHANNEL, deleted)
        yield sandbox


@pytest.fixture
def official_client(sandbox: Sandbox) -> WebClient:
    return WebClient(token=TOKEN, base_url=f"{sandbox.url}/slack/api/", retry_handlers=[])


def get(sandbox: Sandbox, method: str, **params: str | int) -> httpx.Response:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return httpx.get(
        f"{sandbox.url}/slack/api/{method}", params=params, headers=headers, verify=NO_AUTHORITIES
    )


def whole(response: SlackResponse) -> dict[str, Any]:
    """The answer; the client reads further pages while one walks over it."""
    return cast("dict[str, Any]", response.data)


def texts(response: SlackResponse) -> list[str]:
    """Of all messages, page by page."""
    return [message["text"] for page in response for message in whole(page)["messages"]]


def opened(schema: object) -> object:
    """The schema without the rule that there are no other fields."""
    if isinstance(schema, dict):
        pairs = cast("dict[str, object]", schema).items()
        return {name: opened(each) for name, each in pairs if name != "additionalProperties"}
    return [opened(each) for each in cast("list[object]", schema)] if _is_list(schema) else schema


def _is_list(value: object) -> bool:
    return isinstance(value, list)


@pytest.mark.parametrize(
    ("method", "schema"),
    [
        ("conversations.history", "ConversationsHistoryResponse"),
        ("conversations.replies", "ConversationsRepliesResponse"),
        ("users.list", "UsersListResponse"),
    ],
)
def test_answers_are_of_slacks_own_shape(sandbox: Sandbox, method: str, schema: str):
    text = shared_file(f"specs/slack/{schema}.schema.json").read_text()
    shape = cast("dict[str, Any]", opened(json.loads(text)))
    parent = min(ts for ts, each in _messages(sandbox).items() if each == "Question")

    answer = get(sandbox, method, channel=CHANNEL, ts=parent, limit=3).json()

    assert answer["ok"]
    assert [error.message for error in Draft7Validator(shape).iter_errors(answer)] == []


def test_slacks_own_client_reads_everything(sandbox: Sandbox, official_client: WebClient):
    pages = official_client.conversations_history(channel=CHANNEL, limit=2)
    shown = texts(pages)
    parent = min(ts for ts, each in _messages(sandbox).items() if each == "Question")
    thread = texts(official_client.conversations_replies(channel=CHANNEL, ts=parent, limit=4))

    assert shown == [
        "This message was deleted.",
        "Deployed",
        "For all",
        "Question",
        "<@U0MARA> has joined",
    ]
    answers = [f"Answer {number}" for number in range(6)]
    assert [text for text in thread if text != "Question"] == [*answers, "Edited", "For all"]
    assert official_client.auth_test()["team_id"] == "T0ACME"
    assert (
        whole(official_client.conversations_info(channel=CHANNEL))["channel"]["name"] == "payments"
    )
    [member] = whole(official_client.users_list())["members"]
    assert whole(official_client.users_info(user="U0MARA"))["user"] == member
    assert member["profile"]["display_name"] == "Mara Lind"


def test_slacks_own_client_understands_refusals(sandbox: Sandbox, official_client: WebClient):
    sandbox.slack.calls_a_minute["users.list"] = 1
    official_client.users_list()
    with pytest.raises(SlackApiError) as limited:
        official_client.users_list()
    response = cast("SlackResponse", limited.value.response)
    assert response.status_code == 429
    assert int(cast("str", response.headers["Retry-After"])) > 0
    with pytest.raises(SlackApiError, match="channel_not_found"):
        official_client.conversations_history(channel="C0NOTHING")
    sandbox.slack.channels[CHANNEL].has_bot = False
    with pytest.raises(SlackApiError, match="not_in_channel"):
        official_client.conversations_history(channel=CHANNEL)
    stranger = WebClient(token="xoxb-wrong", base_url=official_client.base_url)
    with pytest.raises(SlackApiError, match="invalid_auth"):
        stranger.auth_test()


def _messages(sandbox: Sandbox) -> dict[str, str]:
    return {ts: each.text for ts, each in sandbox.slack.channels[CHANNEL].messages.items()}
