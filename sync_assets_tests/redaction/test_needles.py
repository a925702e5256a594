from hypothesis import given
from hypothesis import strategies as st

from sync_assets.redaction.needles import WINDOW, Needles

NEEDLES = [b"ab", b"b", b"aba", b"-----begin "]


def naive(data: bytes) -> list[tuple[int, int]]:
    return [
        (at, which)
        for at in range(len(data))
        for which, needle in enumerate(NEEDLES)
        if data.startswith(needle, at)
    ]


@given(st.text("ab -", max_size=40).map(str.encode))
def test_every_place_is_found_in_order_overlapping_ones_too(data: bytes):
    assert list(Needles(NEEDLES).places(data)) == naive(data)


def test_what_lies_across_the_edge_of_a_window_is_found_once():
    for shift in (0, 1, 3, 10, 13):
        data = b"." * (WINDOW - shift) + b"-----begin aba" + b"." * WINDOW + b"ab"
        assert list(Needles(NEEDLES).places(data)) == naive(data)
