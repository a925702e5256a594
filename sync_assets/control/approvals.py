"""Large deletes that wait for an operator."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, select, update

from sync_assets.control.database import Clock, ControlDatabase, utc_now
from sync_assets.control.schema import approvals, readable
from sync_assets.errors import InvalidSettings
from sync_assets.models import Approval, ApprovalState

_SAMPLE = 20


class Approvals:
    """Rows of `approvals`. A stream has at most one that is held, approved or rejected: the
    answer is about one exact set of documents, named by its digest.
    """

    def __init__(self, database: ControlDatabase, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def hold(
        self, source_id: str, stream: str, digest: str, *, total: int, keys: Sequence[str]
    ) -> Approval:
        """Ask about deleting the documents of these keys, out of `total` that are stored.

        The same question is asked once: its approval, whatever its state, is returned. Another
        set supersedes the earlier question.
        """
        with self._database.write() as connection:
            standing = _standing(connection, source_id, stream, digest)
            if standing is not None:
                return standing
            self._supersede(connection, source_id, stream)
            row = connection.execute(
                approvals.insert()
                .values(
                    source_id=source_id,
                    stream=stream,
                    digest=digest,
                    total=total,
                    proposed=len(keys),
                    sample_keys=[readable(key) for key in keys[:_SAMPLE]],
                    state="held",
                    created_at=self._clock(),
                )
                .returning(approvals)
            )
            return _approval(row.mappings().one())

    def approve(self, approval_id: int) -> Approval:
        """The next sync deletes exactly this set. Raises InvalidSettings unless it is held."""
        return self._decide(approval_id, "approved")

    def reject(self, approval_id: int) -> Approval:
        """This set stays. Raises InvalidSettings unless it is held."""
        return self._decide(approval_id, "rejected")

    def standing(self, source_id: str, stream: str) -> Approval | None:
        """The stream's question, with its answer; None where none stands."""
        with self._database.read() as connection:
            return _standing(connection, source_id, stream)

    def is_approved(self, source_id: str, stream: str, digest: str) -> bool:
        """Whether exactly this set may be deleted."""
        with self._database.read() as connection:
            standing = _standing(connection, source_id, stream, digest)
        return standing is not None and standing.state == "approved"

    def supersede(self, source_id: str, stream: str) -> None:
        """The question no longer stands: the set was deleted, or is no longer proposed.

        Without this an old approval would allow the same delete again, months later.
        """
        with self._database.read() as connection:
            if _standing(connection, source_id, stream) is None:
                return
        with self._database.write() as connection:
            self._supersede(connection, source_id, stream)

    def all(
        self, source_id: str | None = None, state: ApprovalState | None = None
    ) -> tuple[Approval, ...]:
        """Newest first."""
        query = select(approvals).order_by(approvals.c.approval_id.desc())
        if source_id is not None:
            query = query.where(approvals.c.source_id == source_id)
        if state is not None:
            query = query.where(approvals.c.state == state)
        with self._database.read() as connection:
            return tuple(_approval(row) for row in connection.execute(query).mappings())

    def _decide(self, approval_id: int, state: ApprovalState) -> Approval:
        chosen = approvals.c.approval_id == approval_id
        with self._database.write() as connection:
            changed = connection.execute(
                update(approvals)
                .where(chosen, approvals.c.state == "held")
                .values(state=state, decided_at=self._clock())
                .returning(approvals)
            )
            row = changed.mappings().one_or_none()
            if row is not None:
                return _approval(row)
            now = connection.scalar(select(approvals.c.state).where(chosen))
        problem = "does not exist" if now is None else f"is {now}, not held"
        raise InvalidSettings(
            f"Approval {approval_id} {problem}: `sync-assets approve` lists what is held"
        )

    def _supersede(self, connection: Connection, source_id: str, stream: str) -> None:
        connection.execute(
            update(approvals)
            .where(approvals.c.source_id == source_id, approvals.c.stream == stream)
            .where(approvals.c.state != "superseded")
            .values(state="superseded")
        )


def _standing(
    connection: Connection, source_id: str, stream: str, digest: str | None = None
) -> Approval | None:
    query = (
        select(approvals)
        .where(approvals.c.source_id == source_id, approvals.c.stream == stream)
        .where(approvals.c.state != "superseded")
    )
    if digest is not None:
        query = query.where(approvals.c.digest == digest)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _approval(row)


def _approval(row: RowMapping) -> Approval:
    return Approval.model_validate(dict(row))
