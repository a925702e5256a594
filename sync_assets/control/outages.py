"""What a database driver reports, as one line that says what to do. Pure.

SQLite names its results (https://www.sqlite.org/rescode.html), Postgres numbers its own
(https://www.postgresql.org/docs/current/errcodes-appendix.html). The driver's own text stays out
of the message: after a mistyped URL it may hold a piece of the password.
"""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sync_assets.errors import StoreUnavailable, SyncAssetsError, UnknownSource

_SQLITE = {
    "SQLITE_BUSY": "is locked by another process: end the one that holds it, or try again",
    "SQLITE_LOCKED": "is locked by another connection: try again",
    "SQLITE_READONLY": "is read-only: make the file and its folder writable",
    "SQLITE_CANTOPEN": "cannot be opened: its folder must exist and be writable",
    "SQLITE_PERM": "cannot be opened: make the file and its folder writable",
    "SQLITE_FULL": "cannot grow: free the disk",
    "SQLITE_IOERR": "cannot be read or written: check the disk",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup, or remove it and register again",
    "SQLITE_NOTADB": "is not a SQLite file: fix SYNC_ASSETS_DATABASE_URL",
}
_POSTGRES = {
    "08": "cannot be reached or refuses us: check that it runs, and the host, name, user and"
    " password in SYNC_ASSETS_DATABASE_URL",
    "25006": "is read-only: name the primary server in SYNC_ASSETS_DATABASE_URL",
    "28": "refuses our login: fix the user and password in SYNC_ASSETS_DATABASE_URL",
    "3D": "does not exist: create it, or fix SYNC_ASSETS_DATABASE_URL",
    "40": "had a conflict between two writers: try again",
    "42501": "forbids this to our user: grant it the rights to create and write tables",
    "53100": "cannot grow: free the disk of the server",
    "53": "is out of resources: raise its limits or try again",
    "55P03": "is locked by another process: end the one that holds it, or try again",
    "57": "is shutting down, starting or ending our queries: try again",
    "58": "cannot be read or written: check the disk of the server",
}
_FOREIGN_KEY = ("SQLITE_CONSTRAINT_FOREIGNKEY", "23503")


def explain(error: SQLAlchemyError, place: str) -> SyncAssetsError | None:
    """The error to raise instead, or None where the mistake is ours and a traceback is right.

    `place` names the database without its credentials.
    """
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(f"{place} has no free connection: fewer threads, or try again")
    if not isinstance(error, DBAPIError):
        return None
    code = _code(error)
    if code in _FOREIGN_KEY:
        return UnknownSource("The source was removed meanwhile: nothing was stored for it")
    advice = _SQLITE if code.startswith("SQLITE_") else _POSTGRES
    for prefix in sorted(advice, key=len, reverse=True):
        if code.startswith(prefix):
            return StoreUnavailable(f"{place} {advice[prefix]}")
    return None


def _code(error: DBAPIError) -> str:
    cause = error.orig
    for attribute in ("sqlite_errorname", "pgcode"):
        code: object = getattr(cause, attribute, None)
        if isinstance(code, str):
            return code
    # libpq gives no code when it cannot connect, is refused, or loses the connection; its text
    # would tell these apart, in the server's language.
    return "08006" if type(cause).__name__ in {"OperationalError", "InterfaceError"} else ""
