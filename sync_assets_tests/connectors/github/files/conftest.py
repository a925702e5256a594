import pytest
from pydantic import SecretStr

from sync_assets.settings import Settings
from sync_assets_tests.connectors.conftest import TOKEN


@pytest.fixture
def api(settings: Settings) -> Settings:
    """With a token, as GraphQL needs one."""
    return settings.model_copy(update={"github_token": SecretStr(TOKEN)})
