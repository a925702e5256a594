import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_assets.chunking.chunk import chunk_document, cut
from sync_assets.chunking.spans import LIMIT
from sync_assets.models import Chunk, Document
from sync_assets_tests.chunking.samples import SAMPLES, document

PATHS = [*SAMPLES, "a.md", "a.json", "Makefile", None]
LINES = st.sampled_from(
    [
        *["def f(x):", "    return x", "class A:", "}", "{", "function g() {", "", "\t", "end"],
        *["# heading", "```", "- item", "\u00e9\u4e16\U0001f600 = 1", "x = '" + "y" * 700 + "'"],
        *["// comment", "/* open", '"""', "((((", "Title\n=====", "\r", "a\u2028b\x0c"],
    ]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(LINES, max_size=120).map("\n".join),
    st.lists(LINES, max_size=120).map("\r\n".join),
)


def assert_whole(whole: Document, chunks: list[Chunk]):
    """In order, apart, exact, and nothing but white space between them."""
    text, done = whole.text, 0
    assert chunks
    for position, chunk in enumerate(chunks):
        assert chunk.position == position
        assert chunk.text == text[chunk.start_char : chunk.end_char]
        assert chunk.start_char >= done
        assert not text[done : chunk.start_char].strip()
        assert chunk.start_line == 1 + text.count("\n", 0, chunk.start_char)
        assert chunk.end_line == 1 + text.count("\n", 0, chunk.end_char)
        done = chunk.end_char
    assert not text[done:].strip()
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PATHS), TEXTS)
def test_chunks_cover_any_text_exactly_once_and_in_order(path: str | None, text: str):
    whole = document(path, text)
    assert_whole(whole, chunk_document(whole))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_damaged_source_file_still_gives_whole_chunks(path: str, data: st.DataObject):
    text = SAMPLES[path][0]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    whole = document(path, text[:start] + data.draw(st.text(max_size=5)) + text[end:])
    assert_whole(whole, chunk_document(whole))


@pytest.mark.parametrize("path", sorted(SAMPLES))
def test_definitions_of_each_language_are_chunks_with_their_qualified_name(path: str):
    text, symbols = SAMPLES[path]
    whole = document(path, text)
    chunks = chunk_document(whole)
    assert_whole(whole, chunks)
    assert {chunk.symbol for chunk in chunks} - {None} == symbols


@pytest.mark.parametrize("text", ["", " \n\t\n", "\n"])
def test_a_document_without_content_is_one_empty_chunk_found_by_its_path(text: str):
    (chunk,) = chunk_document(document("src/__init__.py", text))
    assert (chunk.text, chunk.start_line, chunk.end_line) == ("", 1, 1)
    assert chunk.header == "src/__init__.py"


def _function(name: str, body: str = "return 1") -> str:
    return f"def {name}(value):\n    {body}\n"


def test_editing_one_function_changes_only_its_own_chunk():
    before = [_function(f"f{number}") for number in range(40)]
    after = [*before]
    after[20] = _function("f20", "import os\n\n    return os.getcwd()")
    old = chunk_document(document("a.py", "\n\n".join(before)))
    new = chunk_document(document("a.py", "\n\n".join(after)))
    changed = {chunk.chunk_id for chunk in new} - {chunk.chunk_id for chunk in old}
    assert [chunk.symbol for chunk in new if chunk.chunk_id in changed] == ["f20"]


def test_a_function_keeps_its_chunk_id_where_it_moves_inside_its_document():
    functions = [_function(f"f{number}") for number in range(5)]
    old = chunk_document(document("a.py", "\n".join(functions)))
    new = chunk_document(document("a.py", "\n".join(reversed(functions))))
    assert {chunk.chunk_id for chunk in old} == {chunk.chunk_id for chunk in new}


def test_a_line_put_into_data_changes_few_chunks():
    lines = [f'  "key_{number * 7919 % 5003}": {number * 31},' for number in range(3000)]
    old = chunk_document(document("a.json", "\n".join(lines)))
    lines.insert(3, '  "new": 1,')
    new = chunk_document(document("a.json", "\n".join(lines)))
    changed = {chunk.chunk_id for chunk in new} - {chunk.chunk_id for chunk in old}
    assert len(changed) <= 5 < len(new)


def test_equal_chunks_of_one_document_have_different_ids():
    chunks = chunk_document(document("a.py", "\n".join([_function("f")] * 3)))
    assert len({chunk.content_hash for chunk in chunks}) == 1
    assert len({chunk.chunk_id for chunk in chunks}) == 3


def test_definitions_are_never_merged_and_what_is_between_stands_alone():
    text = "import a\nimport b\n\n" + _function("f") + "\nX = 1\nY = 2\n\n" + _function("g")
    chunks = chunk_document(document("a.py", text))
    assert [chunk.symbol for chunk in chunks] == [None, "f", None, "g"]
    assert chunks[2].text == "X = 1\nY = 2"


