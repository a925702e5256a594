from datetime import UTC, datetime

from sync_assets.cli.sync import summary
from sync_assets.models import DocumentsReport, IndexReport, ListReport, SyncReport

UNTIL = datetime(2026, 1, 1, 13, tzinfo=UTC)
WAIT = "waits until 2026-01-01 13:00:00 UTC because 5000 of 5000 points are used"
BECAUSE = "5000 of 5000 points are used"


def test_a_sync_that_has_to_wait_says_until_when_and_not_that_nothing_changed():
    listing = ListReport(
        unchanged=False, watermark="", deferred_until=UNTIL, deferred_because=BECAUSE
    )

    line = summary(SyncReport(source_id="github:a/b", stream="issues", listing=listing))

    assert line == f"github:a/b issues: {WAIT}"


def test_a_sync_that_was_limited_half_way_says_what_it_did_and_until_when_it_waits():
    documents = DocumentsReport(added=9, fetched=4, deferred_until=UNTIL, deferred_because=BECAUSE)
    report = SyncReport(
        source_id="github:a/b",
        stream="issues",
        listing=ListReport(unchanged=False, watermark="1"),
        documents=documents,
        index=IndexReport(documents=4),
    )

    assert WAIT in summary(report)
    assert "9 added" in summary(report)
