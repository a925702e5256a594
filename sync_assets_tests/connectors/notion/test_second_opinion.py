"""The index against what notion-client reads: another client, another way down the blocks."""

import re
from collections.abc import Iterator
from typing import Any

from notion_client import Client
from notion_client.client import ClientOptions
from notion_client.helpers import iterate_paginated_api

from sync_assets.sandbox.notion.content import block, container, table
from sync_assets.sandbox.notion.world import SANDBOX_TOKEN, VERSION
from sync_assets_tests.connectors.notion.handbook import Handbook


def test_the_index_holds_what_notions_own_client_reads(handbook: Handbook):
    handbook.world.most_a_page = 2
    shared = container("synced_block", block("paragraph", "w1x"), synced_from=None)
    handbook.page(
        "w2x", shared, block("toggle", "w3x", block("quote", "w4x", block("to_do", "w5x")))
    )
    source = {"type": "block_id", "block_id": shared.id}
    handbook.page("w6x", container("synced_block", synced_from=source), table(["w7x"], ["w8x"]))
    handbook.page("w9x", *(block("paragraph", f"w{number}x") for number in range(10, 17)))
    handbook.world.comment(handbook.page("w17x"), "w18x")
    handbook.sync()

    options = ClientOptions(
        auth=SANDBOX_TOKEN, base_url=f"{handbook.sandbox.url}/notion", notion_version=VERSION
    )
    with Client(options) as client:
        rows = iterate_paginated_api(client.data_sources.query, data_source_id=handbook.table.id)
        read = {row["id"].replace("-", ""): [*_words(client, row)] for row in rows}

    assert handbook.held() == read
    assert sum(map(len, read.values())) == 19


def _words(client: Client, row: dict[str, Any]) -> Iterator[str]:
    yield from _found(row["properties"]["Name"]["title"])
    yield from _inside(client, row["id"])
    for comment in iterate_paginated_api(client.comments.list, block_id=row["id"]):
        yield from _found(comment["rich_text"])


def _inside(client: Client, place: str) -> Iterator[str]:
    for each in iterate_paginated_api(client.blocks.children.list, block_id=place):
        yield from _found(each[each["type"]])
        if each["has_children"]:
            yield from _inside(client, each["id"])


def _found(value: object) -> list[str]:
    return re.findall(r"'plain_text': '(w\d+x)'", str(value))
