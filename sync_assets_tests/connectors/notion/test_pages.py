from math import ceil

import pytest
from pydantic import SecretStr

from sync_assets.connectors.notion.table import MANY
from sync_assets.errors import InvalidSettings, SourceGone, SourceRejectedUs
from sync_assets.following import follow
from sync_assets.sandbox.faults import Answer
from sync_assets.sandbox.notion.content import block, container, media, mention, rich, table, text
from sync_assets.search import search
from sync_assets_tests import oracle
from sync_assets_tests.connectors.notion.handbook import Handbook

DAY = 24 * 60 * 60


def test_a_page_is_a_document_that_reads_as_markdown(handbook: Handbook):
    refunds = handbook.page("Refunds w1x")
    handbook.page(
        "On call w2x",
        block("heading_2", "First w6x"),
        block("paragraph", [text("Ask "), text("Mara w7x", bold=True)]),
        block("bulleted_list_item", "One w8x", block("numbered_list_item", "Two w9x")),
        block("toggle", "More w10x", block("code", "a = 'w11x'", language="python")),
        block("callout", "Mind w12x", icon={"type": "emoji", "emoji": "💡"}),
        table(["Name w13x", "Phone"], ["Mara w14x", "112"]),
        container("equation", expression="e = w15x"),
        container("bookmark", url="https://acme.example/post", caption=rich("A post w16x")),
        Status=("select", {"id": "1", "name": "Done w3x", "color": "green"}),
        Related=("relation", [{"id": refunds.id}]),
        Tags=("multi_select", [{"id": "1", "name": "ops w4x"}, {"id": "2", "name": "w5x"}]),
    )
    handbook.world.comment(handbook.world.listed(handbook.table.id)[1], "Still true? w17x")

    handbook.sync()

    assert handbook.differences() == []
    link = f"https://www.notion.so/{refunds.id.replace('-', '')}"
    assert handbook.texts()["On call w2x"] == (
        "# On call w2x\n\n"
        f"- Related: {link}\n- Status: Done w3x\n- Tags: ops w4x, w5x\n\n"
        "## First w6x\n\nAsk **Mara w7x**\n\n- One w8x\n  1. Two w9x\n\n"
        "More w10x\n\n```python\na = 'w11x'\n```\n\n💡 Mind w12x\n\n"
        "| Name w13x | Phone |\n|---|---|\n| Mara w14x | 112 |\n\n"
        "$$\ne = w15x\n$$\n\n[A post w16x](https://acme.example/post)\n\n"
        "## Comments\n\n**Mara Lind** commented on 2026-01-01:\n\nStill true? w17x\n"
    )
    hit = search(handbook.stores, "Mind w12x", mode="text").hits[0]
    assert hit.title == "On call w2x"
    assert handbook.rows()[0]["author"] == "Mara Lind"
    assert hit.url.startswith("https://www.notion.so/")


def test_pages_are_linked_by_relations_and_mentions(handbook: Handbook):
    refunds = handbook.page("Refunds")
    plain = refunds.id.replace("-", "")
    href = f"https://app.notion.com/p/{plain}"
    handbook.page("Call", Related=("relation", [{"id": refunds.id}]))
    handbook.page("Mail", block("paragraph", [mention("page", {"id": refunds.id}, "R", href)]))
    handbook.page("Chat", block("paragraph", f"See https://notion.so/acme/Refunds-{plain}?pvs=4"))
    handbook.sync()

    [document] = [row["document_id"] for row in handbook.rows() if row["title"] == "Refunds"]
    linked = follow(handbook.stores, document, hops=1)
    assert {each.title for each in linked} == {"Call", "Mail", "Chat"}


def test_nothing_new_costs_two_calls_and_writes_nothing(handbook: Handbook):
    handbook.world.most_a_page = 10
    for number in range(25):
        handbook.page(f"Page w{number}x", block("paragraph", "Words"))
    handbook.settle()
    handbook.sync()
    handbook.settle()
    before = oracle.table_versions(handbook.index)

    report = handbook.sync()

    assert report.listing.unchanged
    assert handbook.asked() == ["/data_sources/{id}/query"] * 2
    assert oracle.table_versions(handbook.index) == before


def test_a_first_sync_costs_two_calls_a_page_and_the_list(handbook: Handbook):
    handbook.world.most_a_page = 10
    for number in range(35):
        handbook.page(f"Page w{number}x", block("paragraph", "Words", block("paragraph", "More")))
        handbook.clock.advance(30)
    handbook.settle()

    handbook.sync()

    asked = handbook.asked()
    assert asked.count("/pages/{id}/markdown") == asked.count("/comments") == 35
    assert len(asked) <= 2 * 35 + ceil(35 / 10) + 3
    assert handbook.differences() == []


def test_one_change_is_found_in_six_calls(handbook: Handbook):
    pages = [handbook.page(f"Page w{number}x", block("toggle", "a")) for number in range(20)]
    handbook.settle()
    handbook.sync()
    handbook.settle()
    handbook.world.write(pages[7].blocks[0], block("paragraph", "Deep inside w77x"))
    handbook.settle()

    report = handbook.sync()

    assert handbook.differences() == []
    assert report.documents is not None
    assert report.documents.fetched == 1
    assert len(handbook.asked()) <= 6


