"""What a query costs GitHub, computed from its text before it is sent. Pure.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
)

MOST_NODES = 500_000
"""A query that might return more is refused."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`nodes` at most; `requests` that the server makes of it, each connection of each parent."""

    nodes: int = 0
    requests: int = 0

    @property
    def points(self) -> int:
        """A hundredth of the requests, one at least."""
        return max(1, round(self.requests / 100))

    def plus(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(self.nodes + other.nodes, self.requests + other.requests)


def query_cost(query: str, variables: Mapping[str, Any]) -> Cost:
    """The most that the query can cost with these variables."""
    document = _parsed(query)
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    operations = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    reckoning = _Reckoning(fragments, variables)
    return reckoning.of([operation.selection_set for operation in operations], 1)


@lru_cache(maxsize=64)
def _parsed(query: str) -> DocumentNode:
    return parse(query)


class _Reckoning:
    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._fragments = fragments
        self._variables = variables

    def of(self, selections: list[SelectionSetNode], parents: int) -> Cost:
        """Below `parents` nodes. The same field, asked for twice under one type, is asked once."""
        fields: dict[tuple[str, str], list[FieldNode]] = {}
        for selection_set in selections:
            for scope, node in self._fields(selection_set, ""):
                name = node.alias.value if node.alias else node.name.value
                fields.setdefault((scope, name), []).append(node)
        cost = Cost()
        for nodes in fields.values():
            children = [node.selection_set for node in nodes if node.selection_set]
            arguments = {each.name.value: self._value(each.value) for each in nodes[0].arguments}
            page = arguments.get("first") or arguments.get("last")
            if page:
                cost = cost.plus(Cost(parents * page, parents))
            times = page or len(arguments.get("ids") or ()) or 1
            cost = cost.plus(self.of(children, parents * times))
        return cost

    def _fields(self, selected: SelectionSetNode, scope: str) -> Iterator[tuple[str, FieldNode]]:
        for node in selected.selections:
            if isinstance(node, FieldNode):
                yield scope, node
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                yield from self._fields(fragment.selection_set, fragment.type_condition.name.value)
            elif isinstance(node, InlineFragmentNode):
                inner = node.type_condition.name.value if node.type_condition else scope
                yield from self._fields(node.selection_set, inner)

    def _value(self, node: object) -> Any:  # noqa: ANN401 - a variable holds anything
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value)
        return int(node.value) if isinstance(node, IntValueNode) else None
