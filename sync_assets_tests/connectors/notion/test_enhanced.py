"""Enhanced markdown as Notion's page describes it, and its sameness with what blocks give."""

from collections.abc import Iterator
from contextlib import closing
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from sync_assets.connectors.notion.client import NotionClient
from sync_assets.connectors.notion.dialect import NOTION
from sync_assets.connectors.notion.enhanced import nodes_of
from sync_assets.connectors.notion.nodes import lines_of
from sync_assets.connectors.notion.reading import PageReader
from sync_assets.connectors.notion.tags import inline
from sync_assets.connectors.notion.text import unsigned
from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import token_credential
from sync_assets.sandbox.notion.content import (
    Block,
    Json,
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
from sync_assets.sandbox.notion.world import SANDBOX_TOKEN
from sync_assets.sandbox.server import Sandbox, running_sandbox

PAGE = "0123456789abcdef0123456789abcdef"
TABLE = """<table fit-page-width="true" header-row="true">
	<colgroup>
		<col color="red">
	</colgroup>
	<tr color="red">
		<td>a \\| b</td>
		<td color="blue">**c**</td>
	</tr>
	<tr>
		<td>1<br>2</td>
		<td></td>
	</tr>
</table>
After"""
LASTING = f"https://www.notion.so/{PAGE}"


def read(markdown: str) -> str:
    return "\n".join(lines_of(nodes_of(markdown)))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"2 \* 3 \< 7 \{x\} \[y\] \\", r"2 * 3 < 7 {x} [y] \ "[:-1]),
        (r"`a \* <b>` and $\frac{a}{b}$ and \$5", r"`a \* <b>` and $\frac{a}{b}$ and $5"),
        ('<span color="red">red</span> <span underline="true">line</span>', "red line"),
        ("one<br>two", "one\ntwo"),
        ('<mention-user url="user://1">Mara</mention-user>', "@Mara"),
        ('<mention-user url="user://1"/>', "@user://1"),
        (f'<mention-page url="https://app.notion.com/p/{PAGE}"/>', LASTING),
        (
            f'<mention-page url="https://www.notion.so/acme/R-{PAGE}">R \\[x\\]</mention-page>',
            f"[R [x]]({LASTING})",
        ),
        ('<mention-date start="2026-01-02" end="2026-01-03"/>', "2026-01-02 → 2026-01-03"),
        (
            '<mention-date start="2026-01-02" startTime="10:00" timeZone="UTC"/>',
            "2026-01-02 10:00",
        ),
        (f"[**R**](https://app.notion.com/p/{PAGE})", f"[**R**]({LASTING})"),
        (f"[R](https://notion.so/a/Title-{PAGE}?v=1#{PAGE})", f"[R]({LASTING}?v=1#{PAGE})"),
        ("[a](https://acme.example/x_(y))", "[a](https://acme.example/x_(y))"),
        ("[^https://acme.example]", "[^https://acme.example]"),
        ('<newfangled kind="x">words</newfangled>', "words"),
    ],
)  # fmt: skip
def test_within_a_line(written: str, shown: str):
    assert inline(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('# First {toggle="true" color="blue"}\n\tInside', "# First\n\nInside"),
        ("Words with braces \\{color\\}", "Words with braces {color}"),
        ("- a\n\t- b\n\t\t1. c\n\tText\n- d", "- a\n  - b\n    1. c\n\n  Text\n- d"),
        ("- [x] done\n- [ ] open", "- [x] done\n- [ ] open"),
        ("> one<br>two\n\tChild", "> one\n> two\n>\n> Child"),
        (
            '<details color="red">\n<summary>Title</summary>\n\tInside\n\t- a\n</details>',
            "Title\n\nInside\n\n- a",
        ),
        (
            '<callout icon="🎯" color="blue_bg">\n\tShip **it**.\n\t- a\n</callout>',
            "🎯 Ship **it**.\n\n- a",
        ),
        ('<callout icon="🎯">\n\t```\n\ta\n\t```\n</callout>', "🎯\n\n```\na\n```"),
        ("<callout>\n\tShip\n</callout>\nAfter", "Ship\n\nAfter"),
        (
            "<columns>\n\t<column>\n\t\tLeft\n\t</column>\n\t<column>\n\t\tRight\n\t</column>\n</columns>",
            "Left\n\nRight",
        ),
        (
            f'<synced_block url="{LASTING}#{PAGE}">\n\tShared\n</synced_block>\nAfter',
            "Shared\n\nAfter",
        ),
        (
            TABLE,
            "| a \\| b | **c** |\n|---|---|\n| 1 2 |  |\n\nAfter",
        ),
        ("<table>\n<tr>\n<td>a</td>\n</tr>\n</table>", "| a |\n|---|"),
        ("```py\n\tif a:\n\n<br> \\*\n```\nAfter", "```py\n\tif a:\n\n<br> \\*\n```\n\nAfter"),
        ("\tDeep\n\t```\n\t\tx\n\t```", "Deep\n\n```\n\tx\n```"),
        ("````\n```\ninside\n```\n````", "````\n```\ninside\n```\n````"),
        ("$$\na^2\n$$", "$$\na^2\n$$"),
        ("\\# no\n\\`\\`\\`\n- # no<br>\\~\\~\\~", "\\# no\n\n\\```\n\n- \\# no\n  \\~~~"),
        ("a\n---\nb", "a\n\n---\n\nb"),
        ('<empty-block/>\n<table_of_contents color="red"/>\nText', "Text"),
        (f'<page url="https://app.notion.com/p/{PAGE}">Sub \\*</page>', f"[Sub *]({LASTING})"),
        (f'<database url="{LASTING}" inline="true">Tasks</database>', f"[Tasks]({LASTING})"),
        ('![Shop](https://acme.example/a.png) {color="red"}', "![Shop](https://acme.example/a.png)"),
        ("![](https://x.example/f/a%20b.png?X-Amz-Signature=1)", "(image: a b.png)"),
        ('<file src="https://x.example/f/r.pdf?X-Amz-Date=1">Report</file>', "(file: Report)"),
        ('<video src="https://acme.example/v.mp4">Tour</video>', "[Tour](https://acme.example/v.mp4)"),
        (
            "<meeting-notes>\n\tStandup\n\t<summary>\n\t\tWell\n\t</summary>\n</meeting-notes>",
            "Standup\n\nWell",
        ),
        ("<newfangled>\n\tStill here\n</newfangled>", "Still here"),
        ("<newfangled/>", "(newfangled)"),
        ('<unknown url="https://www.notion.so/x" alt="embed"/>', "(embed: https://www.notion.so/x)"),
        ("<details>\n<summary>Cut off</summary>\n\tInside", "Cut off\n\nInside"),
    ],
)  # fmt: skip
def test_line_by_line(written: str, shown: str):
    assert read(written) == shown