def test_comments_and_decorators_directly_above_belong_to_a_definition():
    text = "x = 1\n\n# apart\n\n# about f\n# more\n@cached\ndef f():\n    pass  # note\n"
    first, second = chunk_document(document("a.py", text))
    assert first.text == "x = 1\n\n# apart"
    assert second.text == "# about f\n# more\n@cached\ndef f():\n    pass  # note"


def test_a_class_within_the_limit_is_one_chunk_and_a_larger_one_a_chunk_a_method():
    methods = "".join(f"    def m{n}(self):\n        return '{'x' * 400}'\n" for n in range(2))
    whole = chunk_document(document("a.py", f"class A:\n    '''Doc.'''\n{methods}"))
    assert [chunk.symbol for chunk in whole] == ["A"]
    split = chunk_document(document("a.py", f"class A:\n    '''Doc.'''\n{methods * 2}"))
    assert [chunk.symbol for chunk in split] == ["A", "A.m0", "A.m1", "A.m0", "A.m1"]
    assert split[0].text == "class A:\n    '''Doc.'''"


def test_a_large_function_is_cut_between_its_statements():
    body = "".join(f"    if step({n}):\n        go({n})\n" for n in range(200))
    chunks = chunk_document(document("a.py", f"def f():\n{body}"))
    assert len(chunks) > 3
    assert {chunk.symbol for chunk in chunks} == {"f"}
    assert all(chunk.text.startswith("    if step(") for chunk in chunks[1:])
    assert all(len(chunk.text) <= LIMIT for chunk in chunks)


def test_characters_beyond_ascii_do_not_move_the_cuts():
    wide, comment = "s = '\U0001f600\u4e16\u00e9' * 2", "# \u4e16\u754c\n"
    text = f"{wide}\n\n{_function('f')}\n{comment}{_function('g')}"
    assert [chunk.text for chunk in chunk_document(document("a.py", text))] == [
        wide,
        _function("f").rstrip(),
        comment + _function("g").rstrip(),
    ]


@pytest.mark.parametrize("path", ["a.py", "a.js", "a.c", "a.rs", "a.json"])
def test_deeply_nested_input_is_chunked_without_recursion(path: str):
    whole = document(path, "({[" * 20_000 + "x")
    assert_whole(whole, chunk_document(whole))


def test_a_minified_line_is_cut_by_characters():
    whole = document("a.js", "function f(a){return a+1};" * 1000)
    chunks = chunk_document(whole)
    assert_whole(whole, chunks)
    assert max(len(chunk.text) for chunk in chunks) <= LIMIT
    assert {(chunk.start_line, chunk.end_line) for chunk in chunks} == {(1, 1)}


def test_a_source_file_too_large_to_parse_is_cut_by_lines():
    whole = document("a.py", _function("f") * 20_000)
    chunks = chunk_document(whole)
    assert_whole(whole, chunks)
    assert {chunk.symbol for chunk in chunks} == {None}


@pytest.mark.parametrize(("path", "unit"), [("a.sh", "x=(\n"), ("a.sh", "<<A\n"), ("a.py", "\\\n")])
def test_code_written_to_be_costly_is_given_up_soon_cut_by_lines_and_named(path: str, unit: str):
    hostile = document(path, unit * (40_000 // len(unit)) + "\nend\n")
    began = time.thread_time()
    chunks, unparsed = cut(hostile)
    assert time.thread_time() - began < 2
    assert unparsed
    assert_whole(hostile, chunks)
    assert not cut(document(path, "x\n")).unparsed


def test_header_names_path_title_and_symbol():
    (chunk,) = chunk_document(document("src/a.py", _function("f")))
    assert chunk.header == "src/a.py > f"
    (chunk,) = chunk_document(document(None, "# Install\n\nRun it."))
    assert chunk.header == "A title > Install"


def test_threads_chunk_alike():
    documents = [document(path, text) for path, (text, _) in SAMPLES.items()] * 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(chunk_document, documents)) == list(map(chunk_document, documents))


IDS = """
import sys
import time
from sync_assets.chunking.chunk import chunk_document
assert not any(name.startswith("tree_sitter") for name in sys.modules)
from sync_assets_tests.chunking.samples import SAMPLES, document
for path, (text, _) in SAMPLES.items():
    for chunk in chunk_document(document(path, text)):
        print(chunk.chunk_id)
"""


def test_other_processes_chunk_alike_and_import_no_grammar_before_they_need_it():
    printed = [
        subprocess.run(
            [sys.executable, "-c", IDS],
            capture_output=True,
            check=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout.split()
        for seed in ("1", "2")
    ]
    here = [
        chunk.chunk_id
        for path, (text, _) in SAMPLES.items()
        for chunk in chunk_document(document(path, text))
    ]
    assert printed == [here, here]
