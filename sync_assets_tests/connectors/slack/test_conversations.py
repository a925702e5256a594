from datetime import timedelta
from math import ceil
from pathlib import Path

import pytest
from pydantic import SecretStr

from sync_assets.errors import InvalidSettings, SourceGone, SourceRejectedUs, UnexpectedPayload
from sync_assets.sandbox.faults import Answer, Truncated, html_page
from sync_assets.search import search
from sync_assets_tests import oracle
from sync_assets_tests.connectors.slack.workspace import (
    CHANNEL,
    MARA,
    Workspace,
    running_workspace,
)
from sync_assets_tests.fakes import FakeClock

DAY = timedelta(days=1).total_seconds()
YEAR = timedelta(days=365)


def test_a_thread_is_a_document_and_a_day_is_another(workspace: Workspace):
    parent = workspace.post("Does the payment webhook retry?")
    reply = workspace.reply(parent, "It retries five times, <@U0MARA>.")
    workspace.post("Lunch is at noon")

    workspace.sync()

    assert workspace.differences() == []
    assert len(workspace.held()) == 2
    [hit] = search(workspace.stores, "retries five", mode="text").hits
    assert hit.title == "#payments: Does the payment webhook retry?"
    assert hit.url.startswith("https://acme.slack.com/archives/C0PAYMENTS/p")
    assert "**U0TOMAS** wrote on 2026-01-01:" in hit.text
    assert "five times, <@U0MARA>" in hit.text
    assert reply.ts.replace(".", "") in oracle.everything(workspace.index)


def test_a_reply_to_a_year_old_thread_is_found_by_the_next_refresh(workspace: Workspace):
    old = workspace.clock.now - YEAR
    parents = [
        workspace.post(f"Question {number}", at=old + timedelta(minutes=number))
        for number in range(450)
    ]
    workspace.reply(parents[7], "An answer", at=old + timedelta(hours=9))
    workspace.sync()
    workspace.reply(parents[7], "A year later: it was the cache")

    workspace.sync()

    assert workspace.differences() == []
    assert len(workspace.asked()) <= 2 + ceil(len(parents) / 200)


def test_nothing_new_costs_the_sweep_alone_and_writes_nothing(workspace: Workspace):
    parents = [workspace.post(f"Question {number}") for number in range(30)]
    for parent in parents[:10]:
        edited = workspace.reply(parent, "An answer")
        workspace.world.edit(edited, "A better answer")
    workspace.sync()
    before = oracle.table_versions(workspace.index)

    report = workspace.sync()

    assert report.listing.unchanged
    assert workspace.asked() == ["conversations.history"]
    assert oracle.table_versions(workspace.index) == before


def test_an_edit_of_a_reply_is_found_by_the_sweep(workspace: Workspace):
    parent = workspace.post("Which port?")
    reply = workspace.reply(parent, "8080")
    workspace.sync()
    workspace.world.edit(reply, "9090")
    workspace.sync()
    assert workspace.differences() != []  # no history shows it
    workspace.clock.advance(DAY)

    workspace.sync()

    assert workspace.differences() == []
    assert "8080" not in workspace.chunks()
    workspace.sync()
    assert workspace.asked() == ["conversations.history"]


def test_an_edit_of_a_reply_told_to_the_channel_is_found_at_once(workspace: Workspace):
    parent = workspace.post("Which port?")
    workspace.clock.advance(DAY)
    reply = workspace.reply(parent, "8080", broadcast=True)
    workspace.sync()
    workspace.clock.advance(1)
    workspace.world.edit(reply, "9090")

    workspace.sync()

    assert workspace.differences() == []


def test_many_threads_are_kept_by_no_listing_and_written_by_no_sweep_without_news(
    workspace: Workspace,
):
    for number in range(25):
        workspace.reply(workspace.post(f"Question {number}"), "Answer")
    workspace.post("Alone")
    workspace.sync()
    assert workspace.asked().count("conversations.replies") == 25
    before = oracle.table_versions(workspace.index)
    workspace.clock.advance(DAY)

    report = workspace.sync()

    assert (report.listing.complete, report.documents and report.documents.fetched) == (True, 25)
    assert workspace.asked().count("conversations.replies") == 25
    assert oracle.table_versions(workspace.index) == before


