from contextlib import closing
from pathlib import Path

import pytest

from sync_assets.embedding.base import Embedder
from sync_assets.embedding.cache import open_cache
from sync_assets.embedding.providers import fingerprint_of, open_embedder
from sync_assets.errors import InvalidSettings
from sync_assets.settings import Settings
from sync_assets.stores import open_stores


def _embedder(settings: Settings) -> Embedder:
    with closing(open_stores(settings)) as stores:
        return open_embedder(settings, stores.http, lambda: open_cache(settings))


@pytest.mark.parametrize("name", ["local", "openai", "hash"])
def test_settings_choose_the_embedder_and_tell_its_fingerprint(tmp_path: Path, name: str):
    settings = Settings.model_validate({"home": tmp_path, "embedder": name})

    fingerprint = _embedder(settings).fingerprint

    assert fingerprint.split("/")[0] == name
    assert fingerprint_of(settings) == fingerprint


def test_a_process_holds_one_local_model_however_often_it_is_opened(tmp_path: Path):
    assert _embedder(Settings(home=tmp_path)) is _embedder(Settings(home=tmp_path))


def test_a_wrong_model_path_is_named_when_the_embedder_is_opened(tmp_path: Path):
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_MODEL_PATH"):
        _embedder(Settings(home=tmp_path, model_path=tmp_path / "absent.onnx"))
