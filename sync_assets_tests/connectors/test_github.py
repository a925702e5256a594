from pathlib import Path

import pytest

from sync_assets.connectors.github.connector import GitHub
from sync_assets.errors import InvalidSettings
from sync_assets.sandbox.repositories import Repository
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import source_of, sync


@pytest.mark.parametrize(
    ("scope", "canonical"),
    [
        ("acme/x", "acme/x"),
        (" acme/x ", "acme/x"),
        ("Acme-1/x.y_z-0", "Acme-1/x.y_z-0"),
        ("acme/x.git", "acme/x"),
        ("acme/x@main", "acme/x@main"),
        ("acme/x@feature/a@b", "acme/x@feature/a@b"),
    ],
)
def test_scope_has_one_spelling(scope: str, canonical: str):
    assert GitHub().parse_scope(scope) == canonical
    assert GitHub().parse_scope(canonical) == canonical


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "acme",
        "acme/",
        "/x",
        "acme/x/y",
        "acme/..",
        "acme/.",
        "-acme/x",
        "ac me/x",
        "acme/x@",
        "acme/x@a..b",
        "acme/x@a,b",
        "acme/x@a\nb",
        "https://github.com/acme/x",
        "a" * 40 + "/x",
    ],
)
def test_malformed_scope_is_refused_in_one_line(scope: str):
    with pytest.raises(InvalidSettings) as caught:
        GitHub().parse_scope(scope)

    assert "\n" not in str(caught.value)


def test_branch_of_the_scope_is_synced(settings: Settings, repository: Repository):
    repository.create_branch("feature/a")
    repository.commit({"new": "on the branch"}, branch="feature/a")

    assert "new" in sync(settings, source_of("github", "acme/x@feature/a")).texts
    assert "new" not in sync(settings, source_of("github", "acme/x")).texts


def test_branch_may_be_said_twice_but_not_differently(settings: Settings, repository: Repository):
    assert sync(settings, source_of("github", "acme/x@main", branch="main")).texts

    with pytest.raises(InvalidSettings, match="set one of the two"):
        sync(settings, source_of("github", "acme/x@main", branch="dev"))


def test_link_leads_to_the_repository_and_branch(tmp_path: Path):
    settings = Settings(home=tmp_path)

    assert GitHub().link(source_of("github", "acme/x"), settings) == "https://github.com/acme/x"
    assert (
        GitHub().link(source_of("github", "acme/x@a/b"), settings)
        == "https://github.com/acme/x/tree/a/b"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"include": ["!"]},
        {"exclude": ["*.md", "[z-a]"]},
        {"branch": "a..b"},
    ],
)
def test_bad_setting_is_named_when_the_source_is_registered(options: dict[str, object]):
    with pytest.raises(InvalidSettings):
        GitHub.settings_model.model_validate(options)