def test_a_deleted_reply_is_found_at_once(workspace: Workspace):
    parent = workspace.post("Which port?")
    workspace.reply(parent, "8080")
    wrong = workspace.reply(parent, "7777")
    workspace.sync()
    workspace.world.delete(CHANNEL, wrong)

    workspace.sync()

    assert workspace.differences() == []
    assert "7777" not in workspace.chunks()


def test_a_message_that_gets_its_first_reply_moves_from_its_day_to_a_thread(workspace: Workspace):
    parent = workspace.post("Alone this day")
    workspace.sync()
    assert list(workspace.held()) == ["2026-01-01"]
    workspace.reply(parent, "Not any more")

    workspace.sync()

    assert workspace.differences() == []


def test_a_deleted_parent_leaves_its_replies(workspace: Workspace):
    parent = workspace.post("Deleted by mistake")
    workspace.reply(parent, "What was it?")
    workspace.sync()
    workspace.world.delete(CHANNEL, parent)

    workspace.sync()

    assert workspace.differences() == []
    assert "by mistake" not in workspace.chunks()


def test_a_thread_that_is_deleted_whole_goes_with_the_sweep(workspace: Workspace):
    kept = workspace.post("Kept")
    workspace.reply(kept, "Yes")
    parent = workspace.post("Gone soon")
    reply = workspace.reply(parent, "So am I")
    workspace.sync()
    workspace.world.delete(CHANNEL, reply)
    workspace.world.delete(CHANNEL, parent)

    workspace.sync("full")

    assert workspace.differences() == []


def test_a_broadcast_stands_in_its_thread_and_in_its_day(workspace: Workspace):
    parent = workspace.post("Long story")
    workspace.reply(parent, "Only here")
    workspace.clock.advance(DAY)
    workspace.reply(parent, "Solved for everyone", broadcast=True)

    workspace.sync()

    assert workspace.differences() == []
    assert sum("Solved for everyone" in text for text in workspace.held().values()) == 2


def test_a_rename_embeds_nothing_and_rewrites_nothing(workspace: Workspace):
    parent = workspace.post("Ask <@U0TOMAS>")
    workspace.reply(parent, "Here I am")
    workspace.sync()
    before = oracle.table_versions(workspace.index)
    workspace.world.rename(MARA, "Mara Ek")

    workspace.sync()
    assert oracle.table_versions(workspace.index) == before

    workspace.reply(parent, "With a new name")
    report = workspace.sync()
    assert report.index is not None
    assert report.index.texts_embedded <= 1
    assert "Mara Ek" in oracle.everything(workspace.index)
    assert "Mara" not in workspace.chunks()


def test_a_bot_with_forty_attachments_and_files_is_kept_whole(workspace: Workspace):
    attachments = [{"title": f"Check {number}", "text": f"state {number}"} for number in range(40)]
    workspace.world.post(
        CHANNEL,
        "B0DEPLOYS",
        "Deployed <https://shop.example|the shop> &amp; *all* of it",
        is_bot=True,
        attachments=attachments,
        files=[("log.txt", "https://acme.slack.com/files/log.txt")],
    )

    workspace.sync()

    [text] = workspace.held().values()
    assert "[the shop](https://shop.example) & **all** of it" in text
    assert all(f"Check {number}\nstate {number}" in text for number in range(40))
    assert "[log.txt](https://acme.slack.com/files/log.txt)" in text
    assert "**B0DEPLOYS** wrote" in text


def test_a_has_more_that_lies_loses_nothing(workspace: Workspace):
    workspace.world.most_a_page = 5
    parents = [workspace.post(f"Question {number}") for number in range(23)]
    for number in range(17):
        workspace.reply(parents[3], f"Answer {number}")
    workspace.world.lies = 2

    workspace.sync()
    assert workspace.differences() == []

    workspace.reply(parents[3], "One more")
    workspace.world.lies = 2
    workspace.sync()
    assert workspace.differences() == []


def test_what_a_plan_hides_is_never_a_deletion(workspace: Workspace):
    old = workspace.clock.now - timedelta(days=100)
    parent = workspace.post("An old question", at=old)
    workspace.reply(parent, "An old answer", at=old + timedelta(hours=1))
    workspace.post("Old and alone", at=old + timedelta(days=1))
    gone = workspace.post("New")
    for days in (10, 20, 30):
        workspace.post("Newer", at=workspace.clock.now - timedelta(days=days))
    workspace.sync()
    before = workspace.held()
    workspace.world.visible_days = 90
    workspace.world.delete(CHANNEL, gone)

    workspace.sync("full")

    after = workspace.held()
    assert before.keys() - after.keys() == {"2026-01-01"}
    assert all(before[key] == text for key, text in after.items())


