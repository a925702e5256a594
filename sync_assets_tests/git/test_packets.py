import io

import pytest

from sync_assets.git.packets import (
    FLUSH,
    RESPONSE_END,
    Ref,
    ls_refs,
    packet,
    parse_ls_remote,
    parse_refs,
    read_packets,
    read_response,
)

OID = "1" * 40


def test_packets_are_read_up_to_the_end_mark():
    stream = io.BytesIO(packet("one") + FLUSH + packet("next"))

    assert list(read_packets(stream, FLUSH)) == [b"0008one\n", FLUSH]
    assert stream.read() == b"0009next\n"


@pytest.mark.parametrize("data", [b"", b"00", b"0008on", b"0008one\n"])
def test_stream_that_ends_early_is_an_error(data: bytes):
    with pytest.raises(EOFError):
        list(read_packets(io.BytesIO(data), FLUSH))


@pytest.mark.parametrize("data", [b"", packet("part of an answer")])
def test_response_without_its_own_end_was_cut_short(data: bytes):
    with pytest.raises(EOFError):
        list(read_response(io.BytesIO(data + RESPONSE_END)))


@pytest.mark.parametrize("data", [packet("whole") + FLUSH, packet("ERR upload-pack: not our ref")])
def test_response_is_whole_with_a_flush_or_the_servers_error(data: bytes):
    assert b"".join(read_response(io.BytesIO(data + RESPONSE_END))) == data


def test_refs_are_asked_for_with_the_servers_hash():
    request = ls_refs("HEAD", [packet("version 2"), packet("object-format=sha256"), FLUSH])

    assert request == (
        b"0014command=ls-refs\n0019object-format=sha256\n0001000csymrefs\n0014ref-prefix HEAD\n0000"
    )


def test_refs_of_both_forms_of_answer_are_the_same():
    expected = [
        Ref("HEAD", OID, "refs/heads/main"),
        Ref("refs/heads/main", OID, None),
    ]
    answer = [
        packet(f"{OID} HEAD symref-target:refs/heads/main"),
        packet(f"{OID} refs/heads/main"),
        FLUSH,
    ]

    assert parse_refs(answer) == expected
    printed = f"ref: refs/heads/main\tHEAD\n{OID}\tHEAD\n{OID}\trefs/heads/main\n"
    assert parse_ls_remote(printed) == expected
