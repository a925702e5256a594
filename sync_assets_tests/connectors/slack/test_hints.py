"""Threads that webhooks named: they and their days are read, and not the channel's history."""

from datetime import timedelta

import pytest

from sync_assets.connectors.base import Hint
from sync_assets.sandbox.slack.world import Message
from sync_assets_tests.connectors.slack.workspace import CHANNEL, Workspace

YEAR = timedelta(days=365)


def told(message: Message) -> Hint:
    """As `connectors.slack.webhook` says it."""
    return {"thread_ts": message.thread or message.ts, "ts": message.ts}


@pytest.fixture
def parent(workspace: Workspace) -> Message:
    old = workspace.clock.now - YEAR
    for number in range(3):
        workspace.post(f"Question {number}", at=old + timedelta(minutes=number))
    parent = workspace.post("Does it retry?", at=old)
    workspace.reply(parent, "It does", at=old + timedelta(hours=1))
    workspace.sync()
    workspace.clock.advance(600)
    return parent


def test_a_reply_to_a_year_old_thread_takes_no_history(workspace: Workspace, parent: Message):
    reply = workspace.reply(parent, "A year later: it was the cache")

    workspace.read_again(told(reply))

    assert workspace.differences() == []
    assert workspace.asked().count("conversations.replies") == 1


def test_an_edited_reply_keeps_its_version_when_the_history_is_read_again(
    workspace: Workspace, parent: Message
):
    reply = workspace.reply(parent, "It dose")
    workspace.read_again(told(reply))
    workspace.world.edit(reply, "It does not")
    workspace.read_again(told(reply))
    assert workspace.differences() == []

    report = workspace.sync()

    assert workspace.differences() == []
    assert report.listing.unchanged
    assert workspace.asked() == ["conversations.history"]


def test_an_edit_and_a_deletion_of_a_reply_take_one_fetch_each(
    workspace: Workspace, parent: Message
):
    kept, wrong = (workspace.reply(parent, words) for words in ("It dose", "Never"))
    workspace.read_again(told(kept), told(wrong))

    workspace.world.edit(kept, "It does")
    workspace.read_again(told(kept))
    assert workspace.differences() == []
    assert workspace.asked().count("conversations.replies") == 1
    workspace.world.delete(CHANNEL, wrong)
    workspace.read_again({**told(wrong), "gone": True})

    assert workspace.differences() == []
    assert workspace.asked().count("conversations.replies") == 1


def test_a_message_that_becomes_a_thread_leaves_its_day(workspace: Workspace, parent: Message):
    message = workspace.post("Lunch?")
    workspace.read_again(told(message))
    assert workspace.differences() == []
    reply = workspace.reply(message, "At noon")

    workspace.read_again(told(reply))

    assert workspace.differences() == []


def test_the_last_message_of_a_day_that_is_deleted_takes_the_day_with_it(
    workspace: Workspace, parent: Message
):
    message = workspace.post("Lunch?")
    workspace.read_again(told(message))
    workspace.world.delete(CHANNEL, message)

    workspace.read_again({**told(message), "gone": True})

    assert workspace.differences() == []


def test_a_thread_that_loses_its_replies_becomes_a_message_of_its_day(
    workspace: Workspace, parent: Message
):
    message = workspace.post("Lunch?")
    reply = workspace.reply(message, "At noon")
    workspace.read_again(told(message), told(reply))
    workspace.world.delete(CHANNEL, reply)

    workspace.read_again({**told(reply), "gone": True})

    assert workspace.differences() == []


def test_a_reply_told_to_the_channel_stands_in_both(workspace: Workspace, parent: Message):
    reply = workspace.reply(parent, "It was the cache", broadcast=True)

    workspace.read_again(told(reply))

    assert workspace.differences() == []


def test_what_no_webhook_told_is_found_by_the_next_sync(workspace: Workspace, parent: Message):
    workspace.read_again(told(workspace.reply(parent, "told")))
    workspace.reply(parent, "lost")

    workspace.sync()

    assert workspace.differences() == []
