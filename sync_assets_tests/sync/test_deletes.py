import pytest

from sync_assets.sync.deletes import deletion_digest, may_delete


def decide(
    lost: int,
    stored: int,
    *,
    content_proven: bool = False,
    asked: bool = False,
    approved: bool = False,
) -> bool:
    return may_delete(
        [str(n) for n in range(lost)],
        stored,
        content_proven=content_proven,
        asked=asked,
        approved=approved,
    )


@pytest.mark.parametrize(
    ("lost", "stored", "allowed"),
    [(1, 1, False), (3, 3, False), (8, 9, True), (5, 10, True), (6, 10, False), (10, 10, False)],
)
def test_all_or_more_than_half_of_ten_or_more_are_held(lost: int, stored: int, *, allowed: bool):
    assert decide(lost, stored) is allowed


@pytest.mark.parametrize("proof", ["content_proven", "asked", "approved"])
def test_proof_an_operators_edit_or_an_approval_lets_any_delete_through(proof: str):
    assert decide(100, 100, **{proof: True})


def test_an_approval_is_for_one_set_of_documents_in_any_order():
    assert deletion_digest(["a", "b"]) == deletion_digest(["b", "a"])
    assert deletion_digest(["a", "b"]) != deletion_digest(["a"])
    assert deletion_digest(["ab"]) != deletion_digest(["a", "b"])
