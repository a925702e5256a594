"""Benchmarks of one part, which give plain figures: what each figure is, and its bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.claims import Claim, Relation, Table, number


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure says, and what it must keep to."""

    text: str
    relation: Relation
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures by name; those with a bound are claims."""

    values: Mapping[str, float]
    bounds: Mapping[str, Bound]

    def claims(self) -> list[Claim]:
        return [
            Claim(bound.text, bound.relation, bound.value, self.values[name], bound.unit)
            for name, bound in self.bounds.items()
        ]

    def tables(self) -> Sequence[Table]:
        rows = [(name.replace("_", " "), number(value)) for name, value in self.values.items()]
        return [Table(("figure", "value"), rows)]


CHUNKING = {
    "python_mb_per_second": Bound("Python by syntax, ids and hashes included", ">=", 5, " MB/s"),
}
EMBEDDING = {
    "overhead_ratio": Bound("reuse, slices and cache / the bare model", "<=", 1.1, "x"),
}
RECEIVER = {
    "deliveries_per_second": Bound("webhook deliveries stored durably on SQLite", ">=", 300, "/s"),
}
REDACTION = {
    "python_mb_per_second": Bound("search of Python for secrets", ">=", 20, " MB/s"),
    "prose_mb_per_second": Bound("search of prose full of marked words", ">=", 20, " MB/s"),
    "data_mb_per_second": Bound("search of data", ">=", 20, " MB/s"),
}