def test_a_day_that_the_plan_begins_to_hide_is_kept(workspace: Workspace):
    morning = workspace.clock.now.replace(hour=8)
    workspace.post("Alone, early", at=morning)
    parent = workspace.post("A question", at=morning + timedelta(hours=6))
    workspace.reply(parent, "An answer", at=morning + timedelta(hours=7))
    workspace.world.visible_days = 90
    workspace.clock.now = morning + timedelta(days=90, hours=-1)
    workspace.sync()
    before = workspace.held()
    assert len(before) == 2
    workspace.clock.advance(timedelta(hours=3).total_seconds())
    workspace.post("Newer")

    workspace.sync()

    assert workspace.held().items() >= before.items()


def test_a_link_that_unfolds_later_is_found_though_nothing_was_edited(workspace: Workspace):
    alone = workspace.post("See https://wiki.example/1")
    parent = workspace.post("See https://wiki.example/2")
    reply = workspace.reply(parent, "See https://wiki.example/3")
    workspace.sync()
    for message, title in ((alone, "Kiln"), (parent, "Lathe"), (reply, "Plane")):
        message.attachments = ({"title": title, "title_link": "https://wiki.example"},)

    workspace.sync()
    assert "Kiln" in workspace.chunks()
    assert "Lathe" in workspace.chunks()

    reply.attachments = ({"title": "Chisel"},)
    workspace.read_again({"thread_ts": parent.ts, "ts": reply.ts})
    assert "Chisel" in workspace.chunks()
    assert "Plane" not in workspace.chunks()
    report = workspace.sync()
    assert report.listing.unchanged


def test_a_secret_in_the_words_that_become_the_title_is_nowhere(workspace: Workspace):
    secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
    for words in (f"Use {secret} for now", f"{'word ' * 12}and {secret} for now"):
        workspace.reply(workspace.post(words), "No!")

    workspace.sync()

    rows = oracle.everything(workspace.index)
    assert "Use [REDACTED:github_token] for now" in rows
    assert secret[:8] not in rows


def test_a_workspace_of_more_members_than_a_minute_lists_is_read(workspace: Workspace):
    for number in range(30):
        workspace.world.join(f"U0A{number:03d}", f"Member {number}")
    workspace.reply(workspace.post("Who is it?"), "It is me")
    workspace.world.most_a_page = 2
    workspace.world.calls_a_minute["users.list"] = 10

    report = workspace.sync()

    assert report.index is not None
    assert workspace.differences() == []
    assert workspace.asked().count("users.info") == 2
    assert "Mara Lind" in oracle.everything(workspace.index)


def test_a_history_of_more_pages_than_a_minute_allows_is_read_in_one_run(workspace: Workspace):
    for number in range(30):
        workspace.post(f"Message {number}")
    workspace.world.most_a_page = 2
    workspace.world.calls_a_minute["conversations.history"] = 10

    workspace.sync()

    assert workspace.differences() == []


def test_a_rate_limit_in_the_middle_loses_nothing(workspace: Workspace):
    for number in range(30):
        workspace.reply(workspace.post(f"Question {number}"), "Answer")
    workspace.world.calls_a_minute["conversations.replies"] = 10

    report = workspace.sync()

    assert report.documents is not None
    assert (report.documents.fetched, bool(report.documents.deferred_until)) == (10, True)
    assert "conversations.replies" in str(report.documents.deferred_because)
    workspace.clock.now = report.documents.deferred_until or workspace.clock.now
    workspace.world.calls_a_minute.clear()
    report = workspace.sync()
    assert report.listing.listed == 0  # what waits since the last run is no news
    assert workspace.differences() == []
    assert workspace.asked().count("conversations.replies") == 20
    workspace.sync()
    assert workspace.asked() == ["conversations.history"]


def test_an_app_that_may_call_once_a_minute_reads_a_thread_for_each_page_of_history(
    tmp_path: Path, clock: FakeClock
):
    with running_workspace(tmp_path, clock, {"rate_tier": "distributed"}) as workspace:
        world = workspace.world
        world.most_a_page = 15
        world.calls_a_minute = {"conversations.history": 1, "conversations.replies": 1}
        for number in range(7):
            workspace.reply(workspace.post(f"Question {number}"), "Answer")
        for number in range(25):
            workspace.post(f"Message {number}")

        for _ in range(2):
            report = workspace.sync()
            assert report.documents is not None
            clock.now = report.documents.deferred_until or clock.now

        assert workspace.differences() == []


