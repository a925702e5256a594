"""The sandbox's Vercel and Slack sign what they tell, and we understand it."""

from collections.abc import Generator

import pytest

from sync_assets.connectors.webhook import Event
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.sandbox.server import Sandbox
from sync_assets.sandbox.vercel.world import DONE
from sync_assets_tests.sandbox.conftest import NOON
from sync_assets_tests.sandbox.hearing import Receiver, receiving

SECRET = "It's a Secret to Everybody"


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


def heard(sandbox: Sandbox, receiver: Receiver, vendor: str) -> list[Event]:
    """Every call, verified and parsed."""
    sandbox.post.drain()
    webhook, events = WEBHOOKS[vendor], list[Event]()
    for call in receiver.heard:
        webhook.verify(call.headers, call.body, [SECRET], NOON)
        parsed = webhook.parse(call.headers, call.body)
        assert isinstance(parsed, Event)
        events.append(parsed)
    return events


def test_deployments_tell_of_their_beginning_their_end_and_their_promotion(
    sandbox: Sandbox, receiver: Receiver
):
    sandbox.vercel_webhooks.add(receiver.url, SECRET)
    project = sandbox.vercel.create_project("shop")
    ready = sandbox.vercel.deploy("shop", plan=DONE)
    sandbox.vercel.promote(ready)
    building = sandbox.vercel.deploy("shop")
    sandbox.vercel.cancel(building)

    events = heard(sandbox, receiver, "vercel")

    assert [(each.kind, each.subject.removeprefix("deployment:")) for each in events] == [
        ("deployment.created", ready.id),
        ("deployment.succeeded", ready.id),
        ("deployment.promoted", ready.id),
        ("deployment.created", building.id),
        ("deployment.canceled", building.id),
    ]
    assert all(project.id in each.places for each in events)
    assert len({each.delivery_id for each in events}) == len(events)
    assert events[0].at == NOON


def test_messages_tell_of_what_is_said_changed_and_deleted_with_the_thread_to_read_again(
    sandbox: Sandbox, receiver: Receiver
):
    sandbox.slack_events.add(receiver.url, SECRET)
    sandbox.slack.create_channel("C0123", "general")
    parent = sandbox.slack.post("C0123", "U1", "Who knows?")
    reply = sandbox.slack.reply("C0123", parent, "U2", "I do.")
    sandbox.slack.edit(reply, "I did.")
    sandbox.slack.delete("C0123", reply)

    events = heard(sandbox, receiver, "slack")

    assert [each.kind for each in events] == [
        "message",
        "message",
        "message.message_changed",
        "message.message_deleted",
    ]
    assert {each.places for each in events} == {("C0123",)}
    assert all(each.hints["thread_ts"] == parent.ts for each in events)
    assert [each.hints["ts"] for each in events] == [parent.ts, reply.ts, reply.ts, reply.ts]
    assert events[-1].hints["gone"] is True
