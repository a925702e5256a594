"""Whether the settings' credentials reach all that a source needs."""

from collections.abc import Iterator
from datetime import datetime

from sync_assets.connectors.base import Probe
from sync_assets.connectors.catalog import connector_named
from sync_assets.errors import RateLimited, SourceError, SourceUnavailable
from sync_assets.models import Answer
from sync_assets.stores import Stores


class AccessCheck(Answer):
    """What came of one probe: `saw` says what was found, or why it was not. `needs` is what to
    grant, None where it is granted. `passed` is None where the vendor could not be asked: it is
    away, or asks us to wait until `retry_at`.
    """

    name: str
    passed: bool | None
    saw: str
    needs: str | None
    retry_at: datetime | None


def check_access(stores: Stores, source_id: str) -> Iterator[AccessCheck]:
    """Each probe of the source's connector, as it is tried; reads only, and writes nothing.

    Raises UnknownSource, and InvalidSettings where a setting is missing without which nothing can
    be tried.
    """
    source = stores.registry.get(source_id)
    connector = connector_named(source.connector)
    for probe in connector.probes(source, stores.settings, stores.http):
        yield checked(probe)


def checked(probe: Probe) -> AccessCheck:
    """What comes of one probe."""
    try:
        saw = probe.call()
    except (RateLimited, SourceUnavailable) as error:
        return AccessCheck(
            name=probe.name, passed=None, saw=str(error), needs=None, retry_at=error.retry_at
        )
    except SourceError as error:
        return AccessCheck(
            name=probe.name, passed=False, saw=str(error), needs=probe.needs, retry_at=None
        )
    return AccessCheck(name=probe.name, passed=True, saw=saw, needs=None, retry_at=None)
