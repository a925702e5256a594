"""What a GraphQL request asks for, by a schema of the sandbox's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid query. `variables` are checked and have their defaults."""

    document: DocumentNode
    operation: OperationDefinitionNode
    raw: dict[str, Any]
    variables: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        """The operation's."""
        return None if self.operation.name is None else self.operation.name.value


class Queries:
    """Reads requests by one schema, which is parsed at the first of them."""

    def __init__(self, schema: Path) -> None:
        self._path = schema
        self._document = lru_cache(maxsize=256)(self._parsed)

    @cached_property
    def schema(self) -> GraphQLSchema:
        return build_schema(self._path.read_text(encoding="utf-8"))

    def read(self, body: bytes) -> Asked | list[GraphQLError]:
        """The query that is asked, or what is wrong with it. Raises ValueError, LookupError,
        TypeError or AttributeError for a body that is no GraphQL request.
        """
        asked: dict[str, Any] = json.loads(body)
        raw: dict[str, Any] = asked.get("variables") or {}
        document, errors = self._document(asked["query"])
        if document is None:
            return errors
        operation = get_operation_ast(document, asked.get("operationName"))
        if operation is None:
            return [GraphQLError("An operation name is required")]
        found = get_variable_values(self.schema, operation.variable_definitions, raw)
        return found if isinstance(found, list) else Asked(document, operation, raw, found)

    def _parsed(self, query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
        try:
            document = parse(query)
        except GraphQLError as error:
            return None, [error]
        errors = validate(self.schema, document)
        return (None, errors) if errors else (document, [])
