"""A response's body on its way in."""

from collections.abc import Callable, Iterator

import httpx

from sync_assets.errors import SourceUnavailable

DEADLINE_SECONDS = 300.0
"""How long one body may take: a server that drips keeps each single read in time."""


class Body(httpx.SyncByteStream):
    """The bytes of `stream`; raises SourceUnavailable where they break off or never end."""

    def __init__(
        self,
        stream: httpx.SyncByteStream | httpx.AsyncByteStream,
        what: str,
        monotonic: Callable[[], float],
    ) -> None:
        if not isinstance(stream, httpx.SyncByteStream):
            raise TypeError("not an asynchronous stream")
        self._stream = stream
        self._what = what
        self._monotonic = monotonic
        self._until = monotonic() + DEADLINE_SECONDS
        self.size = 0
        """Bytes that came, as they came over the wire."""
        self.ended: Callable[[int], None] | None = None
        """Told the size once nothing more will come."""

    def __iter__(self) -> Iterator[bytes]:
        """Once."""
        try:
            for chunk in self._stream:
                if self._monotonic() > self._until:
                    raise SourceUnavailable(f"{self._what}: the answer does not end")
                self.size += len(chunk)
                yield chunk
        except httpx.HTTPError:
            raise SourceUnavailable(f"{self._what}: the answer broke off") from None

    def close(self) -> None:
        self._stream.close()
        if self.ended is not None:
            self.ended(self.size)
