"""The registered sources, what an operator asked of them, and how their last runs went."""

import difflib
import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, RowMapping, case, delete, select, update
from sqlalchemy.exc import IntegrityError

from sync_assets.control.alerts import is_well_again, went_into_error
from sync_assets.control.database import Clock, ControlDatabase, utc_now
from sync_assets.control.failures import Jitter
from sync_assets.control.schema import metadata, sources, sync_requests
from sync_assets.errors import InvalidSettings, UnknownSource
from sync_assets.models import Source, SourceStatus, SyncMode

FAILED_RUNS_TO_ERROR = 5
_FIRST_SECONDS = 30
_LONGEST_SECONDS = 300
_IN_ERROR_SECONDS = 3600
_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """An operator's wish for a run. `run_key` is unique for ever, also across databases."""

    request_id: int
    source_id: str
    mode: SyncMode
    requested_at: datetime
    requested_by: str
    run_key: str


class Registry:
    """Rows of `sources` and `sync_requests`. Every method is one transaction."""

    def __init__(
        self, database: ControlDatabase, clock: Clock = utc_now, jitter: Jitter = random.random
    ) -> None:
        self._database = database
        self._clock = clock
        self._jitter = jitter

    def add(
        self, connector: str, scope: str, settings: Mapping[str, JsonValue], cron: str
    ) -> Source:
        """Register. Raises InvalidSettings where connector and scope are registered already."""
        try:
            with self._database.write() as connection:
                taken = _with_scope(connection, connector, scope)
                if taken is not None:
                    raise _already_registered(taken)
                name = _free_name(connection, f"{connector}:{scope}")
                source = Source(
                    source_id=name,
                    connector=connector,
                    scope=scope,
                    identity=name,
                    settings=dict(settings),
                    cron=cron,
                    status="active",
                    generation=1,
                    created_at=self._clock(),
                )
                connection.execute(sources.insert().values(source.model_dump()))
        except IntegrityError:
            raise InvalidSettings(
                f"{connector}:{scope} is being registered by another process: nothing to do"
            ) from None
        return source

    def get(self, source_id: str) -> Source:
        """The source of that id; UnknownSource suggests close ones."""
        with self._database.read() as connection:
            return _get(connection, source_id)

    def by_partition(self, connector: str, scope: str) -> Source:
        """The source behind a Dagster partition. Raises UnknownSource."""
        with self._database.read() as connection:
            source = _with_scope(connection, connector, scope)
            return source or _get(connection, f"{connector}:{scope}")

    def all(
        self, connector: str | None = None, status: SourceStatus | None = None
    ) -> tuple[Source, ...]:
        """Ordered by id."""
        query = select(sources).order_by(sources.c.source_id)
        if connector is not None:
            query = query.where(sources.c.connector == connector)
        if status is not None:
            query = query.where(sources.c.status == status)
        with self._database.read() as connection:
            return tuple(_source(row) for row in connection.execute(query).mappings())

    def edit(
        self,
        source_id: str,
        *,
        scope: str | None = None,
        settings: Mapping[str, JsonValue] | None = None,
        cron: str | None = None,
    ) -> Source:
        """Change what is given. A change of scope or settings, and no other, is a new generation:
        the operator's leave for a large delete. Raises UnknownSource and InvalidSettings.
        """
        try:
            with self._database.write() as connection:
                old = _get(connection, source_id, lock=True)
                new_scope = old.scope if scope is None else scope
                new_settings = old.settings if settings is None else dict(settings)
                taken = _with_scope(connection, old.connector, new_scope)
                if taken is not None and taken.source_id != source_id:
                    raise _already_registered(taken)
                changed = (new_scope, new_settings) != (old.scope, old.settings)
                return _set(
                    connection,
                    source_id,
                    scope=new_scope,
                    settings=new_settings,
                    cron=old.cron if cron is None else cron,
                    generation=old.generation + changed,
                )
        except IntegrityError:
            raise InvalidSettings(f"{scope} is being registered by another process") from None

    def rename(self, source_id: str, scope: str) -> Source:
        """Another scope, because the vendor has it so: unlike an operator's edit, that is no leave
        for a large delete. Raises UnknownSource and InvalidSettings.
        """
        with self._database.write() as connection:
            old = _get(connection, source_id, lock=True)
            taken = _with_scope(connection, old.connector, scope)
            if taken is not None and taken.source_id != source_id:
                raise _already_registered(taken)
            return _set(connection, source_id, scope=scope)

    def pause(self, source_id: str) -> Source:
        """No run starts by itself until `resume`."""
        return self._set_unless_removing(source_id, status="paused")

    def resume(self, source_id: str) -> Source:
        """Out of `paused` or `error`, with a clean count of failures."""
        return self._set_unless_removing(
            source_id, status="active", failures_in_a_row=0, next_try_at=None
        )

    def mark_removing(self, source_id: str) -> Source:
        """Nothing runs any more but the purge of its index rows, which ends with `delete`."""
        with self._database.write() as connection:
            return _set(connection, source_id, status="removing")

    def delete(self, source_id: str) -> None:
        """Remove the source's rows of every table; leases stay, so that their tokens only grow.

        Deleting what is gone is no error, for a purge may be repeated.
        """
        with self._database.write() as connection:
            connection.execute(delete(sources).where(sources.c.source_id == source_id))

    def forget_stream(self, source_id: str, stream: str) -> None:
        """Remove all that is kept of one stream of the source: cursor, failures, held deletes."""
        with self._database.write() as connection:
            for table in metadata.sorted_tables:
                if {"source_id", "stream"} <= set(table.columns.keys()):
                    own = (table.c.source_id == source_id, table.c.stream == stream)
                    connection.execute(delete(table).where(*own))

    def request_sync(self, source_id: str, mode: SyncMode, by: str) -> SyncRequest:
        """Ask for a run. Raises UnknownSource."""
        (request,) = self.request_syncs([source_id], mode, by)
        return request

    def request_syncs(
        self, source_ids: Iterable[str], mode: SyncMode, by: str
    ) -> tuple[SyncRequest, ...]:
        """Ask for a run of each, all at once. Raises UnknownSource, and asks for none then."""
        with self._database.write() as connection:
            return tuple(
                _requested(
                    connection,
                    source_id=_get(connection, source_id).source_id,
                    mode=mode,
                    requested_at=self._clock(),
                    requested_by=by,
                    run_key=uuid.uuid4().hex,
                )
                for source_id in source_ids
            )

    def pending_requests(self) -> tuple[SyncRequest, ...]:
        """Not launched yet, oldest first; those of a paused or leaving source wait."""
        query = (
            select(*_REQUEST)
            .join(sources)
            .where(sync_requests.c.launched_at.is_(None), sources.c.status.in_(("active", "error")))
            .order_by(sync_requests.c.request_id)
        )
        with self._database.read() as connection:
            return tuple(SyncRequest(**row) for row in connection.execute(query).mappings())

    def mark_launched(self, request_id: int) -> None:
        """The request became a run. Saying it again changes nothing."""
        with self._database.write() as connection:
            connection.execute(
                update(sync_requests)
                .where(
                    sync_requests.c.request_id == request_id, sync_requests.c.launched_at.is_(None)
                )
                .values(launched_at=self._clock())
            )

    def record_started(self, source_id: str) -> Source:
        """A run started now. Raises UnknownSource, as the two below."""
        with self._database.write() as connection:
            return _set(connection, source_id, last_sync_at=self._clock())

    def record_success(self, source_id: str) -> Source:
        """A run ended well: the count of failures starts anew, and `error` is over."""
        with self._database.write() as connection:
            is_well_again(connection, source_id, self._clock())
            return _set(
                connection,
                source_id,
                last_success_at=self._clock(),
                last_error=None,
                failures_in_a_row=0,
                next_try_at=None,
                status=case((sources.c.status == "error", "active"), else_=sources.c.status),
            )

    def record_failure(self, source_id: str, message: str, *, again: bool = True) -> Source:
        """A run failed for good: the next try waits 30 s, doubling to 5 minutes. The fifth in a row
        sets an active source to `error`, where it is tried hourly, and is an alert. Not tried
        unless `again`, for a run alone would mend nothing.
        """
        with self._database.write() as connection:
            source = _get(connection, source_id, lock=True)
            failed = source.failures_in_a_row + 1
            gives_up = failed >= FAILED_RUNS_TO_ERROR
            doubled = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** (min(failed, 10) - 1))
            seconds = (_IN_ERROR_SECONDS if gives_up else doubled) * (0.8 + 0.4 * self._jitter())
            line = " ".join(message.split())[:_MESSAGE_LENGTH]
            goes_into_error = gives_up and source.status == "active"
            if goes_into_error:
                went_into_error(connection, source_id, line, self._clock())
            return _set(
                connection,
                source_id,
                last_error=line,
                failures_in_a_row=failed,
                next_try_at=self._clock() + timedelta(seconds=seconds) if again else None,
                status="error" if goes_into_error else source.status,
            )

    def due_for_retry(self, now: datetime) -> tuple[Source, ...]:
        """Whose last run failed, and whose next try has come (aware); paused ones wait."""
        query = (
            select(sources)
            .where(sources.c.next_try_at <= now, sources.c.status.in_(("active", "error")))
            .order_by(sources.c.source_id)
        )
        with self._database.read() as connection:
            return tuple(_source(row) for row in connection.execute(query).mappings())

    def _set_unless_removing(self, source_id: str, **values: object) -> Source:
        with self._database.write() as connection:
            if _get(connection, source_id, lock=True).status == "removing":
                raise InvalidSettings(f"{source_id} is being removed: register it again afterwards")
            return _set(connection, source_id, **values)