def test_an_edit_in_the_minute_of_the_last_sync_is_found(handbook: Handbook):
    page = handbook.page("Notes", block("paragraph", "w1x"))
    handbook.sync()
    handbook.clock.advance(5)
    handbook.world.rewrite(page.blocks[0], "w2x")
    handbook.clock.advance(5)

    handbook.sync()

    assert handbook.differences() == []


def test_the_same_content_is_the_same_version_though_files_are_signed_anew(handbook: Handbook):
    handbook.page(
        "Files w1x",
        media("file", "workspace/report.pdf", hosted=True),
        media("image", "workspace/a%20b.png", "Caption w3x", hosted=True),
        media("image", "https://acme.example/shop.png", "Shop w4x"),
        Files=("files", [{"name": "w2x.pdf", "type": "file", "file": {"url": "ws/w2x.pdf"}}]),
    )
    handbook.sync()
    before = handbook.versions()

    handbook.sync("full")

    assert handbook.versions() == before
    assert handbook.differences() == []
    everything = oracle.everything(handbook.index)
    assert "X-Amz" not in everything
    assert "amazonaws" not in everything
    assert "(file: report.pdf)\n\n(image: Caption w3x)" in handbook.texts()["Files w1x"]


@pytest.mark.parametrize("quiet", [False, True])
def test_what_is_trashed_archived_or_moved_goes_and_comes_back(handbook: Handbook, *, quiet: bool):
    world, elsewhere = handbook.world, handbook.world.create_source("Elsewhere")
    trashed, archived, moved, _ = (handbook.page(f"w{number}x") for number in range(4))
    handbook.settle()
    handbook.sync()
    handbook.settle()
    world.trash(trashed, quiet=quiet)
    world.archive(archived, quiet=quiet)
    world.move(moved, elsewhere, quiet=quiet)
    handbook.settle()

    handbook.sync()
    assert ("w0x" in handbook.texts()) is quiet  # what Notion tells is done at once
    handbook.sync("full")
    assert handbook.differences() == []
    assert list(handbook.texts()) == ["w3x"]

    for page in (trashed, archived):
        world.restore(page, quiet=quiet)
    world.move(moved, handbook.table, quiet=quiet)
    handbook.sync("full")
    assert handbook.differences() == []
    assert len(handbook.texts()) == 4


def test_a_page_that_is_deleted_for_good_goes_with_the_sweep(handbook: Handbook):
    pages = [handbook.page(f"w{number}x") for number in range(3)]
    handbook.settle()
    handbook.sync()
    handbook.world.delete(pages[1])
    handbook.clock.advance(DAY)

    handbook.sync()

    assert handbook.differences() == []


def test_what_edits_no_page_is_found_by_the_sweep(handbook: Handbook):
    elsewhere = handbook.world.create_source("Elsewhere")
    original = container("synced_block", block("paragraph", "w1x"), synced_from=None)
    handbook.world.create_page(elsewhere, "Original", original)
    source = {"type": "block_id", "block_id": original.id}
    page = handbook.page("Copy", container("synced_block", synced_from=source))
    comment = handbook.world.comment(page, "w2x")
    handbook.settle()
    handbook.sync()
    assert handbook.differences() == []
    before = handbook.versions()
    handbook.settle()
    handbook.world.rewrite(original.children[0], "w3x")
    handbook.world.edit_comment(comment, "w4x")
    handbook.sync()
    assert len(handbook.differences()) == 1
    handbook.clock.advance(DAY)

    handbook.sync()

    assert handbook.differences() == []
    assert handbook.versions() != before


def test_a_sweep_without_news_reads_all_and_writes_nothing(handbook: Handbook):
    for number in range(MANY + 2):
        handbook.page(f"w{number}x", block("paragraph", "Words"))
    handbook.sync()
    before = oracle.table_versions(handbook.index)
    handbook.clock.advance(DAY)

    report = handbook.sync()

    assert report.listing.complete
    assert report.documents is not None
    assert report.documents.fetched == MANY + 2
    assert oracle.table_versions(handbook.index) == before


def test_an_edit_of_one_block_embeds_one_chunk(handbook: Handbook):
    page = handbook.page(
        "Long", *(block("heading_1", f"Part {n}") for n in range(9)), block("paragraph", "w1x")
    )
    handbook.settle()
    handbook.sync()
    handbook.settle()
    handbook.world.rewrite(page.blocks[-1], "w2x")
    handbook.settle()

    report = handbook.sync()

    assert report.index is not None
    assert report.index.texts_embedded == 1


