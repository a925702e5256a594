import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.git.objects import TreeEntry, blob_id, parse_tree, unsearchable


def test_tree_listing_keeps_every_byte_of_a_name():
    oid = "0" * 40
    listing = b"100644 blob %b\ta\tb\nc\xff\x00160000 commit %b\tlib\x00" % ((oid.encode(),) * 2)

    assert list(parse_tree(listing)) == [
        TreeEntry("100644", oid, b"a\tb\nc\xff"),
        TreeEntry("160000", oid, b"lib"),
    ]


def test_empty_tree_has_no_entries():
    assert list(parse_tree(b"")) == []


def test_blob_id_is_what_git_computes():
    data = b"one\r\ntwo\0three"
    command = ["git", "hash-object", "-t", "blob", "--stdin", "--no-filters"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)

    assert blob_id(data, like="0" * 40) == done.stdout.decode().strip()
    assert len(blob_id(data, like="0" * 64)) == 64


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", None),
        (b"plain\n", None),
        ("\ufeffBOM and \u00fc".encode(), None),
        (b"x" * 8000 + b"\0", None),
        (b"x" * 7999 + b"\0", "binary"),
        ("utf-16".encode("utf-16"), "binary"),
        (b"caf\xe9", "not_utf8"),
        (b"\xed\xa0\x80", "not_utf8"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "lfs_pointer"),
    ],
)
def test_content_is_searchable_only_as_text(data: bytes, reason: str | None):
    assert unsearchable(data) == reason


@given(st.binary(max_size=200))
def test_searchable_content_always_decodes(data: bytes):
    if unsearchable(data) is None:
        assert data.decode().encode() == data
