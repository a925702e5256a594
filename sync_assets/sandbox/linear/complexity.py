"""What a query costs, from its text and variables alone.

A property is 0.1 points, an object 1; a connection multiplies its children by the size of the page
that is asked for, or by 50. https://linear.app/developers/rate-limiting
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)
from graphql.type import GraphQLNamedType, GraphQLObjectType

from sync_assets.sandbox.linear.connections import DEFAULT_PAGE

MOST = 10_000
"""A query that costs more is refused."""
_PROPERTY, _OBJECT = 0.1, 1.0


def complexity(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """Points, rounded up."""
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    changes = operation.operation is OperationType.MUTATION
    root = schema.mutation_type if changes else schema.query_type
    assert root is not None  # noqa: S101 - the schema has both
    points = _Reckoning(schema, fragments, variables).of(operation.selection_set, root)
    return math.ceil(round(points, 6))


@dataclass(frozen=True, slots=True)
class _Reckoning:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def of(self, selections: SelectionSetNode | None, parent: GraphQLNamedType) -> float:
        points = 0.0
        for node in () if selections is None else selections.selections:
            if isinstance(node, FieldNode):
                points += self._field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                points += self.of(self.fragments[node.name.value].selection_set, parent)
            elif isinstance(node, InlineFragmentNode):
                points += self.of(node.selection_set, parent)
        return points

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> float:
        name = node.name.value
        if name.startswith("__") or not isinstance(parent, GraphQLObjectType):
            return _PROPERTY
        kind = cast("GraphQLNamedType", get_named_type(parent.fields[name].type))
        if is_leaf_type(kind):
            return _PROPERTY
        below = self.of(node.selection_set, kind)
        if not kind.name.endswith("Connection"):
            return _OBJECT + below
        return self._page(node) * below

    def _page(self, node: FieldNode) -> int:
        for argument in node.arguments:
            if argument.name.value in ("first", "last"):
                size = value_from_ast_untyped(argument.value, dict(self.variables))
                if size is not None:
                    return size
        return DEFAULT_PAGE
