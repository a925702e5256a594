"""Register, edit, pause, remove and trigger sources: checked by the catalog, kept by the registry.

Nothing here starts a run: the pipeline's sensor takes up what the registry says.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from croniter import CroniterError, croniter
from pydantic import JsonValue, ValidationError

from sync_assets.connectors.base import Connector
from sync_assets.connectors.catalog import connector_named
from sync_assets.control.registry import Registry, SyncRequest
from sync_assets.errors import InvalidSettings
from sync_assets.models import Source, SyncMode
from sync_assets.settings import Settings

_RANDOM_FIELD = re.compile(r"\b[hr]\b", re.IGNORECASE)
_CRON_FIELDS = 5
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def register(
    registry: Registry,
    connector: str,
    scope: str,
    options: Mapping[str, JsonValue] | None = None,
    cron: str | None = None,
    *,
    settings: Settings | None = None,
    by: str = "operator",
) -> Source:
    """A new source, and a request for its first full sync.

    `options` are the connector's per-source settings; what they leave out may follow from
    `settings`, such as whether there is a token. Raises InvalidSettings, in one line.
    """
    vendor = connector_named(connector)
    chosen: Mapping[str, JsonValue] = {} if settings is None else vendor.defaults(settings)
    source = registry.add(
        vendor.name,
        vendor.parse_scope(scope),
        _checked_options(vendor, {**chosen, **(options or {})}),
        checked_cron(vendor.default_cron if cron is None else cron),
    )
    registry.request_sync(source.source_id, "full", by)
    return source


def edit(
    registry: Registry,
    source_id: str,
    *,
    scope: str | None = None,
    options: Mapping[str, JsonValue] | None = None,
    reset: Collection[str] = (),
    cron: str | None = None,
) -> Source:
    """Change what is given and keep the rest; the options named by `reset` get their default.

    Raises InvalidSettings and UnknownSource.
    """
    source = registry.get(source_id)
    vendor = connector_named(source.connector)
    for name in reset:
        if name not in vendor.settings_model.model_fields:
            raise _no_such_setting(vendor, name)
    kept = {name: value for name, value in source.settings.items() if name not in reset}
    return registry.edit(
        source_id,
        scope=None if scope is None else vendor.parse_scope(scope),
        settings=_checked_options(vendor, kept | {**(options or {})}) if options or reset else None,
        cron=None if cron is None else checked_cron(cron),
    )


def pause(registry: Registry, source_id: str) -> Source:
    """No run starts until `resume`; what is indexed stays searchable. Raises UnknownSource."""
    return registry.pause(source_id)


def resume(registry: Registry, source_id: str) -> Source:
    """Active again, out of `paused` or `error`. Raises UnknownSource."""
    return registry.resume(source_id)


def remove(registry: Registry, source_id: str) -> Source:
    """On its way out: the pipeline purges its rows, then forgets it. Raises UnknownSource."""
    return registry.mark_removing(source_id)


def trigger(
    registry: Registry, source_id: str, mode: SyncMode, *, by: str = "operator"
) -> SyncRequest:
    """Ask for a run now. Raises UnknownSource, and InvalidSettings for one that may not run."""
    status = registry.get(source_id).status
    if status == "paused":
        raise InvalidSettings(
            f"{source_id} is paused: `sync-assets sources resume {source_id}` first"
        )
    if status == "removing":
        raise InvalidSettings(f"{source_id} is being removed: it is not synced any more")
    return registry.request_sync(source_id, mode, by)


def backfill(
    registry: Registry, source_id: str | None = None, *, by: str = "operator"
) -> tuple[Source, ...]:
    """Ask for full syncs, of one source or of all that run: a batch that goes behind schedules.

    The sources asked for. Raises as `trigger` does.
    """
    if source_id is not None:
        trigger(registry, source_id, "full", by=by)
        return (registry.get(source_id),)
    running = tuple(each for each in registry.all() if each.status in {"active", "error"})
    registry.request_syncs([each.source_id for each in running], "full", by)
    return running


def next_due(source: Source) -> datetime:
    """When the cron, read as UTC, next calls for a run: after the last one, or registration."""
    last = source.last_sync_at or source.created_at
    due: datetime = croniter(source.cron, last).get_next(datetime)
    return due


def last_due(source: Source, now: datetime) -> datetime:
    """The latest time, not after `now` (aware), that the cron named."""
    just_after = now + timedelta(microseconds=1)
    due: datetime = croniter(source.cron, just_after).get_prev(datetime)
    return due


def is_due(source: Source, now: datetime) -> bool:
    """Whether a scheduled run is to start now (aware); only an active source's ever is, and after
    a failed run none before its next try.
    """
    if source.status != "active" or next_due(source) > now:
        return False
    return source.next_try_at is None or source.next_try_at <= now


def checked_cron(cron: str) -> str:
    """The cron with single blanks; InvalidSettings unless its five fields name a time to come."""
    text = " ".join(cron.split())
    problem = InvalidSettings(
        f"Cron '{text}' must have five fields that name a time (minute hour day month weekday),"
        " as in '*/15 * * * *'"
    )
    if len(text.split()) != _CRON_FIELDS or _RANDOM_FIELD.search(text):
        raise problem
    try:
        croniter(text, _ANY_TIME).get_next(datetime)
    except CroniterError:
        raise problem from None
    return text


def _checked_options(vendor: Connector, options: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """As they are stored: with today's defaults, so that a new release changes no source."""
    try:
        return vendor.settings_model.model_validate(options).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "extra_forbidden":
        raise _no_such_setting(vendor, str(first["loc"][0]))
    name = ".".join(str(part) for part in first["loc"])
    problem = " ".join(first["msg"].removeprefix("Value error, ").split())
    raise InvalidSettings(f"{vendor.name} setting {name}: {problem}" if name else problem)


def _no_such_setting(vendor: Connector, name: str) -> InvalidSettings:
    known = ", ".join(vendor.settings_model.model_fields)
    return InvalidSettings(f"{vendor.name} has no setting {name}; it has: {known}")