_REQUEST = [column for column in sync_requests.columns if column.name != "launched_at"]


def _source(row: RowMapping) -> Source:
    return Source.model_validate(dict(row))


def _get(connection: Connection, source_id: str, *, lock: bool = False) -> Source:
    query = select(sources).where(sources.c.source_id == source_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise _unknown(connection, source_id)
    return _source(row)


def _set(connection: Connection, source_id: str, **values: Any) -> Source:  # noqa: ANN401 - SQL
    change = update(sources).where(sources.c.source_id == source_id).values(values)
    row = connection.execute(change.returning(sources)).mappings().one_or_none()
    if row is None:
        raise _unknown(connection, source_id)
    return _source(row)


def _requested(connection: Connection, **values: object) -> SyncRequest:
    row = connection.execute(sync_requests.insert().values(values).returning(*_REQUEST))
    return SyncRequest(**row.mappings().one())


def _with_scope(connection: Connection, connector: str, scope: str) -> Source | None:
    query = select(sources).where(sources.c.connector == connector, sources.c.scope == scope)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _source(row)


def _free_name(connection: Connection, name: str) -> str:
    """The name, with a suffix where a source that was renamed since still bears it."""
    taken = set(connection.scalars(select(sources.c.source_id)))
    candidate, copy = name, 1
    while candidate in taken:
        copy += 1
        candidate = f"{name}~{copy}"
    return candidate


def _already_registered(source: Source) -> InvalidSettings:
    name = source.source_id
    if source.status == "removing":
        return InvalidSettings(f"{name} is being removed: register it again when it is gone")
    return InvalidSettings(
        f"{name} is registered already: change it with `sync-assets sources edit {name}`"
    )


def _unknown(connection: Connection, source_id: str) -> UnknownSource:
    known = sorted(connection.scalars(select(sources.c.source_id)))
    ends_so = [name for name in known if name.endswith((f":{source_id}", f"/{source_id}"))]
    close = ends_so or difflib.get_close_matches(source_id, known)
    advice = f"did you mean {' or '.join(close)}?" if close else "see `sync-assets sources list`"
    return UnknownSource(f"No source {source_id} is registered: {advice}")
