from functools import cache

from graphql import GraphQLSchema, build_schema

from sync_assets.sandbox.linear.api import SCHEMA
from sync_assets_tests.sandbox.subset import invented, missing_arguments
from sync_assets_tests.shared import shared_file

OURS = build_schema(SCHEMA.read_text())


@cache
def official() -> GraphQLSchema:
    return build_schema(shared_file("specs/linear.graphql").read_text(), assume_valid=True)


def test_every_fact_of_our_schema_is_one_of_linears():
    assert len(OURS.type_map) > 40
    assert invented(OURS, official()) == set()


def test_no_argument_that_linear_requires_is_missing():
    assert missing_arguments(OURS, official()) == set()


def test_a_fact_of_our_own_invention_would_be_found():
    wrong = build_schema(SCHEMA.read_text().replace("displayName: String!", "displayName: String"))

    assert "User.displayName: String" in invented(wrong, official())