def test_properties_of_every_type_are_text(handbook: Handbook):
    person = {"object": "user", "id": handbook.world.user.id, "name": "Mara Lind"}
    option = {"id": "1", "color": "green"}
    properties: dict[str, tuple[str, object]] = {
        "a": ("number", 1.5),
        "b": ("checkbox", False),
        "c": ("date", {"start": "2026-01-01", "end": "2026-02-01", "time_zone": None}),
        "d": ("status", {**option, "name": "Open"}),
        "e": ("people", [person]),
        "f": ("url", "https://acme.example"),
        "g": ("email", "mara@acme.example"),
        "h": ("phone_number", "112"),
        "i": ("formula", {"type": "boolean", "boolean": True}),
        "j": ("rollup", {"type": "array", "function": "show_original", "array": [
            {"type": "select", "select": {**option, "name": "Old"}},
            {"type": "number", "number": 3},
        ]}),
        "k": ("unique_id", {"prefix": "OPS", "number": 7}),
        "l": ("verification", {"state": "verified", "verified_by": person, "date": None}),
        "m": ("place", {"name": "Office", "address": None, "lat": 1.0, "lon": 2.0}),
        "n": ("created_by", person),
        "o": ("last_edited_time", "2026-01-01T12:00:00.000Z"),
        "p": ("rich_text", [text("Bold", bold=True), text(" words")]),
        "q": ("select", None),
        "r": ("button", {}),
        "s": ("hologram", {"depth": 3}),
        "t": ("formula", {"type": "number", "number": 0}),
    }  # fmt: skip
    handbook.page("All", **properties)

    handbook.sync()

    assert handbook.texts()["All"].split("\n")[2:] == [
        "- a: 1.5",
        "- b: no",
        "- c: 2026-01-01 → 2026-02-01",
        "- d: Open",
        "- e: Mara Lind",
        "- f: https://acme.example",
        "- g: mara@acme.example",
        "- h: 112",
        "- i: yes",
        "- j: Old, 3",
        "- k: OPS-7",
        "- l: verified",
        "- m: Office",
        "- n: Mara Lind",
        "- o: 2026-01-01T12:00:00.000Z",
        "- p: **Bold** words",
        "- s: (hologram: a type of property that is not known here)",
        "- t: 0",
        "",
    ]


def test_a_property_of_more_than_a_page_shows_is_read_whole(handbook: Handbook):
    others = [handbook.page(f"Other w{number}x") for number in range(30)]
    handbook.world.most_a_page = 20
    words = [text(f"w{number}x ") for number in range(200, 260)]
    handbook.page(
        "Hub",
        Related=("relation", [{"id": each.id} for each in others]),
        Words=("rich_text", words),
    )

    handbook.sync()

    assert handbook.differences() == []
    hub = handbook.texts()["Hub"]
    assert all(each.id.replace("-", "") in hub for each in others)


def test_verify_finds_an_index_that_is_whole_equal(handbook: Handbook):
    page = handbook.page("One w1x", block("paragraph", "w2x"))
    handbook.world.comment(page, "w3x")
    handbook.page("Two w4x")
    handbook.sync()
    handbook.settle()

    report = handbook.verify()

    assert (report.equal, report.differences) == (True, [])


def test_a_secret_in_a_title_is_nowhere_and_so_not_in_the_address_that_repeats_it(
    handbook: Handbook, caplog: pytest.LogCaptureFixture
):
    title = "Use ghp_0123456789abcdefghijABCDEFGHIJ012345 for now"
    handbook.page(title)
    broken = handbook.page(title)
    path = f"/pages/{broken.id}/markdown"
    handbook.sandbox.faults.add(Answer(200, "{}"), times=9, path=path)

    handbook.sync()

    [failure] = handbook.stores.failures.list()
    told = oracle.everything(handbook.index) + failure.key + failure.message
    assert told.count("Use [REDACTED:github_token] for now") > 1
    assert "0123456789abcdefghij" not in told + caplog.text


def test_who_may_not_be_known_is_named_by_id(handbook: Handbook):
    handbook.page("One")
    handbook.world.lacks = {"users"}

    handbook.sync()

    assert handbook.rows()[0]["author"] == handbook.world.user.id


def test_what_notion_refuses_is_one_clear_line(handbook: Handbook):
    handbook.page("One")
    handbook.world.lacks = {"comments"}
    with pytest.raises(SourceRejectedUs, match="restricted_resource: the connection lacks"):
        handbook.sync()
    handbook.world.lacks = set()
    handbook.world.unshared = {handbook.table.id}
    with pytest.raises(SourceGone, match="or not shared with the connection"):
        handbook.sync()
    handbook.world.unshared = set()
    handbook.table.in_trash = True
    with pytest.raises(SourceGone, match="in the trash"):
        handbook.sync("full")
    handbook.world.tokens = set()
    with pytest.raises(SourceRejectedUs, match="unauthorized: fix the token"):
        handbook.sync()
    nobody = {"notion_token": SecretStr("")}
    handbook.stores.settings = handbook.stores.settings.model_copy(update=nobody)
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_NOTION_TOKEN is not set"):
        handbook.sync()


def test_a_databases_id_is_answered_with_those_of_its_tables(handbook: Handbook):
    database = handbook.table.database
    handbook.register(database)

    with pytest.raises(InvalidSettings, match=rf"its data sources: {handbook.table.id} \(Hand"):
        handbook.sync()
