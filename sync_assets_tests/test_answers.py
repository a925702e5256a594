"""The JSON contract: one golden file for every answer that leaves the process."""

import json
from pathlib import Path

import pytest

from sync_assets import access, alerts, hits, models, status
from sync_assets.cli import answers
from sync_assets.control import inbox
from sync_assets.models import Answer
from sync_assets.server import answers as server_answers
from sync_assets.webhooks import addresses, setup, standing

GOLDENS = Path(__file__).parent / "samples" / "answers"
ANSWERS = {
    name: value
    for module in (
        *(models, hits, answers, status, inbox, alerts, access, server_answers),
        *(addresses, setup, standing),
    )
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, Answer) and value is not Answer
}


def _golden(name: str) -> dict[str, object]:
    return json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))


def test_every_answer_has_a_golden_file_and_every_golden_file_an_answer():
    assert sorted(ANSWERS) == sorted(path.stem for path in GOLDENS.glob("*.json"))


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_is_printed_exactly_as_its_golden_file(name: str):
    golden = _golden(name)

    answer = ANSWERS[name].model_validate(golden)

    assert answer.model_dump(mode="json") == golden


@pytest.mark.parametrize("name", ANSWERS)
def test_golden_file_shows_a_value_for_every_field(name: str):
    golden = _golden(name)

    assert list(golden) == list(ANSWERS[name].model_fields)
    assert [field for field, value in golden.items() if value is None] == []


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_refuses_a_field_it_does_not_know(name: str):
    with pytest.raises(ValueError, match="Extra inputs"):
        ANSWERS[name].model_validate(_golden(name) | {"surprise": 1})