def test_what_notion_leaves_out_is_found_by_its_block():
    unknown = nodes_of(f'- a\n\t<unknown url="{LASTING}#{PAGE}" alt="bookmark"/>')

    assert unknown[0].children[0].missing == PAGE


WORDS = st.text(st.sampled_from("ab 1*_`[]<>{}|\\^~#.-\n"), min_size=1, max_size=8).filter(
    lambda words: words.strip() == words
)
PLAIN = WORDS.filter(lambda words: words[0].isalnum() and "`" not in words)
RUNS = st.lists(
    st.one_of(
        PLAIN.map(text),
        PLAIN.map(lambda words: text(words, bold=True)),
        PLAIN.filter(lambda words: "\n" not in words).map(lambda words: text(words, code=True)),
        st.just(text("site", link="https://acme.example/a")),
        st.just(equation("a^2")),
        st.just(mention("user", {"object": "user", "id": PAGE}, "@Mara Lind")),
        st.just(mention("date", {"start": "2026-01-02", "end": None, "time_zone": None}, "2 Jan")),
        st.just(mention("page", {"id": PAGE}, "R", LASTING)),
    ),
    min_size=1,
    max_size=3,
)
LEAVES = st.one_of(
    RUNS.map(lambda runs: block("paragraph", runs)),
    st.just(block("code", "a = '<b>'\n\n\tif a:", language="python")),
    st.just(container("equation", expression="a^2")),
    st.just(container("divider")),
    st.just(table(["a", "b | c"], ["1", ""])),
    st.just(container("bookmark", url="https://acme.example/p", caption=rich("Post"))),
    st.just(media("image", "ws/a%20b.png", "Shop", hosted=True)),
    st.just(media("file", "https://acme.example/r.pdf")),
    st.just(container("breadcrumb")),
    st.just(block("child_page", "Below")),
)
BOXES = (
    "paragraph", "bulleted_list_item", "numbered_list_item", "to_do", "quote", "toggle", "callout",
    "heading_2",
)  # fmt: skip


def boxed(given: tuple[str, list[Json], list[Block]]) -> Block:
    kind, runs, children = given
    return block(kind, runs, *children)


def boxes(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return st.one_of(
        st.tuples(st.sampled_from(BOXES), RUNS, st.lists(inner, max_size=3)).map(boxed),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda children: container("column_list", container("column", *children))
        ),
    )


class Desk:
    """A table in the sandbox, and the two ways to read its pages."""

    def __init__(self, sandbox: Sandbox, http: HttpClients) -> None:
        self.world = sandbox.notion
        self.table = self.world.create_source("Handbook")
        url = f"{sandbox.url}/notion/v1"
        self.client = NotionClient(
            http.client(NOTION, url, token_credential(SecretStr(SANDBOX_TOKEN)))
        )

    def read(self, page: Page, content: Literal["markdown", "blocks"]) -> str:
        return "\n".join(lines_of(PageReader(self.client, content).body(page.id)))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("served")
    with running_sandbox(folder) as sandbox, closing(HttpClients()) as http:
        yield Desk(sandbox, http)


@settings(max_examples=20, deadline=None)
@given(blocks=st.lists(st.recursive(LEAVES, boxes, max_leaves=8), min_size=1, max_size=6))
def test_markdown_and_blocks_give_the_same_text(desk: Desk, blocks: list[Block]):
    page = desk.world.create_page(desk.table, "Page", *blocks)

    assert desk.read(page, "markdown") == desk.read(page, "blocks")


@pytest.mark.parametrize("place", ["https://x.example/shot.png", "https://x.example/shot_(1).png"])
def test_no_signature_is_left_whatever_the_address(place: str):
    signed = f"See {place}?X-Amz-Date=1&X-Amz-Signature=abc now? Yes"

    assert unsigned(signed) == f"See {place} now? Yes"
