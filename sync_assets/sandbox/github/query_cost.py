"""What a query may cost, from its text and variables alone, and the bounds it must keep.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)
from graphql.type import GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType

MAX_NODES = 500_000
MAX_PAGE = 100
_LISTS = ("nodes", "edges")


@dataclass(slots=True)
class QueryCost:
    """`requests`: how many connections are read, each once for every node of its parents."""

    nodes: int = 0
    requests: int = 0
    errors: list[GraphQLError] = field(default_factory=list[GraphQLError])

    @property
    def points(self) -> int:
        """What the query takes from the hour's points."""
        return max(1, round(self.requests / 100))


def query_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> QueryCost:
    """The cost of an operation of a valid document; `errors` where GitHub would not run it."""
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    cost = QueryCost()
    root = schema.query_type
    assert root is not None  # noqa: S101 - the schema has one
    _Walk(schema, fragments, variables, cost).selections(operation.selection_set, root, 1)
    if not cost.errors and cost.nodes > MAX_NODES:
        text = f"This query requests up to {cost.nodes:,} possible nodes which exceeds the maximum"
        cost.errors.append(
            GraphQLError(
                f"{text} limit of {MAX_NODES:,}.", extensions={"type": "MAX_NODE_LIMIT_EXCEEDED"}
            )
        )
    return cost


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    cost: QueryCost

    def selections(
        self, selections: SelectionSetNode | None, parent: GraphQLNamedType, times: int
    ) -> None:
        for node in () if selections is None else selections.selections:
            if isinstance(node, FieldNode):
                self.field(node, parent, times)
                continue
            fragment = self._fragment(node)
            condition = fragment.type_condition
            within = self.schema.type_map[condition.name.value] if condition else parent
            self.selections(fragment.selection_set, within, times)

    def _fragment(self, node: SelectionNode) -> FragmentDefinitionNode | InlineFragmentNode:
        if isinstance(node, FragmentSpreadNode):
            return self.fragments[node.name.value]
        assert isinstance(node, InlineFragmentNode)  # noqa: S101 - there is no other kind
        return node

    def field(self, node: FieldNode, parent: GraphQLNamedType, times: int) -> None:
        name = node.name.value
        if name.startswith("__") or not isinstance(
            parent, GraphQLObjectType | GraphQLInterfaceType
        ):
            return
        kind = cast("GraphQLNamedType", get_named_type(parent.fields[name].type))
        arguments = {
            argument.name.value: value_from_ast_untyped(argument.value, dict(self.variables))
            for argument in node.arguments
        }
        if kind.name.endswith("Connection"):
            size = self._page_size(node, arguments)
            self.cost.requests += times
            self.cost.nodes += times * size
            times *= size
        elif isinstance(ids := arguments.get("ids"), list):
            times *= len(ids)  # pyright: ignore[reportUnknownArgumentType]
        self.selections(node.selection_set, kind, times)

    def _page_size(self, node: FieldNode, arguments: Mapping[str, Any]) -> int:
        """At most so many nodes; 0 where only the connection's own facts are read."""
        name = node.name.value
        asked = {key: arguments[key] for key in ("first", "last") if arguments.get(key) is not None}
        if not asked:
            if self._reads_nodes(node.selection_set):
                self._refuse(
                    node,
                    "MISSING_PAGINATION_BOUNDARIES",
                    f"You must provide a `first` or `last` value to properly paginate the "
                    f"`{name}` connection.",
                )
            return 0
        key, size = next(iter(asked.items()))
        if size > MAX_PAGE:
            self._refuse(
                node,
                "EXCESSIVE_PAGINATION",
                f"Requesting {size} records on the `{name}` connection exceeds the `{key}` limit "
                f"of {MAX_PAGE} records.",
            )
        if size < 0:
            self._refuse(
                node,
                "INVALID_PAGINATION_BOUNDARIES",
                f"`{key}` on the `{name}` connection cannot be less than zero.",
            )
        return size

    def _reads_nodes(self, selections: SelectionSetNode | None) -> bool:
        for node in () if selections is None else selections.selections:
            if isinstance(node, FieldNode):
                reads = node.name.value in _LISTS
            else:
                reads = self._reads_nodes(self._fragment(node).selection_set)
            if reads:
                return True
        return False

    def _refuse(self, node: FieldNode, kind: str, message: str) -> None:
        self.cost.errors.append(GraphQLError(message, node, extensions={"type": kind}))
