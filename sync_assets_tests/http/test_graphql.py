import json
from datetime import UTC, datetime

import httpx
import pytest

from sync_assets.errors import PageTooLarge, SourceUnavailable, UnexpectedPayload
from sync_assets.http.graphql import GraphQLClient
from sync_assets_tests.http.server import Reply, Server
from sync_assets_tests.http.vendor import VENDOR

QUERY = "query Name($n: Int!) { viewer(first: $n) { name } }"
DATE = {"Date": "Wed, 25 Nov 2026 21:00:00 GMT"}


def _answer(data: object = None, *errors: object) -> Reply:
    body: dict[str, object] = {"data": data}
    if errors:
        body["errors"] = errors
    return Reply(headers=DATE, body=json.dumps(body).encode())


@pytest.fixture
def graphql(client: httpx.Client) -> GraphQLClient:
    return GraphQLClient(client, "graphql", VENDOR)


def test_answer_has_the_data_and_the_servers_date(graphql: GraphQLClient, server: Server):
    server.script(_answer({"viewer": {"name": "x"}}))

    answer = graphql.run(QUERY, {"n": 1})

    assert answer.data == {"viewer": {"name": "x"}}
    assert answer.date == datetime(2026, 11, 25, 21, tzinfo=UTC)
    (received,) = server.requests
    assert json.loads(received.body)["variables"] == {"n": 1}


def test_a_query_is_sent_again_and_a_mutation_is_not(graphql: GraphQLClient, server: Server):
    server.script(Reply(503), _answer({"viewer": None}))
    graphql.run(QUERY, {"n": 1})
    server.script(Reply(503), _answer({"viewer": None}))

    with pytest.raises(SourceUnavailable):
        graphql.run("mutation { close { id } }")
    assert len(server.requests) == 3


def test_data_with_errors_is_a_failed_page(graphql: GraphQLClient, server: Server):
    server.script(_answer({"viewer": None}, {"message": "too heavy"}))

    with pytest.raises(PageTooLarge, match="too heavy"):
        graphql.run(QUERY, {"n": 1})


def test_errors_alone_are_our_mistake(graphql: GraphQLClient, server: Server):
    server.script(_answer(None, {"message": "Field 'x' doesn't exist"}))

    with pytest.raises(UnexpectedPayload, match="doesn't exist"):
        graphql.run(QUERY, {"n": 1})


def test_errors_of_an_accepted_type_come_back_beside_the_data(
    graphql: GraphQLClient, server: Server
):
    lost = {"type": "NOT_FOUND", "path": ["nodes", 1], "message": "no node"}
    server.script(_answer({"nodes": [{"id": 1}, None]}, lost))

    answer = graphql.run(QUERY, {"n": 1}, accept=["NOT_FOUND"])

    assert answer.data["nodes"] == [{"id": 1}, None]
    assert answer.errors == (lost,)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'"text"', b'{"data": []}'])
def test_json_of_another_shape_is_unexpected(graphql: GraphQLClient, server: Server, body: bytes):
    server.script(Reply(headers=DATE, body=body))

    with pytest.raises(UnexpectedPayload):
        graphql.run(QUERY, {"n": 1})
