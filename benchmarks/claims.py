"""What a benchmark says: claims with a bound, tables of figures, and the page made of both."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Relation = Literal["<=", ">=", "=="]
_HOLDS: dict[Relation, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}
_SIGNS: dict[Relation, str] = {"<=": "≤", ">=": "≥", "==": "="}


@dataclass(frozen=True, slots=True)
class Claim:
    """`figure` is what was measured; the claim is met when it stands in `relation` to `bound`."""

    text: str
    relation: Relation
    bound: float
    figure: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return _HOLDS[self.relation](self.figure, self.bound)


@dataclass(frozen=True, slots=True)
class Table:
    """Figures behind the claims. A note under the table says how they were taken."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


class Result(Protocol):
    """What every benchmark's `run` returns."""

    def claims(self) -> Sequence[Claim]: ...

    def tables(self) -> Sequence[Table]: ...


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark on the page; `failure` is why there is no result, `measured` when it ran and
    how busy the machine was then.
    """

    name: str
    summary: str
    claims: Sequence[Claim] = ()
    tables: Sequence[Table] = ()
    failure: str = ""
    measured: str = ""


def number(value: float) -> str:
    """Three figures that matter; counts in full."""
    if value == round(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def claims_table(sections: Sequence[Section]) -> str:
    """Every claim in one table; a benchmark without a result has a row that says so."""
    rows: list[Sequence[str]] = []
    for section in sections:
        if section.failure:
            rows.append((section.name, section.failure, "", "", "**not measured**"))
        for claim in section.claims:
            bound = f"{_SIGNS[claim.relation]} {number(claim.bound)}{claim.unit}"
            met = "yes" if claim.met else "**no**"
            rows.append((section.name, claim.text, bound, number(claim.figure) + claim.unit, met))
    return markdown_table(("benchmark", "claim", "bound", "measured", "met"), rows)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its numbers to the right of the first column."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def section_text(section: Section) -> str:
    """A section of the page: what was done, and the figures."""
    parts = [f"## {section.name}", f"{section.summary} {section.measured}".rstrip()]
    for table in section.tables:
        parts.append(markdown_table(table.header, table.rows))
        if table.note:
            parts.append(table.note)
    if section.failure:
        parts.append(f"Not measured: {section.failure}")
    return "\n\n".join(parts)
