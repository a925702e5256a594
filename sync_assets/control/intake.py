"""Stores deliveries as they come: one thread commits all that is waiting, with one sync of the
disk, so that many callers at once pay for it once.
"""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from sync_assets.control.filing import Incoming, Receipt
from sync_assets.control.inbox import Inbox
from sync_assets.errors import StoreUnavailable

_AT_ONCE = 500
_Waiting = tuple[Incoming, Future[Receipt]]


class Intake:
    """A delivery put here is durable when its future has a result. End with `close`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
        self._thread.start()

    def put(self, incoming: Incoming) -> Future[Receipt]:
        """Its future raises StoreUnavailable where the control database cannot be written."""
        future: Future[Receipt] = Future()
        future.set_running_or_notify_cancel()  # a caller that goes away cancels nothing
        self._queue.put((incoming, future))
        return future

    def close(self) -> None:
        """Store what is waiting, then end."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        open_ = True
        while open_:
            first = self._queue.get()
            batch = [] if first is None else [first]
            open_ = first is not None
            while open_ and len(batch) < _AT_ONCE:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    open_ = False
                else:
                    batch.append(item)
            if batch:
                self._store(batch)

    def _store(self, batch: Sequence[_Waiting]) -> None:
        """Where a batch fails for what may be one delivery's fault, each is tried alone."""
        try:
            receipts = self._inbox.store([incoming for incoming, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is handed to those who wait
            if len(batch) > 1 and not isinstance(error, StoreUnavailable):
                for one in batch:
                    self._store([one])
                return
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), receipt in zip(batch, receipts, strict=True):
            future.set_result(receipt)
