"""What a query costs Linear, computed from its text before it is sent. Pure.

A property is 0.1 points, an object 1; a connection multiplies what is below it by the size of its
page, 50 where none is asked for. https://linear.app/developers/rate-limiting
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
)

MOST: Final = 10_000
"""Points of one query; one that costs more is refused."""
DEFAULT_PAGE: Final = 50
_LISTS: Final = frozenset({"nodes", "edges"})


def complexity(query: str, variables: Mapping[str, Any]) -> int:
    """Points of the query with these variables, rounded up."""
    document = _parsed(query)
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    reckoning = _Reckoning(fragments, variables)
    operations = (
        each.selection_set
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    )
    return math.ceil(round(sum(map(reckoning.of, operations)), 6))


def largest_page(query: str, variables: Mapping[str, Any], most: int) -> int:
    """The largest `$first`, up to `most`, with which the query is not refused."""
    low, high = 1, most
    while low < high:
        middle = (low + high + 1) // 2
        if complexity(query, {**variables, "first": middle}) <= MOST:
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=64)
def _parsed(query: str) -> DocumentNode:
    return parse(query)


@dataclass(frozen=True, slots=True)
class _Reckoning:
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def of(self, selected: SelectionSetNode) -> float:
        points = 0.0
        for node in selected.selections:
            if isinstance(node, FragmentSpreadNode):
                points += self.of(self.fragments[node.name.value].selection_set)
            elif isinstance(node, FieldNode):
                points += self._field(node)
        return points

    def _field(self, node: FieldNode) -> float:
        if node.selection_set is None:
            return 0.1
        below = self.of(node.selection_set)
        return self._page(node) * below if _is_connection(node.selection_set) else 1 + below

    def _page(self, node: FieldNode) -> int:
        for argument in node.arguments:
            if argument.name.value in {"first", "last"}:
                value = argument.value
                if isinstance(value, VariableNode):
                    return int(self.variables[value.name.value])
                if isinstance(value, IntValueNode):
                    return int(value.value)
        return DEFAULT_PAGE


def _is_connection(selected: SelectionSetNode) -> bool:
    return any(
        isinstance(node, FieldNode) and node.name.value in _LISTS for node in selected.selections
    )
