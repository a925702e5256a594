"""The ledger of documents that could not be read, and when each is tried again."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from sync_assets.control.database import Clock, ControlDatabase, insert_into, utc_now
from sync_assets.control.schema import failures, sources
from sync_assets.errors import SourceError, SyncAssetsError
from sync_assets.models import Failure, FetchFailure

Jitter = Callable[[], float]
"""A number from 0 to 1, drawn anew at each call."""

_FIRST_SECONDS = 10
_LONGEST_SECONDS = 300
_HOURLY_SECONDS = 3600
_MESSAGE_LENGTH = 500
_IDS_IN_A_STATEMENT = 500


def next_try(attempts: int, now: datetime, jitter: float) -> datetime:
    """After the given number of attempts: 10 s, doubling to 5 minutes, then hourly, +-20 %."""
    doubled = _FIRST_SECONDS * 2 ** min(attempts - 1, 20)
    seconds = doubled if doubled <= _LONGEST_SECONDS else _HOURLY_SECONDS
    return now + timedelta(seconds=seconds * (0.8 + 0.4 * jitter))


class Failures:
    """Rows of `failures`. Ids are document ids, which no two sources share."""

    def __init__(
        self, database: ControlDatabase, clock: Clock = utc_now, jitter: Jitter = random.random
    ) -> None:
        self._database = database
        self._clock = clock
        self._jitter = jitter

    def record(self, source_id: str, stream: str, failed: Sequence[FetchFailure]) -> None:
        """One more attempt failed for each; a new version of a document counts from one.

        Raises UnknownSource where the source was removed meanwhile.
        """
        latest = {failure.entry.document_id: failure for failure in failed}
        for ids in _slices(list(latest)):
            self._record(source_id, stream, [latest[document_id] for document_id in ids])

    def _record(self, source_id: str, stream: str, failed: Sequence[FetchFailure]) -> None:
        now = self._clock()
        ids = [failure.entry.document_id for failure in failed]
        stored = (
            select(failures)
            .where(failures.c.source_id == source_id, failures.c.stream == stream)
            .where(failures.c.document_id.in_(ids))
            .with_for_update()
        )
        with self._database.write() as connection:
            known = {
                row["document_id"]: Failure.model_validate(dict(row))
                for row in connection.execute(stored).mappings()
            }
            rows = [
                self._attempted(source_id, stream, failure, known, now).model_dump()
                for failure in failed
            ]
            insert = insert_into(connection, failures)
            values = {name: insert.excluded[name] for name in Failure.model_fields}
            key = ["source_id", "stream", "document_id"]
            connection.execute(insert.on_conflict_do_update(index_elements=key, set_=values), rows)

    def _attempted(
        self,
        source_id: str,
        stream: str,
        failure: FetchFailure,
        known: dict[str, Failure],
        now: datetime,
    ) -> Failure:
        entry, error = failure.entry, failure.error
        before = known.get(entry.document_id)
        if before is not None and before.version != entry.version:
            before = None
        attempts = 1 if before is None else before.attempts + 1
        again_at = next_try(attempts, now, self._jitter())
        if isinstance(error, SourceError) and error.retry_at is not None:
            again_at = max(again_at, error.retry_at)
        return Failure(
            source_id=source_id,
            stream=stream,
            document_id=entry.document_id,
            key=entry.key,
            version=entry.version,
            error=type(error).__name__,
            message=_message(error),
            attempts=attempts,
            first_at=now if before is None else before.first_at,
            last_at=now,
            next_try_at=again_at,
        )

    def resolve(self, document_ids: Sequence[str]) -> None:
        """Strike out what was read since, is gone from the source, or is to be forgotten."""
        for ids in _slices(document_ids):
            listed = failures.c.document_id.in_(ids)
            with self._database.read() as connection:
                found = connection.scalars(select(failures.c.document_id).where(listed)).all()
            if found:  # mostly there is none, and then no write transaction is spent
                with self._database.write() as connection:
                    connection.execute(delete(failures).where(listed))

    def retry_now(self, document_ids: Sequence[str]) -> None:
        """Let the next retry take these up, whatever their time."""
        now = self._clock()
        for ids in _slices(document_ids):
            with self._database.write() as connection:
                connection.execute(
                    update(failures).where(failures.c.document_id.in_(ids)).values(next_try_at=now)
                )

    def due(self, now: datetime) -> tuple[Failure, ...]:
        """Of active sources, those whose next try has come; the longest waiting first."""
        query = (
            select(failures)
            .join(sources)
            .where(failures.c.next_try_at <= now, sources.c.status == "active")
            .order_by(failures.c.next_try_at, failures.c.document_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return tuple(Failure.model_validate(dict(row)) for row in rows)

    def outstanding(self, source_id: str, stream: str) -> set[str]:
        """The ids of a stream's failed documents: its cursor may not pass them."""
        query = select(failures.c.document_id).where(
            failures.c.source_id == source_id, failures.c.stream == stream
        )
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def counts(self) -> Mapping[str, int]:
        """By source, how many documents could not be brought in."""
        query = select(failures.c.source_id, func.count()).group_by(failures.c.source_id)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def list(self, source_id: str | None = None) -> tuple[Failure, ...]:
        """Oldest first."""
        query = select(failures).order_by(failures.c.first_at, failures.c.document_id)
        if source_id is not None:
            query = query.where(failures.c.source_id == source_id)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return tuple(Failure.model_validate(dict(row)) for row in rows)


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (
        ids[start : start + _IDS_IN_A_STATEMENT]
        for start in range(0, len(ids), _IDS_IN_A_STATEMENT)
    )


def _message(error: Exception) -> str:
    """Our own errors are fit to be stored; any other may hold content, so its class must do."""
    if not isinstance(error, SyncAssetsError):
        return "Unexpected: see the log of the run"
    return " ".join(str(error).split())[:_MESSAGE_LENGTH]
