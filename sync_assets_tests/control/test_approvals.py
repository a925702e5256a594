import pytest

from sync_assets.control.approvals import Approvals
from sync_assets.control.database import ControlDatabase
from sync_assets.control.registry import Registry
from sync_assets.errors import InvalidSettings
from sync_assets.models import Approval, Source
from sync_assets_tests.fakes import FakeClock

ID = "github:owner/name"
KEY = (ID, "files")
KEYS = [f"src/{n:02}.py" for n in range(30)]


@pytest.fixture
def approvals(database: ControlDatabase, clock: FakeClock, source: Source) -> Approvals:
    return Approvals(database, clock)


def test_a_held_delete_names_its_size_and_examples(approvals: Approvals, clock: FakeClock):
    held = approvals.hold(*KEY, "set 1", total=40, keys=KEYS)
    assert held == Approval(
        approval_id=held.approval_id, source_id=ID, stream="files", digest="set 1", total=40,
        proposed=30, sample_keys=KEYS[:20], state="held", created_at=clock(),
    )  # fmt: skip
    assert approvals.all() == (held,)
    assert not approvals.is_approved(*KEY, "set 1")


def test_an_approval_is_for_exactly_one_set_of_one_stream(approvals: Approvals, clock: FakeClock):
    held = approvals.hold(*KEY, "set 1", total=40, keys=KEYS)
    clock.advance(60)
    approved = approvals.approve(held.approval_id)
    assert (approved.state, approved.decided_at) == ("approved", clock())
    assert approvals.is_approved(*KEY, "set 1")
    assert not approvals.is_approved(*KEY, "set 2")
    assert not approvals.is_approved(ID, "issues", "set 1")


def test_the_same_question_is_asked_once(approvals: Approvals):
    first = approvals.hold(*KEY, "set 1", total=40, keys=KEYS)
    assert approvals.hold(*KEY, "set 1", total=40, keys=KEYS) == first
    rejected = approvals.reject(first.approval_id)
    assert approvals.hold(*KEY, "set 1", total=40, keys=KEYS) == rejected
    assert approvals.all(state="held") == ()


def test_another_set_supersedes_the_earlier_question_and_answer(approvals: Approvals):
    first = approvals.hold(*KEY, "set 1", total=40, keys=KEYS)
    approvals.approve(first.approval_id)
    second = approvals.hold(*KEY, "set 2", total=40, keys=KEYS[:25])
    assert not approvals.is_approved(*KEY, "set 1")
    assert [(row.approval_id, row.state) for row in approvals.all()] == [
        (second.approval_id, "held"),
        (first.approval_id, "superseded"),
    ]


def test_an_approval_that_was_used_does_not_allow_the_same_delete_again(approvals: Approvals):
    held = approvals.hold(*KEY, "set 1", total=40, keys=KEYS)
    approvals.approve(held.approval_id)
    approvals.supersede(*KEY)
    approvals.supersede(*KEY)
    assert not approvals.is_approved(*KEY, "set 1")
    again = approvals.hold(*KEY, "set 1", total=40, keys=KEYS)
    assert (again.state, again.approval_id > held.approval_id) == ("held", True)


def test_streams_and_sources_are_held_apart(approvals: Approvals, registry: Registry):
    registry.add("github", "owner/other", {}, "* * * * *")
    approvals.hold(*KEY, "set 1", total=1, keys=KEYS[:1])
    approvals.hold(ID, "issues", "set 1", total=1, keys=KEYS[:1])
    approvals.hold("github:owner/other", "files", "set 1", total=1, keys=KEYS[:1])
    approvals.supersede(*KEY)
    assert {(row.source_id, row.stream) for row in approvals.all(state="held")} == {
        (ID, "issues"),
        ("github:owner/other", "files"),
    }
    assert len(approvals.all(ID)) == 2


def test_only_what_is_held_can_be_decided(approvals: Approvals):
    held = approvals.hold(*KEY, "set 1", total=40, keys=KEYS)
    approvals.approve(held.approval_id)
    with pytest.raises(InvalidSettings, match="is approved, not held: `sync-assets approve` lists"):
        approvals.reject(held.approval_id)
    with pytest.raises(InvalidSettings, match="Approval 4711 does not exist"):
        approvals.approve(4711)


def test_names_that_no_database_can_hold_are_shown_as_well_as_may_be(approvals: Approvals):
    held = approvals.hold(*KEY, "set 1", total=1, keys=["a\udcff\0b"])
    assert held.sample_keys == ["a?\N{REPLACEMENT CHARACTER}b"]
    assert approvals.all() == (held,)
