"""Bodies and signatures with a few bytes changed, for hypothesis."""

from collections.abc import Mapping

from hypothesis import strategies as st

SIGNATURES: Mapping[str, str] = {
    "github": "x-hub-signature-256",
    "vercel": "x-vercel-signature",
    "linear": "linear-signature",
    "notion": "x-notion-signature",
    "slack": "x-slack-signature",
}
"""The header that a vendor's signature stands in."""

Mutation = tuple[int, int, int]
mutations: st.SearchStrategy[list[Mutation]] = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=4
)


def mutated(text: bytes, changes: list[Mutation]) -> bytes:
    """The text with bytes replaced, put in and left out."""
    made = bytearray(text)
    for kind, where, value in changes:
        at = where % (len(made) + 1)
        if kind == 0:
            made[at : at + 1] = bytes([value])
        elif kind == 1:
            made[at:at] = bytes([value])
        else:
            del made[at : at + 1 + value % 8]
    return bytes(made)
