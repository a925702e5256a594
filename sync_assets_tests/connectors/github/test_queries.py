"""Each query that we send, by GitHub's own schema and limits."""

from collections.abc import Mapping
from functools import cache

import pytest
from graphql import GraphQLSchema, build_schema, get_operation_ast, parse, validate

from sync_assets.connectors.github import queries
from sync_assets.connectors.github.client import Nested
from sync_assets.connectors.github.connector import ISSUES, PULL_REQUESTS
from sync_assets.connectors.github.cost import MOST_NODES, query_cost
from sync_assets.connectors.github.files.graphql_blobs import BLOBS, texts_query
from sync_assets.connectors.github.files.last_commits import PATHS, last_query
from sync_assets.connectors.github.queries import CONNECTIONS, Kind
from sync_assets.connectors.github.tracker import NESTED, PROBED
from sync_assets.sandbox.github.query_cost import query_cost as sandbox_query_cost
from sync_assets.settings import Settings
from sync_assets_tests.shared import shared_file

FIRST = {"first": 100}
LARGEST = Nested(NESTED).variables
ISSUES_READ = ["I"] * (ISSUES.batch_documents or Settings.model_fields["batch_documents"].default)
PULLS_READ = ["P"] * (PULL_REQUESTS.batch_documents or 0)
MIXED: dict[int, Kind] = {n: "Issue" if n % 2 else "PullRequest" for n in range(1, PROBED + 1)}

SENT: dict[str, tuple[str, Mapping[str, object]]] = {
    "changes": (queries.changes_query(issues=True, pulls=True), FIRST),
    "changes of issues": (queries.changes_query(issues=True, pulls=False), FIRST),
    "changes of pulls": (queries.changes_query(issues=False, pulls=True), FIRST),
    "sweep of issues": (queries.sweep_query("Issue"), {**FIRST, **LARGEST}),
    "sweep of pulls": (queries.sweep_query("PullRequest"), {"first": 50, **LARGEST}),
    "probe": (queries.probe_query(MIXED), {**LARGEST}),
    "issues": (queries.items_query("Issue"), {"ids": ISSUES_READ, **LARGEST}),
    "pulls": (queries.items_query("PullRequest"), {"ids": PULLS_READ, **LARGEST}),
    **{
        f"rest of {kind}.{field}": (
            queries.rest_query(kind, field), {"first": NESTED, "few": LARGEST["few"]},
        )
        for kind, fields in CONNECTIONS.items() for field in fields
    },
    "rest of a thread": (
        queries.rest_query("PullRequestReviewThread", "comments"), {"first": NESTED},
    ),
    "texts": (texts_query(["0" * 40] * BLOBS), {}),
    "last commits": (last_query(PATHS), {}),
}  # fmt: skip


@cache
def _official() -> GraphQLSchema:
    return build_schema(shared_file("specs/github.graphql").read_text(), assume_valid_sdl=True)


@pytest.mark.parametrize("name", SENT)
def test_query_is_valid_by_the_official_schema(name: str):
    query, _ = SENT[name]

    assert validate(_official(), parse(query)) == []


@pytest.mark.parametrize("name", SENT)
def test_query_stays_below_the_vendors_largest_number_of_nodes_and_costs_few_points(name: str):
    cost = query_cost(*SENT[name])

    assert cost.nodes < MOST_NODES / 2
    assert cost.points <= 30


@pytest.mark.parametrize("name", SENT)
def test_cost_that_we_reckon_is_the_one_that_the_sandbox_reckons_by_the_schema(name: str):
    query, variables = SENT[name]
    document = parse(query)
    operation = get_operation_ast(document)
    assert operation

    theirs = sandbox_query_cost(_official(), document, operation, variables)

    ours = query_cost(query, variables)
    assert (ours.nodes, ours.requests) == (theirs.nodes, theirs.requests)
    assert ours.points == theirs.points


def test_queries_of_files_cost_the_one_point_that_is_asked_for_them():
    assert {query_cost(*SENT[name]).points for name in ("texts", "last commits")} == {1}


def test_an_invalid_query_would_be_found():
    wrong = queries.items_query("Issue").replace("assignees", "asignees")

    assert validate(_official(), parse(wrong))
