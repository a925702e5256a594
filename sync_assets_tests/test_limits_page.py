"""docs/limits.md says what the code says."""

import re
from importlib import import_module
from pathlib import Path

from sync_assets.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
CONSTANT = re.compile(r"\[`(\w+)`\]\(\.\./(sync_assets/[\w/]+)\.py\) = ([\d.]+)")
SETTING = re.compile(rf"`{PREFIX}(\w+)` = ?(\S*)")


def test_every_constant_on_the_page_has_that_value():
    found = CONSTANT.findall(PAGE)
    real = [
        (name, module, getattr(import_module(module.replace("/", ".")), name))
        for name, module, _ in found
    ]

    assert len(found) > 15
    assert [(name, module, float(value)) for name, module, value in found] == real


def test_every_setting_on_the_page_has_that_default():
    found = SETTING.findall(PAGE)
    fields = Settings.model_fields
    told = [(name, value.rstrip(",;")) for name, value in found]

    assert len(found) > 8
    assert told == [(name, str(fields[name.lower()].get_default())) for name, _ in found]


def test_every_limit_of_a_budget_that_can_be_set_is_on_the_page():
    names = {name for name in Settings.model_fields if name.startswith(("rate_", "quiet_"))}

    assert names <= {name.lower() for name, _ in SETTING.findall(PAGE)}
