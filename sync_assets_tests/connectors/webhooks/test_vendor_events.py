from datetime import UTC, datetime
from typing import Any

import pytest

from sync_assets.connectors.webhook import Answer, Event, Ignored, NewKey
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.models import Source
from sync_assets_tests.connectors.webhooks.signing import SAMPLES, signed

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _parsed(vendor: str, **changes: Any) -> Event:  # noqa: ANN401 - JSON
    headers, body = signed(vendor, {**SAMPLES[vendor], **changes}, NOW)
    parsed = WEBHOOKS[vendor].parse(headers, body)
    assert isinstance(parsed, Event)
    return parsed


def _slack(**event: Any) -> Event:  # noqa: ANN401 - JSON
    return _parsed("slack", event={"channel": "C0123", **event})


def _source(connector: str, scope: str) -> Source:
    return Source(
        source_id=f"{connector}:{scope}",
        connector=connector,
        scope=scope,
        identity="it",
        settings={},
        cron="0 * * * *",
        status="active",
        generation=1,
        created_at=NOW,
    )


@pytest.mark.parametrize(
    ("vendor", "delivery_id", "places", "subject"),
    [
        ("vercel", "evt_1", ("prj_1", "shop"), "deployment:dpl_1"),
        (
            "linear",
            "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            ("team-1", "ENG", "team-0"),
            "issue:issue-1",
        ),
        (
            "notion",
            "event-1",
            ("98024f3cb1d34aeca301f01e0dacf023",),
            "page:153104cd477e809d8dc4ff2d96ae3090",
        ),
        ("slack", "Ev1", ("C0123",), "thread:1767225500.000100"),
    ],
)
def test_an_event_says_where_what_and_when(
    vendor: str, delivery_id: str, places: tuple[str, ...], subject: str
):
    event = _parsed(vendor)

    assert (event.delivery_id, event.places, event.subject) == (delivery_id, places, subject)
    assert event.at is not None
    assert abs((event.at - NOW).total_seconds()) < 1
    assert WEBHOOKS[vendor].concerns(event, _source(vendor, places[0]))
    assert not WEBHOOKS[vendor].concerns(event, _source(vendor, "another"))


def test_vercels_events_concern_the_project_whatever_team_the_source_names():
    event = _parsed("vercel")

    for scope in ("acme/shop", "shop", "team_1/prj_1", "acme/*"):
        assert WEBHOOKS["vercel"].concerns(event, _source("vercel", scope))
    assert not WEBHOOKS["vercel"].concerns(event, _source("vercel", "acme/docs"))


def test_notions_ids_are_one_with_and_without_dashes():
    event = _parsed("notion")

    dashed = _source("notion", "98024f3c-b1d3-4aec-a301-f01e0dacf023")
    assert WEBHOOKS["notion"].concerns(event, dashed)


def test_a_page_that_moved_concerns_the_table_that_it_left_too():
    event = _parsed("notion", type="page.moved")

    assert event.hints == {"page": event.subject.removeprefix("page:")}
    assert WEBHOOKS["notion"].concerns(event, _source("notion", "another"))


def test_the_key_of_notions_handshake_is_told_and_never_shown():
    found = WEBHOOKS["notion"].handshake(b'{"verification_token": "secret_abc"}')

    assert found == NewKey("secret_abc")
    assert "secret_abc" not in repr(found)
    assert WEBHOOKS["notion"].handshake(b'{"verification_token": "x", "more": 1}') is None
    assert WEBHOOKS["slack"].handshake(b'{"verification_token": "secret_abc"}') is None


def test_slacks_challenge_is_answered():
    headers, body = signed("slack", {"type": "url_verification", "challenge": "3eZbrw1a"}, NOW)

    assert WEBHOOKS["slack"].parse(headers, body) == Answer({"challenge": "3eZbrw1a"})


def test_a_new_message_an_edit_and_a_deletion_mean_their_thread():
    new = _slack(type="message", ts="5.0")
    edited = _slack(
        type="message",
        subtype="message_changed",
        ts="9.0",
        message={"ts": "6.0", "thread_ts": "5.0"},
    )
    deleted = _slack(
        type="message",
        subtype="message_deleted",
        ts="9.1",
        deleted_ts="6.0",
        previous_message={"ts": "6.0", "thread_ts": "5.0"},
    )

    assert new.hints == {"thread_ts": "5.0", "ts": "5.0"}
    assert edited.hints == {"thread_ts": "5.0", "ts": "6.0"}
    assert deleted.hints == {"thread_ts": "5.0", "ts": "6.0", "gone": True}
    assert {new.subject, edited.subject, deleted.subject} == {"thread:5.0"}


def test_what_slack_dropped_makes_every_channel_be_swept():
    event = _parsed("slack", type="app_rate_limited", minute_rate_limited=1767225600)

    assert event.sweep
    assert WEBHOOKS["slack"].concerns(event, _source("slack", "C9"))


def test_a_channel_that_the_bot_cannot_read_any_more_ends():
    assert _slack(type="channel_deleted", channel="C0123").ends
    assert _slack(type="channel_rename", channel={"id": "C0123", "name": "new"}).places == (
        "C0123",
    )


def test_a_comment_of_linears_is_about_its_issue():
    event = _parsed("linear", type="Comment", data={"id": "comment-1", "issueId": "issue-9"})

    assert (event.subject, event.hints) == ("issue:issue-9", {"issue": "issue-9"})
    assert event.places == ("team-0",)


def test_a_removed_issue_of_linears_is_said_to_be_gone_and_a_removed_comment_is_not():
    data = {"id": "comment-1", "issueId": "issue-9"}

    assert _parsed("linear", action="remove").hints == {"issue": "issue-1", "gone": True}
    assert _parsed("linear", action="remove", type="Comment", data=data).hints == {
        "issue": "issue-9"
    }


def test_a_workspace_of_linears_is_concerned_by_every_team():
    event = _parsed("linear")

    assert WEBHOOKS["linear"].concerns(event, _source("linear", "workspace"))
    assert WEBHOOKS["linear"].concerns(event, _source("linear", "ENG"))
    assert not WEBHOOKS["linear"].concerns(event, _source("linear", "OPS"))


def test_a_renamed_label_of_linears_is_swept_and_a_new_one_is_nothing():
    label = {"id": "label-1", "name": "bug"}

    assert _parsed("linear", type="IssueLabel", data=label).sweep
    headers, body = signed(
        "linear",
        {**SAMPLES["linear"], "type": "IssueLabel", "action": "create", "data": label},
        NOW,
    )
    assert isinstance(WEBHOOKS["linear"].parse(headers, body), Ignored)


@pytest.mark.parametrize(
    ("vendor", "changes"),
    [
        ("vercel", {"type": "domain.created"}),
        ("linear", {"type": "Customer", "data": {"id": "customer"}}),
        ("notion", {"type": "view.created"}),
        ("slack", {"type": "event_callback", "event": {"type": "reaction_added"}}),
    ],
)
def test_what_changes_no_document_is_ignored_with_a_reason(vendor: str, changes: dict[str, Any]):
    headers, body = signed(vendor, {**SAMPLES[vendor], **changes}, NOW)
    parsed = WEBHOOKS[vendor].parse(headers, body)

    assert parsed == Ignored("an event that changes no document of ours")
