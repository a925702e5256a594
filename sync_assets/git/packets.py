"""Git's pkt-line framing, and the one command of protocol v2 that we speak ourselves. Pure.

https://git-scm.com/docs/gitprotocol-common#_pkt_line_format and gitprotocol-v2#_ls_refs
"""

from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

FLUSH = b"0000"
DELIMITER = b"0001"
RESPONSE_END = b"0002"
_HEADER_BYTES = 4


class Ref(NamedTuple):
    """A ref that a server names; `target` is the branch that a symbolic one stands for."""

    name: str
    oid: str
    target: str | None


def packet(text: str) -> bytes:
    """A line as git sends it."""
    data = text.encode() + b"\n"
    return b"%04x" % (len(data) + _HEADER_BYTES) + data


def read_packets(stream: IO[bytes], end: bytes) -> Iterator[bytes]:
    """Packets with their headers, up to `end`, which is the last; EOFError if it never comes."""
    while True:
        header = stream.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise EOFError
        left = int(header, 16) - _HEADER_BYTES
        data = stream.read(left) if left > 0 else b""
        if len(data) < left:
            raise EOFError
        yield header + data
        if header == end:
            return


def read_response(stream: IO[bytes]) -> Iterator[bytes]:
    """The packets of a helper's response, without its end; EOFError if it was cut short.

    The helper marks an end even where the connection broke; a whole response has a flush before
    it, or the server's error.
    """
    last = b""
    for line in read_packets(stream, RESPONSE_END):
        if line != RESPONSE_END:
            last = line
            yield line
    if last != FLUSH and not last[_HEADER_BYTES:].startswith(b"ERR "):
        raise EOFError


def ls_refs(prefix: str, capabilities: Sequence[bytes]) -> bytes:
    """A request for the refs whose names begin with `prefix`."""
    formats = [_text(line) for line in capabilities if b"object-format=" in line]
    head = [packet("command=ls-refs"), *map(packet, formats), DELIMITER]
    return b"".join([*head, packet("symrefs"), packet(f"ref-prefix {prefix}"), FLUSH])


def parse_refs(answer: Sequence[bytes]) -> list[Ref]:
    """The refs of an answer to `ls_refs`."""
    refs: list[Ref] = []
    for line in answer:
        if len(line) > _HEADER_BYTES:
            oid, name, *attributes = _text(line).split(" ")
            targets = (text.partition(":") for text in attributes)
            target = next((value for key, _, value in targets if key == "symref-target"), None)
            refs.append(Ref(name, oid, target))
    return refs


def parse_ls_remote(answer: str) -> list[Ref]:
    """The refs that `git ls-remote --symref` prints."""
    targets: dict[str, str] = {}
    refs: list[Ref] = []
    for line in answer.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            targets[name] = value.removeprefix("ref: ")
        else:
            refs.append(Ref(name, value, targets.get(name)))
    return refs


def _text(line: bytes) -> str:
    return line[_HEADER_BYTES:].decode(errors="replace").rstrip("\n")