def test_a_sweep_that_is_limited_still_finds_edits_of_replies(workspace: Workspace):
    replies = [
        workspace.reply(workspace.post(f"Question {number}"), f"Answer {number}")
        for number in range(8)
    ]
    workspace.sync()
    for reply in replies:
        workspace.world.edit(reply, f"Better {reply.text}")
    workspace.world.calls_a_minute["conversations.replies"] = 3
    workspace.clock.advance(DAY)
    workspace.sync()
    workspace.world.calls_a_minute.clear()
    workspace.clock.advance(600)

    workspace.sync()

    assert workspace.differences() == []


@pytest.mark.parametrize(
    "fault", [html_page(), Truncated(40), Answer(500), Answer(200, '{"ok": true}')]
)
def test_a_broken_answer_for_one_thread_loses_nothing(
    workspace: Workspace, fault: Answer | Truncated
):
    for number in range(3):
        workspace.reply(workspace.post(f"Question {number}"), "Answer")
    workspace.sync()
    workspace.reply(workspace.post("Another"), "Answer")
    workspace.step("list")
    workspace.sandbox.faults.add(fault, path="/slack/api/conversations.replies")

    workspace.sync()
    workspace.sandbox.faults.clear()
    workspace.clock.advance(600)
    workspace.sync()

    assert workspace.differences() == []


def test_a_time_that_is_none_fails_its_thread_and_holds_up_no_other(workspace: Workspace):
    fine, odd = (workspace.post(f"Question {number}") for number in range(2))
    workspace.reply(fine, "Answer")
    reply = workspace.reply(odd, "Answer")
    workspace.sync()
    before = workspace.held()
    reply.edited = "999999999999.000000"
    for parent in (fine, odd):
        workspace.reply(parent, "Another answer")

    workspace.sync("full")

    [failure] = workspace.stores.failures.list()
    assert "conversations.replies: messages.1.edited.ts: " in failure.message
    assert workspace.differences() == [f"{failure.key.partition('/')[2]} says something else"]
    assert workspace.held().items() & before.items() == {
        (key, before[key]) for key in before if key in failure.key
    }
    reply.edited = None
    workspace.clock.advance(600)
    workspace.sync()
    assert workspace.differences() == []


def test_a_webhook_that_names_a_time_that_is_none_has_the_history_read(workspace: Workspace):
    workspace.sync()
    for ts in ("999999999999.000000", f"{'9' * 400}.0"):
        workspace.post("New")

        workspace.read_again({"thread_ts": ts, "ts": ts})

        assert workspace.differences() == []


def test_a_message_of_no_time_is_one_clear_line_and_loses_nothing(workspace: Workspace):
    message = workspace.post("When?")
    ts, message.ts = message.ts, "999999999999.000000"
    with pytest.raises(UnexpectedPayload, match=r"conversations\.history: messages\.0\.ts: "):
        workspace.sync()
    message.ts = ts

    workspace.sync()

    assert workspace.differences() == []


def test_verify_finds_an_index_that_is_whole_equal(workspace: Workspace):
    parent = workspace.post("Question")
    workspace.world.edit(workspace.reply(parent, "Answer"), "Better")
    workspace.post("Alone")
    workspace.sync()

    report = workspace.verify()

    assert (report.equal, report.differences) == (True, [])


def test_what_slack_refuses_is_one_clear_line(workspace: Workspace):
    workspace.channel.has_bot = False
    with pytest.raises(SourceRejectedUs, match="not_in_channel: invite the bot"):
        workspace.sync()
    workspace.channel.has_bot = True
    for error in ("invalid_auth", "missing_scope", "account_inactive", "token_revoked"):
        workspace.world.error = error
        with pytest.raises(SourceRejectedUs, match=error):
            workspace.sync()
    workspace.world.error = None
    workspace.register("C0NOTHING")
    with pytest.raises(SourceGone, match="channel_not_found"):
        workspace.sync()
    nobody = {"slack_token": SecretStr("")}
    workspace.stores.settings = workspace.stores.settings.model_copy(update=nobody)
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_SLACK_TOKEN is not set"):
        workspace.sync()
