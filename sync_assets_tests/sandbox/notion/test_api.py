"""What the sandbox's Notion answers, judged by Notion's own schemas and by notion-client.

The schemas are of an SDK that knows 2026-03-11's names and still its elders'; they allow no other
field, so we judge what both know. Nothing of the kind exists for a page's markdown, property items,
data sources, users and errors: notion-client reads those.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from jsonschema import Draft7Validator
from notion_client import APIResponseError, Client
from notion_client.client import ClientOptions
from notion_client.errors import HTTPResponseError
from notion_client.helpers import collect_paginated_api

from sync_assets.sandbox.notion.content import (
    block,
    container,
    equation,
    media,
    mention,
    rich,
    table,
    text,
)
from sync_assets.sandbox.notion.records import Page
from sync_assets.sandbox.notion.world import SANDBOX_TOKEN, VERSION
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.shared import shared_file


@pytest.fixture
def sandbox(tmp_path: Path, clock: FakeClock) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "served", clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def page(sandbox: Sandbox) -> Page:
    """One with a block and a property of many kinds."""
    world = sandbox.notion
    source = world.create_source("Handbook", {"Status": "select", "Owner": "people"})
    other = world.create_page(source, "Refunds")
    user = {"object": "user", "id": world.user.id}
    words = [
        text("Ask ", bold=True),
        mention("user", user, "@Mara Lind"),
        text(" on "),
        mention("date", {"start": "2026-01-02", "end": None, "time_zone": None}, "2026-01-02"),
        text(" or read "),
        mention("page", {"id": other.id}, "Refunds", "https://www.notion.so/refunds"),
        text(" at "),
        text("our site", link="https://acme.example"),
        equation("a^2"),
    ]
    original = container("synced_block", block("paragraph", "Everywhere"), synced_from=None)
    made = world.create_page(
        source,
        "On call",
        block("heading_1", "First", block("paragraph", "Inside a toggle heading")),
        block("paragraph", words),
        block("bulleted_list_item", "One", block("numbered_list_item", "Two")),
        block("to_do", "Three", checked=True),
        block("toggle", "More", block("paragraph", "Hidden")),
        block("quote", "Said"),
        block("callout", "Mind", icon={"type": "emoji", "emoji": "💡"}),
        block("code", "a = 1", language="python"),
        container("equation", expression="e=mc^2"),
        container("divider"),
        table(["a", "b"], ["1", "2"]),
        container("column_list", container("column", block("paragraph", "Left"))),
        media("image", "https://acme.example/a.png", "A picture"),
        media("file", "workspace/report.pdf", hosted=True),
        container("bookmark", url="https://acme.example/post", caption=rich("A post")),
        block("child_page", "Below"),
        container("form"),
        original,
        properties={
            "Status": ("select", {"id": "1", "name": "Done", "color": "green"}),
            "Owner": ("people", [user]),
            "Related": ("relation", [{"id": other.id}] * 60),
            "Files": ("files", [{"name": "a.pdf", "type": "file", "file": {"url": "ws/a.pdf"}}]),
        },
    )
    copy = container("synced_block", synced_from={"type": "block_id", "block_id": original.id})
    world.write(made, copy)
    world.comment(made, "Is this current?")
    return made


@pytest.fixture
def official_client(sandbox: Sandbox) -> Iterator[Client]:
    with _client(sandbox, SANDBOX_TOKEN, VERSION) as client:
        yield client


def _client(sandbox: Sandbox, token: str, version: str) -> Client:
    url = f"{sandbox.url}/notion"
    return Client(ClientOptions(auth=token, base_url=url, notion_version=version, retry=False))


def call(sandbox: Sandbox, method: str, path: str, **body: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {SANDBOX_TOKEN}", "notion-version": VERSION}
    url = f"{sandbox.url}/notion/v1/{path}"
    return httpx.request(method, url, headers=headers, json=body or None)


def whole(answer: object) -> dict[str, Any]:
    """What the client returns; its types allow for an asynchronous one."""
    return cast("dict[str, Any]", answer)


def opened(schema: object) -> object:
    """The schema without the rule that there are no other fields."""
    if isinstance(schema, dict):
        pairs = cast("dict[str, object]", schema).items()
        return {name: opened(each) for name, each in pairs if name != "additionalProperties"}
    return [opened(each) for each in cast("list[object]", schema)] if _is_list(schema) else schema


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def assert_official(answer: object, name: str) -> None:
    shape = json.loads(shared_file(f"specs/notion/{name}.schema.json").read_text())
    errors = Draft7Validator(cast("dict[str, Any]", opened(shape))).iter_errors(answer)  # pyright: ignore[reportArgumentType] - any JSON
    assert [f"{error.json_path}: {error.message[:300]}" for error in errors] == []


@pytest.mark.parametrize(
    ("method", "path", "schema"),
    [
        ("GET", "pages/{page}", "GetPageResponse"),
        ("GET", "blocks/{page}/children", "ListBlockChildrenResponse"),
        ("GET", "comments?block_id={page}", "ListCommentsResponse"),
        ("POST", "data_sources/{source}/query", "QueryDataSourceResponse"),
        ("GET", "databases/{database}", "GetDatabaseResponse"),
    ],
)
def test_answers_are_of_notions_own_shape(
    sandbox: Sandbox, page: Page, method: str, path: str, schema: str
):
    database = sandbox.notion.sources[page.source].database
    place = path.format(page=page.id, source=page.source, database=database)

    answer = call(sandbox, method, place)

    assert answer.status_code == 200
    assert_official(answer.json(), schema)


def test_notions_own_client_reads_everything(sandbox: Sandbox, page: Page, official_client: Client):
    sandbox.notion.most_a_page = 3
    source = whole(official_client.data_sources.retrieve(page.source))
    rows = collect_paginated_api(official_client.data_sources.query, data_source_id=page.source)
    blocks = collect_paginated_api(official_client.blocks.children.list, block_id=page.id)
    relation = rows[1]["properties"]["Related"]
    related = collect_paginated_api(
        official_client.pages.properties.retrieve, page_id=page.id, property_id=relation["id"]
    )
    comments = whole(official_client.comments.list(block_id=page.id))["results"]

    assert source["title"][0]["plain_text"] == "Handbook"
    assert [row["properties"]["Name"]["title"][0]["plain_text"] for row in rows] == [
        "Refunds",
        "On call",
    ]
    assert (len(relation["relation"]), relation["has_more"], len(related)) == (25, True, 60)
    assert [each["type"] for each in blocks[-3:]] == ["unsupported", "synced_block", "synced_block"]
    [copied] = whole(official_client.blocks.children.list(block_id=blocks[-1]["id"]))["results"]
    assert copied["paragraph"]["rich_text"][0]["plain_text"] == "Everywhere"
    assert comments[0]["display_name"]["resolved_name"] == "Mara Lind"
    assert whole(official_client.users.retrieve(sandbox.notion.user.id))["name"] == "Mara Lind"


def test_markdown_is_enhanced_and_names_what_it_lacks(page: Page, official_client: Client):
    answer = whole(official_client.pages.retrieve_markdown(page_id=page.id))

    markdown = answer["markdown"]
    assert '# First {toggle="true"}\n\tInside a toggle heading' in markdown
    assert "- One\n\t1. Two\n- [x] Three\n<details>\n<summary>More</summary>\n\tHidden" in markdown
    assert '<callout icon="💡">\n\tMind\n</callout>\n```python\na = 1\n```' in markdown
    assert '<mention-user url="user://' in markdown
    assert 'alt="bookmark"/>\n<page url=' in markdown
    assert 'alt="form"/>' in markdown
    assert markdown.count("\tEverywhere") == 2
    assert (answer["truncated"], answer["unknown_block_ids"]) == (False, [])


def test_the_rest_of_a_truncated_page_can_be_asked_for(
    sandbox: Sandbox, page: Page, official_client: Client
):
    sandbox.notion.most_blocks = 4

    answer = whole(official_client.pages.retrieve_markdown(page_id=page.id))

    assert answer["truncated"]
    first = answer["unknown_block_ids"][0]
    assert (
        whole(official_client.pages.retrieve_markdown(page_id=first))["markdown"]
        == "\t1. Two".strip()
    )


def test_a_query_ends_at_its_limit_and_says_so(
    sandbox: Sandbox, clock: FakeClock, official_client: Client
):
    world = sandbox.notion
    source = world.create_source("Log")
    for number in range(7):
        world.create_page(source, f"Row {number}")
        clock.advance(60)
    trashed, archived = world.listed(source.id)[2:4]
    world.trash(trashed)
    world.archive(archived)
    world.most_rows = 3
    ascending = [{"timestamp": "created_time", "direction": "ascending"}]
    later = {"timestamp": "created_time", "created_time": {"on_or_after": "2026-01-01T12:04:00Z"}}

    first = whole(official_client.data_sources.query(source.id, sorts=ascending))
    rest = whole(official_client.data_sources.query(source.id, sorts=ascending, filter=later))
    gone = whole(official_client.data_sources.query(source.id, in_trash=True))

    assert first["request_status"]["incomplete_reason"] == "query_result_limit_reached"
    assert not first["has_more"]
    assert first["results"][2]["created_time"] == "2026-01-01T12:04:00.000Z"
    assert (len(rest["results"]), rest["request_status"]["type"]) == (3, "complete")
    assert [each["id"] for each in gone["results"]] == [trashed.id]
    away = call(sandbox, "POST", f"data_sources/{source.id}/query", is_archived=True).json()
    assert [each["id"] for each in away["results"]] == [archived.id]


def test_hosted_files_are_signed_anew_for_every_answer(sandbox: Sandbox, page: Page):
    one, two = (call(sandbox, "GET", f"pages/{page.id}/markdown").text for _ in range(2))

    assert "X-Amz-Signature=" in one
    assert one != two


def test_notions_own_client_understands_refusals(
    sandbox: Sandbox, page: Page, official_client: Client
):
    world = sandbox.notion
    with pytest.raises(APIResponseError) as unknown:
        official_client.pages.retrieve("0" * 32)
    assert (unknown.value.status, unknown.value.code) == (404, "object_not_found")
    world.lacks = {"comments"}
    with pytest.raises(APIResponseError) as restricted:
        official_client.comments.list(block_id=page.id)
    assert restricted.value.code == "restricted_resource"
    world.overloads = 1
    with pytest.raises(HTTPResponseError) as overloaded:
        official_client.pages.retrieve(page.id)
    assert (overloaded.value.status, overloaded.value.headers["retry-after"]) == (529, "2")
    world.requests_a_minute = 1
    official_client.pages.retrieve(page.id)
    with pytest.raises(APIResponseError) as limited:
        official_client.pages.retrieve(page.id)
    assert limited.value.code == "rate_limited"
    assert 0 < int(limited.value.headers["retry-after"]) <= 60
    world.requests_a_minute = None
    for token, version in (("ntn-wrong", VERSION), (SANDBOX_TOKEN, "2022-06-28")):
        with (
            _client(sandbox, token, version) as other,
            pytest.raises(HTTPResponseError) as refused,
        ):
            other.users.me()
        assert refused.value.status in {400, 401}
