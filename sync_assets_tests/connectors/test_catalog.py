import pytest

from sync_assets.connectors.catalog import CONNECTORS, connector_named
from sync_assets.errors import InvalidSettings


def test_catalog_knows_each_connector_by_its_own_name():
    assert {name: connector.name for name, connector in CONNECTORS.items()} == {
        "github": "github",
        "git": "git",
        "vercel": "vercel",
        "slack": "slack",
        "linear": "linear",
        "notion": "notion",
    }
    assert connector_named("github") is CONNECTORS["github"]


def test_unknown_connector_is_answered_with_the_known_ones():
    with pytest.raises(InvalidSettings, match=r"'svn'.*github, git"):
        connector_named("svn")


@pytest.mark.parametrize("name", ["github", "git"])
def test_stages_name_the_assets_of_a_stream(name: str):
    stream = CONNECTORS[name].streams[0]

    assert (stream.name, stream.stages) == ("files", ("repo_tree", "file_contents"))
