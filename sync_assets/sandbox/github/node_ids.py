"""Node ids as GitHub forms them today: a prefix that names the type, and packed numbers.

Clients must treat them as opaque, and so must every test.
"""

import base64
import struct


def account_node_id(prefix: str, number: int) -> str:
    """The id of something that belongs to no repository: `U_kgDO...`, `R_kgDO...`."""
    return f"{prefix}_{_packed(0, number)}"


def node_id(prefix: str, repository: int, number: int) -> str:
    """The id of something inside a repository: `I_kwDO...`, `PR_kwDO...`."""
    return f"{prefix}_{_packed(0, repository, number)}"


def _packed(*numbers: int) -> str:
    """MessagePack: an array of a small number and 32-bit ones."""
    first, *rest = numbers
    packed = bytes([0x90 + len(numbers), first])
    packed += b"".join(b"\xce" + struct.pack(">I", number) for number in rest)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")
