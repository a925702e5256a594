"""Each query that we send, by Linear's own schema and limits."""

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from sync_assets.connectors.linear import hooks, queries
from sync_assets.connectors.linear.client import MOST_ROWS, NESTED
from sync_assets.connectors.linear.cost import MOST, complexity, largest_page
from sync_assets.connectors.linear.queries import CONNECTIONS, FEEDS, Detail
from sync_assets.sandbox.linear.api import SCHEMA
from sync_assets.sandbox.linear.complexity import complexity as counted
from sync_assets.settings import Settings
from sync_assets_tests.shared import shared_file

PAGE = {"first": MOST_ROWS}
SENT: dict[str, tuple[str, Mapping[str, Any]]] = {
    "changes of a team": (queries.changes_query(FEEDS, team=True), PAGE),
    "changes of the workspace": (queries.changes_query(FEEDS, team=False), PAGE),
    "changes that go on": (queries.changes_query(["comments"], team=True), PAGE),
    "sweep of a team": (queries.sweep_query(team=True), NESTED),
    "sweep of the workspace": (queries.sweep_query(team=False), NESTED),
    "probe": (queries.issues_query("facts"), NESTED),
    "issues": (queries.issues_query("whole"), NESTED),
    "present": (queries.PRESENT_QUERY, PAGE),
    "viewer": (queries.VIEWER_QUERY, {}),
    "webhooks": (hooks.WEBHOOKS, PAGE),
    "a new webhook": (hooks.CREATE, {}),
    "a changed webhook": (hooks.UPDATE, {}),
    **{
        f"{detail} of comments": (queries.comments_query(detail), PAGE)
        for detail in get_args(Detail)
    },
    **{
        f"{detail} of the rest of {name}": (queries.rest_query(name, detail), PAGE)
        for name in CONNECTIONS
        for detail in get_args(Detail)
    },
}


@cache
def _official() -> GraphQLSchema:
    return build_schema(shared_file("specs/linear.graphql").read_text(), assume_valid_sdl=True)


def test_queries_are_valid_by_the_official_schema():
    wrong = {name: validate(_official(), parse(query)) for name, (query, _) in SENT.items()}

    assert {name: errors for name, errors in wrong.items() if errors} == {}
    assert validate(_official(), parse(SENT["viewer"][0].replace("urlKey", "urlKeys")))


@pytest.mark.parametrize("name", SENT)
def test_the_largest_page_of_a_query_is_not_refused(name: str):
    query, variables = SENT[name]
    first = largest_page(query, variables, MOST_ROWS)
    whole = {**variables, "first": first}
    schema, document = build_schema(SCHEMA.read_text()), parse(query)
    operation: Any = document.definitions[0]

    assert complexity(query, whole) <= MOST
    assert complexity(query, whole) == counted(schema, document, operation, whole)
    assert first == MOST_ROWS or complexity(query, {**whole, "first": first + 1}) > MOST


def test_a_batch_of_documents_is_one_query():
    batch = Settings.model_fields["batch_documents"].default

    assert largest_page(*SENT["issues"], MOST_ROWS) >= batch
