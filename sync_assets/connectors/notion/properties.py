"""Pure: properties of every type as text.

https://developers.notion.com/reference/page-property-values
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from sync_assets.connectors.notion.payloads import Page
from sync_assets.connectors.notion.scope import page_url
from sync_assets.connectors.notion.text import file_text, inline, plain
from sync_assets.connectors.notion.values import (
    Formula,
    Named,
    Place,
    Property,
    Rollup,
    UniqueId,
    Value,
)
from sync_assets.connectors.notion.words import File, Person

MOST_SHOWN = 25
"""Of a list's items a page shows no more: the rest is behind the property's own endpoint."""
_LISTS = ("title", "rich_text", "people", "relation")


def is_cut(value: Property) -> bool:
    """Whether the page may not show all of it."""
    items = getattr(value, value.type) if value.type in _LISTS else None
    return value.has_more or (items is not None and len(items) >= MOST_SHOWN)


def title_of(page: Page) -> str:
    """What the page is called."""
    runs = next((each.title for each in page.properties.values() if each.title), None)
    return plain(runs or ()) or "Untitled"


def property_lines(properties: Mapping[str, Property]) -> Iterator[tuple[str, str]]:
    """Names with values, in order of names; without the title and what is empty."""
    for name in sorted(properties):
        value = properties[name]
        if value.type == "title":
            continue
        said = _rollup(value.rollup) if value.rollup is not None else value_text(value)
        if said:
            yield " ".join(name.split()), " ".join(said.split())


def related(properties: Mapping[str, Property]) -> list[str]:
    """The ids of the pages that relations lead to."""
    found = (each for name in sorted(properties) for each in properties[name].relation or ())
    return [*dict.fromkeys(each.id for each in found)]


def value_text(value: Value) -> str:
    """Empty where there is no value; a type that we do not know is named."""
    if value.type not in _TEXTS:
        return f"({value.type}: a type of property that is not known here)"
    return "" if getattr(value, value.type, None) is None else _TEXTS[value.type](value)


def _rollup(rollup: Rollup) -> str:
    if rollup.type == "array":
        return _joined(value_text(each) for each in rollup.array or ())
    if rollup.date is not None:
        return rollup.date.shown
    return "" if rollup.number is None else str(rollup.number)


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(text for text in texts if text)


def _checked(checked: bool) -> str:  # noqa: FBT001 - a value of theirs
    return "yes" if checked else "no"


def _formula(formula: Formula) -> str:
    if formula.date is not None:
        return formula.date.shown
    if formula.boolean is not None:
        return _checked(formula.boolean)
    return formula.string or ("" if formula.number is None else str(formula.number))


def _file(file: File) -> str:
    url = file.external.url or "" if file.external else ""
    return file_text("file", "", file.name, file.file, url)


def _place(place: Place) -> str:
    known = _joined([place.name or "", place.address or ""])
    return known or f"{place.lat}, {place.lon}"


def _options(options: Sequence[Named | None]) -> str:
    return _joined(each.name for each in options if each)


def _people(people: Sequence[Person | None]) -> str:
    return _joined(each.name or each.id for each in people if each)


def _unique_id(each: UniqueId) -> str:
    number = "" if each.number is None else str(each.number)
    return f"{each.prefix}-{number}" if each.prefix and number else number


_TEXTS: Mapping[str, Callable[[Value], str]] = MappingProxyType(
    {
        "title": lambda each: inline(each.title or ()),
        "rich_text": lambda each: inline(each.rich_text or ()),
        "number": lambda each: str(each.number),
        "select": lambda each: _options([each.select]),
        "status": lambda each: _options([each.status]),
        "multi_select": lambda each: _options(each.multi_select or ()),
        "date": lambda each: each.date.shown if each.date else "",
        "people": lambda each: _people(each.people or ()),
        "files": lambda each: _joined(map(_file, each.files or ())),
        "checkbox": lambda each: _checked(each.checkbox is True),
        "url": lambda each: each.url or "",
        "email": lambda each: each.email or "",
        "phone_number": lambda each: each.phone_number or "",
        "formula": lambda each: _formula(each.formula) if each.formula else "",
        "relation": lambda each: _joined(page_url(page.id) for page in each.relation or ()),
        "created_time": lambda each: each.created_time or "",
        "last_edited_time": lambda each: each.last_edited_time or "",
        "created_by": lambda each: _people([each.created_by]),
        "last_edited_by": lambda each: _people([each.last_edited_by]),
        "unique_id": lambda each: _unique_id(each.unique_id) if each.unique_id else "",
        "verification": lambda each: each.verification.state if each.verification else "",
        "place": lambda each: _place(each.place) if each.place else "",
        "button": lambda _: "",
    }
)
