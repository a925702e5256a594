"""The sandbox's Vercel, Slack, Linear and Notion sign what they tell, and we understand it."""

from collections.abc import Generator

import pytest

from sync_assets.connectors.webhook import Event, NewKey
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.sandbox.notion.content import block
from sync_assets.sandbox.notion.events import tell_key
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


def test_issues_tell_of_what_is_written_said_attached_moved_and_gone(
    sandbox: Sandbox, receiver: Receiver
):
    linear = sandbox.linear
    linear.create_team("ENG", "Engineering")
    ops = linear.create_team("OPS", "Operations")
    sandbox.linear_webhooks.add(receiver.url, SECRET)
    issue = linear.open_issue("ENG", "The lamp is dark", labels=["bug"])
    eng = issue.team
    said = linear.comment(issue, "Since when?")
    linear.edit_comment(said, "Since yesterday?")
    linear.delete_comment(said)
    linear.detach(linear.attach(issue, "A pull request", "https://example.com/1"))
    linear.move(issue, "OPS")
    linear.rename(linear.named("label", "bug"), "defect")
    linear.rename(linear.named("state", "Todo"), "To do")
    linear.trash(issue)

    events = heard(sandbox, receiver, "linear")

    assert [each.kind for each in events] == [
        *("Issue.create", "Comment.create", "Comment.update", "Comment.remove"),
        *("Attachment.create", "Attachment.remove", "Issue.update", "IssueLabel.update"),
        "Issue.remove",
    ]
    about = [each for each in events if not each.sweep]
    assert {each.subject for each in about} == {f"issue:{issue.id}"}
    assert {"ENG", eng.id} <= {*events[1].places}
    assert {ops.id, eng.id} <= {*events[6].places}
    assert events[7].sweep
    assert events[-1].hints == {"issue": issue.id, "gone": True}
    assert len({each.delivery_id for each in events}) == len(events)


def test_pages_tell_of_what_is_written_said_moved_and_gone_without_its_content(
    sandbox: Sandbox, receiver: Receiver
):
    notion = sandbox.notion
    tasks, archive = notion.create_source("Tasks"), notion.create_source("Archive")
    sandbox.notion_webhooks.add(receiver.url, SECRET)
    page = notion.create_page(tasks, "The lamp", block("paragraph", "It is dark."))
    notion.write(page, block("paragraph", "Since yesterday."))
    notion.rename(page, "The lamps")
    notion.edit_comment(notion.comment(page.blocks[0], "Really?"), "Truly?")
    notion.move(page, archive)
    notion.trash(page)
    notion.restore(page)

    events = heard(sandbox, receiver, "notion")

    assert [each.kind for each in events] == [
        *("page.created", "page.content_updated", "page.properties_updated"),
        *("comment.created", "comment.updated", "page.moved", "page.deleted", "page.undeleted"),
    ]
    plain = page.id.replace("-", "")
    assert {each.subject for each in events} == {f"page:{plain}"}
    assert events[0].places == (tasks.id.replace("-", ""),)
    assert events[6].hints == {"page": plain, "gone": True}
    assert all(b"dark" not in call.body and b"lamp" not in call.body for call in receiver.heard)


def test_notion_tells_its_key_first_and_unsigned(sandbox: Sandbox, receiver: Receiver):
    tell_key(sandbox.notion_webhooks, receiver.url, "the-key")
    sandbox.post.drain()

    (call,) = receiver.heard
    assert "x-notion-signature" not in call.headers
    assert WEBHOOKS["notion"].handshake(call.body) == NewKey("the-key")
