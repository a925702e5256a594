import pytest

from sync_assets.connectors.notion.connector import Notion
from sync_assets.errors import InvalidSettings

ID = "1c7b35e6-e67f-8096-bf3f-000ba938459e"


@pytest.mark.parametrize(
    "written",
    [
        ID,
        ID.replace("-", ""),
        ID.upper(),
        f" {ID} ",
        f"https://www.notion.so/acme/Handbook-{ID.replace('-', '')}?v=1",
        f"https://app.notion.com/p/{ID}",
    ],
)
def test_a_scope_has_one_spelling(written: str):
    assert Notion().parse_scope(written) == ID


@pytest.mark.parametrize(
    "written", ["", "handbook", ID[:-1], "https://www.notion.so/acme", f"{ID}0"]
)
def test_what_is_no_id_is_refused(written: str):
    with pytest.raises(InvalidSettings, match="Copy data source ID"):
        Notion().parse_scope(written)
