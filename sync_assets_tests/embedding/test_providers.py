from pathlib import Path

import pytest

from sync_assets.embedding.providers import open_embedder
from sync_assets.errors import InvalidSettings
from sync_assets.settings import Settings


def test_settings_choose_the_embedder(tmp_path: Path):
    names = [
        open_embedder(Settings(home=tmp_path, embedder=name)).fingerprint.split("/")[0]
        for name in ("local", "hash")
    ]

    assert names == ["local", "hash"]


def test_a_process_holds_one_local_model_however_often_it_is_opened(tmp_path: Path):
    assert open_embedder(Settings(home=tmp_path)) is open_embedder(Settings(home=tmp_path))


def test_a_wrong_model_path_is_named_when_the_embedder_is_opened(tmp_path: Path):
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_MODEL_PATH"):
        open_embedder(Settings(home=tmp_path, model_path=tmp_path / "absent.onnx"))
