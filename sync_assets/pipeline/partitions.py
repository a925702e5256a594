"""A source is a partition: one set of partitions a connector, the key is the source's scope."""

from collections.abc import Iterable, Mapping

import dagster as dg

from sync_assets.connectors.base import Connector
from sync_assets.models import Source


def sources_partitions(connector: str) -> dg.DynamicPartitionsDefinition:
    """The partitions of all of a connector's assets; `registry_sync` keeps them."""
    return dg.DynamicPartitionsDefinition(name=f"{connector}_sources")


def can_be_partition(scope: str) -> bool:
    """Whether Dagster takes the scope as a key: `...` is its range syntax, and it bars control
    characters. One such key would fail the request for all.
    """
    return "..." not in scope and scope.isprintable()


def missing_partitions(
    instance: dg.DagsterInstance, sources: Iterable[Source]
) -> Mapping[str, list[str]]:
    """By connector, the scopes of these sources that are no partitions yet."""
    wanted: dict[str, set[str]] = {}
    for source in sources:
        wanted.setdefault(source.connector, set()).add(source.scope)
    missing = {
        connector: sorted(scopes - set(present(instance, connector)))
        for connector, scopes in wanted.items()
    }
    return {connector: scopes for connector, scopes in missing.items() if scopes}


def obsolete_partitions(
    instance: dg.DagsterInstance, connectors: Iterable[Connector], sources: Iterable[Source]
) -> Mapping[str, list[str]]:
    """By connector, the partitions that no source has any more."""
    kept = {(source.connector, source.scope) for source in sources}
    obsolete = {
        connector.name: [
            scope
            for scope in present(instance, connector.name)
            if (connector.name, scope) not in kept
        ]
        for connector in connectors
    }
    return {connector: scopes for connector, scopes in obsolete.items() if scopes}


def present(instance: dg.DagsterInstance, connector: str) -> list[str]:
    """The scopes that are partitions now."""
    return list(instance.get_dynamic_partitions(f"{connector}_sources"))
