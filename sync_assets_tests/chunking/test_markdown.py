from sync_assets.chunking.chunk import chunk_document
from sync_assets.chunking.spans import LIMIT
from sync_assets.models import Chunk
from sync_assets_tests.chunking.samples import document


def _chunks(text: str) -> list[Chunk]:
    return chunk_document(document("docs/a.md", text))


def test_a_section_is_one_chunk_named_by_its_heading_path():
    text = "Hello.\n\n# Install\n\nAll ways.\n\n## From source ##\n\nmake\n\n# Use\n\nRun.\n"
    chunks = _chunks(text)
    assert [chunk.symbol for chunk in chunks] == [
        None,
        "Install",
        "Install > From source",
        "Use",
    ]
    assert chunks[2].text == "## From source ##\n\nmake"
    assert chunks[2].header == "docs/a.md > Install > From source"


def test_headings_inside_fences_start_no_section():
    text = "# A\n\n```sh\n# comment\n~~~\n# more\n```\n\n~~~~\n# x\n~~~\n~~~~\n\n# B\n"
    assert [chunk.symbol for chunk in _chunks(text)] == ["A", "B"]


def test_a_fence_that_is_never_closed_reaches_to_the_end():
    assert [chunk.symbol for chunk in _chunks("# A\n\n```\n# B\n\n# C\n")] == ["A"]


def test_underlined_headings_count_and_rules_and_tables_do_not():
    text = "Title\n=====\n\ntext\n\nPart\n----\n\nmore\n\n---\n\n| a |\n|---|\n| b |\n"
    assert [chunk.symbol for chunk in _chunks(text)] == ["Title", "Title > Part"]


def test_front_matter_is_no_heading():
    text = "---\ntitle: A\ndate: now\n---\n\n# Real\n\ntext\n"
    assert [chunk.symbol for chunk in _chunks(text)] == [None, "Real"]


def test_seven_hashes_and_a_hash_without_space_are_text():
    assert [chunk.symbol for chunk in _chunks("# A\n\n####### no\n\n#tag\n")] == ["A"]


def test_a_large_section_is_cut_at_paragraphs_and_list_items():
    items = "".join(f"- item {number} {'word ' * 12}\n" for number in range(60))
    paragraphs = "".join(f"Paragraph {number} {'word ' * 30}\n\n" for number in range(20))
    chunks = _chunks(f"# A\n\n{paragraphs}{items}")
    assert len(chunks) > 4
    assert {chunk.symbol for chunk in chunks} == {"A"}
    assert all(chunk.text.startswith(("Paragraph", "- item")) for chunk in chunks[1:])
    assert all(len(chunk.text) <= LIMIT for chunk in chunks)


def test_a_fence_that_fits_is_not_cut():
    fence = "```\n" + "\n\n".join(f"line {number}" for number in range(40)) + "\n```\n"
    words = "".join(f"Words {number} {'word ' * 20}\n\n" for number in range(8))
    chunks = _chunks(f"# A\n\n{words}{fence}\n{words}")
    assert any(fence.strip() in chunk.text for chunk in chunks)


def test_a_document_without_path_is_markdown():
    chunks = chunk_document(document(None, "# One\n\ntext\n\n# Two\n\ntext\n"))
    assert [chunk.symbol for chunk in chunks] == ["One", "Two"]
