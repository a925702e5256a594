"""The language of `git fast-import`.

https://git-scm.com/docs/git-fast-import#_input_format
"""

from datetime import datetime

GitPath = str | bytes
"""A path in a repository; bytes where it is not UTF-8."""


def commit_stream(
    branch: str,
    changes: bytes,
    message: str,
    *,
    author: str,
    at: datetime,
    parent: str | None,
) -> bytes:
    """One commit; git prints its id."""
    signature = f"{author} {int(at.timestamp())} +0000\n"
    text = message.encode()
    head = (
        f"commit refs/heads/{branch}\nmark :1\nauthor {signature}committer {signature}"
        f"data {len(text)}\n"
    ).encode()
    start = b"" if parent is None else f"from {parent}\n".encode()
    return head + text + b"\n" + start + changes + b"\nget-mark :1\ndone\n"


def quoted(path: GitPath) -> bytes:
    """A path as fast-import reads it, whatever bytes it holds."""
    data = path.encode() if isinstance(path, str) else path
    escaped = data.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
