"""Rules of this repository that no linter knows."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from sync_assets.cli.app import app
from sync_assets.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "sync_assets").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
LONGEST_MODULE = 400
USUAL_MODULE = 150

# Spelled in pieces, so that this file passes its own test.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/",
            r"pypi\." + r"org",
            r"python" + r"hosted",
            r"index" + r"-url",
        ]
    )
)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _length(module: Path) -> int:
    return len(module.read_text(encoding="utf-8").splitlines())


def _relative(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def _committed_texts() -> Iterator[tuple[str, str]]:
    """Name and text of every file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_text(encoding="utf-8", errors="replace")


def _default(field: FieldInfo) -> str:
    default: object = field.get_default(call_default_factory=True)
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "" if default is None else str(default).rstrip("/")


def _configuration_table() -> str:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = f"`{_default(field)}`" if _default(field) else ""
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def _commands(group: object = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command: `("sources", "add")`."""
    command = typer.main.get_command(app) if group is None else group
    below: dict[str, object] = getattr(command, "commands", {})
    if not below:
        yield path
    for name, child in below.items():
        yield from _commands(child, (*path, name))


def test_no_module_is_longer_than_400_lines():
    assert [f"{path}: {_length(path)}" for path in MODULES if _length(path) > LONGEST_MODULE] == []


def test_most_modules_are_shorter_than_150_lines():
    long = [path for path in MODULES if _length(path) > USUAL_MODULE]

    assert len(long) <= len(MODULES) / 4, _relative(long)


def test_readme_has_the_configuration_table_that_the_settings_give():
    assert _configuration_table() in _text("README.md")


def test_env_example_has_every_setting_with_its_default_and_nothing_else():
    lines = re.findall(rf"^#? ?({PREFIX}\w+=.*)$", _text(".env.example"), flags=re.MULTILINE)

    assert lines == [
        f"{PREFIX}{name.upper()}={_default(field)}" for name, field in Settings.model_fields.items()
    ]


@pytest.mark.parametrize("command", list(_commands()), ids=" ".join)
def test_command_is_in_the_readme(command: tuple[str, ...]):
    *group, name = command
    line = rf"^sync-assets {' '.join(group)}.*\b{name}\b" if group else rf"^sync-assets {name}\b"

    assert re.search(line, _text("README.md"), flags=re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=_relative(PAGES))
def test_page_names_no_command_that_does_not_exist(page: Path):
    known = {command[0] for command in _commands()}
    named = set(re.findall(r"(?:^|`)sync-assets ([a-z][\w-]*)", page.read_text(), re.MULTILINE))

    assert named - known == set()


def test_no_committed_file_names_a_place_of_one_machine_or_a_package_registry():
    found = [
        f"{name}: {match.group()}"
        for name, text in _committed_texts()
        for match in FORBIDDEN.finditer(text)
    ]

    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_file_has_a_version_and_a_hash_for_each_package_and_no_url(name: str):
    text = _text(name)
    pins = re.split(r"\n(?=[a-zA-Z])", text.strip())

    assert "://" not in text
    assert [pin.split()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.name[:4]) for path in DECISIONS]

    assert numbers == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_decision_says_why_what_and_at_what_price(page: Path):
    headings = re.findall(r"^## (\w+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert headings == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("page", PAGES, ids=_relative(PAGES))
def test_relative_links_of_a_page_lead_somewhere(page: Path):
    targets = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[\w-]+)?\)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []
