"""Which records a filter of Linear's lets through.

https://linear.app/developers/filtering
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

_CAPITAL = re.compile(r"[A-Z]")
_COMPARATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, among: value in among,
    "nin": lambda value, among: value not in among,
    "eqIgnoreCase": lambda value, other: value.casefold() == other.casefold(),
}


def passes(record: Any, wanted: Mapping[str, Any] | None) -> bool:  # noqa: ANN401 - any record
    """Whether the record meets every condition; null meets only `null: true`."""
    return all(_meets(record, name, condition) for name, condition in (wanted or {}).items())


def _meets(record: Any, name: str, condition: Any) -> bool:  # noqa: ANN401 - any record
    if name == "null":
        return (record is None) == condition
    if record is None:
        return False
    if name in ("and", "or"):
        return (all if name == "and" else any)(passes(record, each) for each in condition)
    if name in _COMPARATORS:
        return _COMPARATORS[name](record, _comparable(record, condition))
    attribute = _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)
    return passes(getattr(record, attribute), condition)


def _comparable(value: Any, condition: Any) -> Any:  # noqa: ANN401 - as above
    if not isinstance(value, datetime):
        return condition
    moment = datetime.fromisoformat(condition)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
