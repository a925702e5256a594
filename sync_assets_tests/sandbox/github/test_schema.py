from graphql import build_schema

from sync_assets.sandbox.github.graphql import SCHEMA
from sync_assets_tests.sandbox.subset import invented, missing_arguments
from sync_assets_tests.shared import shared_file

OURS = build_schema(SCHEMA.read_text())


def test_every_fact_of_our_schema_is_one_of_githubs():
    theirs = build_schema(shared_file("specs/github.graphql").read_text(), assume_valid=True)

    assert len(OURS.type_map) > 60
    assert invented(OURS, theirs) == set()


def test_no_argument_that_github_requires_is_missing():
    theirs = build_schema(shared_file("specs/github.graphql").read_text(), assume_valid=True)

    assert missing_arguments(OURS, theirs) == set()
