"""Sections of the page from one run to the next, so that one benchmark can be repeated alone."""

from collections.abc import Iterable

from pydantic import TypeAdapter

from benchmarks.claims import Section
from benchmarks.measure import ROOT

FOLDER = ROOT / ".bench" / "sections"
_SECTION = TypeAdapter(Section)


def keep(section: Section) -> None:
    """The newest of its name takes the place of an older one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{section.name}.json").write_bytes(_SECTION.dump_json(section))


def kept(names: Iterable[str]) -> list[Section]:
    """Those of these names that were measured here, in this order."""
    paths = [FOLDER / f"{name}.json" for name in names]
    return [_SECTION.validate_json(path.read_bytes()) for path in paths if path.exists()]
