"""What is a link and what only looks like one."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sync_assets.links import MOST_LINKS, links_of
from sync_assets.models import Document, Link, Source

GITHUB = "https://github.com"
SHA = "0123456789abcdef0123456789abcdef01234567"
PAGE = "0123456789abcdef0123456789abcdef"


def _source(connector: str = "github", scope: str = "Acme/Shop@main") -> Source:
    return Source(
        source_id=f"{connector}:{scope}",
        connector=connector,
        scope=scope,
        identity=scope,
        settings={},
        cron="* * * * *",
        status="active",
        generation=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _document(text: str, path: str | None = "notes.md", **metadata: JsonValue) -> Document:
    url = "https://example.com/the-document"
    return Document("id", "key", "1", "title", url, text, path, metadata=metadata)


def _mentioned(text: str, path: str | None = "notes.md", connector: str = "github") -> list[str]:
    found = links_of(_document(text, path), _source(connector), github_url=GITHUB)
    return [link.target for link in found.links if link.kind == "mentions"]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("see #12.", "github:acme/shop#12"),
        ("(#12)", "github:acme/shop#12"),
        ("Other/Name#7 has it", "github:other/name#7"),
        ("https://github.com/Other/Name/issues/7#issuecomment-1", "github:other/name#7"),
        ("[it](https://github.com/other/name/pull/7/files)", "github:other/name#7"),
        (f"https://github.com/other/name/commit/{SHA}", f"commit:{SHA}"),
        (f"https://github.com/other/name/pull/7/commits/{SHA}", f"commit:{SHA}"),
        ("<https://github.com/a/b/blob/main/Docs/a%20b.md#L3>", "github:a/b:Docs/a b.md"),
        ("https://GitHub.com/a/b", "https://github.com/a/b"),
        ("https://Example.com/a/?utm_source=x&id=1#top", "https://example.com/a?id=1"),
        ("https://en.example.org/wiki/A_(b), and", "https://en.example.org/wiki/A_(b)"),
        ("https://user:secret@example.com/x", "https://example.com/x"),
        ("https://linear.app/acme/issue/ENG-42/a-title", "ticket:ENG-42"),
        (f"https://www.notion.so/acme/On-call-{PAGE}?pvs=4#{PAGE}", f"notion:{PAGE}"),
        (f"https://app.notion.com/p/{PAGE}", f"notion:{PAGE}"),
        ("https://acme.notion.site/01234567-89ab-cdef-0123-456789abcdef", f"notion:{PAGE}"),
        (f"https://www.notion.so/{PAGE[::-1]}?v=1&p={PAGE}&pm=s", f"notion:{PAGE}"),
        ("https://www.notion.so/help", "https://www.notion.so/help"),
        (f"since {SHA}", f"commit:{SHA}"),
        ("since `0a1b2c3`,", "commit:0a1b2c3"),
        ("fixes ENG-42!", "ticket:ENG-42"),
    ],
)
def test_a_mention_has_one_spelling(text: str, target: str):
    assert _mentioned(text) == [target]


@pytest.mark.parametrize(
    "text",
    [
        "the colour #000000",
        "a&#39;b",
        "issue#12",
        "a/b/c#12 x#y",
        "`#12` and `ENG-42`",
        "```\n#12 ENG-42 0a1b2c3\n```",
        "~~~\n#12 never closed",
        "UTF-8, SHA-256, ISO-8859, RFC-3339",
        "eng-42, ENG-042, x-ENG-42, ENG-4.2",
        "the defaced 20260101 facade",
        "550e8400-e29b-41d4-a716-446655440000",
        "0a1b2c3.tar",
        "https:// and http://",
        "http://[broken",
    ],
)
def test_what_only_looks_like_a_mention_is_none(text: str):
    assert _mentioned(text) == []


def test_code_is_searched_for_urls_alone():
    code = "color = '#123456'  # see #12, ENG-42, 0a1b2c3, https://example.com/why"

    assert _mentioned(code, "style.py") == ["https://example.com/why"]


def test_a_bare_number_means_nothing_outside_a_repository():
    assert _mentioned("see #12 and a/b#3", connector="slack") == ["github:a/b#3"]


def test_a_document_is_named_by_its_url_and_by_what_its_vendor_says():
    document = _document("see #12", None, names=["#12", "Acme/Shop#12", SHA])

    links = links_of(document, _source(), github_url=GITHUB).links

    assert [link.target for link in links] == [
        "https://example.com/the-document",
        "github:acme/shop#12",
        f"commit:{SHA}",
    ]
    assert {link.kind for link in links} == {"is"}  # mentioning itself is nothing


def test_what_the_vendor_tells_keeps_its_kind():
    told: list[JsonValue] = [
        {"kind": "closes", "target": "https://github.com/acme/shop/issues/3"},
        {"kind": "changes", "target": "src/Cart.py"},
        {"kind": "commit", "target": SHA},
        {"kind": "unheard-of", "target": "ENG-42"},
        {"kind": "closes", "target": "no name at all"},
        "nonsense",
    ]

    links = links_of(_document("", "a.md", links=told), _source(), github_url=GITHUB).links

    assert links == [
        Link("closes", "github:acme/shop#3"),
        Link("touches", "github:acme/shop:src/Cart.py"),
        Link("contains", f"commit:{SHA}"),
        Link("mentions", "ticket:ENG-42"),
    ]


def test_pages_of_the_configured_host_are_known_and_of_another_are_urls():
    text = "https://git.example.com/hub/a/b/issues/1 https://github.com/a/b/issues/1"
    found = links_of(_document(text), _source(), github_url="https://git.example.com/hub/")

    assert [link.target for link in found.links] == [
        "github:a/b#1",
        "https://github.com/a/b/issues/1",
    ]


def test_links_beyond_the_limit_are_counted():
    text = " ".join(f"ENG-{number}" for number in range(1, MOST_LINKS + 8))

    found = links_of(_document(text), _source(), github_url=GITHUB)

    assert (len(found.links), found.dropped) == (MOST_LINKS, 7)


@given(st.text(alphabet="#/:-.@`~()[] \nabcABC012", max_size=200))
def test_any_text_has_links_each_once_and_the_same_every_time(text: str):
    first = links_of(_document(text), _source(), github_url=GITHUB)

    assert len(set(first.links)) == len(first.links)
    assert links_of(_document(text), _source(), github_url=GITHUB) == first


@pytest.mark.parametrize(
    "piece", ["#1", "a/", "ABC-", "```\n", "`", "https://", "(((", "0a1b", "a/b#", "~~~", "~~~\n "]
)
def test_hostile_text_costs_no_more_than_its_length(piece: str):
    text = piece * (200_000 // len(piece))
    began = time.process_time()

    _mentioned(text)

    assert time.process_time() - began < 2
