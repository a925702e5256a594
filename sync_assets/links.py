"""Pure: what a document names, and what it is named by. Links tie documents of all vendors.

A target is written in one way, whoever mentions it: `github:owner/name#12` (issues and pull
requests share their numbers), `github:owner/name:path` (a file, at whatever commit),
`commit:<sha>`, `ticket:ENG-42`, `notion:<32 hex digits>` (a page, by whichever of its addresses),
and any other URL without what says nothing of the page.

Prose is searched for all of these; code only for URLs, as `#123456` is a colour there. What a
vendor itself tells (a pull request closes, touches, contains) comes in the document's metadata.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from sync_assets.models import Document, Link, LinkKind, Source

LINKS_VERSION = 2
"""Grows with every change of a rule; documents indexed by another version are indexed again."""

MOST_LINKS = 1_000
"""Of one document; those that its vendor tells come first, then those of its text, in order."""
LONGEST_TARGET = 1_000

_PROSE = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx", ".rst", ".txt", ".adoc", ".org"})
_PROSE_NAMES = ("readme", "changelog", "changes", "contributing", "news", "history")
_KINDS: Mapping[str, LinkKind] = {
    **{kind: kind for kind in get_args(LinkKind) if kind != "is"},
    "changes": "touches",
    "commit": "contains",
}

_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`[^`\n]*`")
_URL = re.compile(r"https?://[^\s<>\"'`\\^{}|]+")
_NUMBER = re.compile(r"#([1-9]\d{0,8})(?!\w)")
_REPOSITORY = re.compile(r"(?<![\w./-])[A-Za-z0-9][A-Za-z0-9-]{0,38}/[\w.-]{1,100}$")
_REPOSITORY_REACH = 141
_REFERENCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,38}/[\w.-]{1,100})?#([1-9]\d{0,8})")
_TICKET = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,9}-[1-9]\d{0,5}(?![\w-]|\.\d)")
_STANDARDS = frozenset(
    {"AES", "BIP", "CVE", "CWE", "EIP", "GPT", "HTTP", "IEC", "IEEE", "ISO", "LZ", "MD", "PEP"}
    | {"RFC", "RSA", "SHA", "TLS", "UTC", "UTF"}
)
"""`UTF-8` is no ticket."""
_SHA = re.compile(r"(?<![\w./#@-])[0-9a-f]{7,40}(?![\w-]|\.\w)")
_LINEAR = re.compile(r"/[^/]+/issue/([A-Za-z][A-Za-z0-9]{1,9}-\d+)(?:/|$)")
_NOTION = re.compile(r"(?:(?:www|app)\.)?notion\.(?:so|com)|[\w-]+\.notion\.site")
_NOTION_PAGE = re.compile(r"(?:^|[/-])([0-9a-f]{32})$")
_NOISE = re.compile(r"(?:utm_\w+|gclid|fbclid)=")
_GITHUB_NUMBER = re.compile(r"/([^/]+/[^/]+)/(?:issues|pull|discussions)/(\d+)(?:/|$)")
_GITHUB_COMMIT = re.compile(r"/[^/]+/[^/]+/(?:pull/\d+/)?commits?/([0-9a-f]{7,40})(?:/|$)")
_GITHUB_FILE = re.compile(r"/([^/]+/[^/]+)/(?:blob|blame|raw)/[^/]+/(.+)")


@dataclass(frozen=True, slots=True)
class Extracted:
    """A document's links, each once; `dropped` counts those beyond MOST_LINKS."""

    links: Sequence[Link]
    dropped: int


def links_of(document: Document, source: Source, *, github_url: str) -> Extracted:
    """The links of a document of `source`; `github_url` is where GitHub's pages are."""
    spelling = Spelling(repository_of(source), github_url)
    found = dict.fromkeys(_named(document, spelling))
    own = {link.target for link in found}
    for link in _told(document, spelling):
        found.setdefault(link)
    for target in _mentioned(document, spelling):
        if target not in own:
            found.setdefault(Link("mentions", target))
    links = [link for link in found if len(link.target) <= LONGEST_TARGET][:MOST_LINKS]
    return Extracted(links, dropped=len(found) - len(links))


def repository_of(source: Source) -> str | None:
    """`owner/name` in lower case, for sources of GitHub."""
    if source.connector != "github":
        return None
    return source.scope.partition("@")[0].lower()


def file_target(repository: str, path: str) -> str:
    """What names a file, whichever branch or commit it is looked at."""
    return f"github:{repository.lower()}:{path}"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How names are written: `#12` means one of `repository`, if there is one."""

    repository: str | None
    github_url: str

    def of(self, name: str) -> str | None:
        """The one spelling of a name as people or vendors write it; None where it is no name."""
        name = name.strip()
        if name.startswith(("http://", "https://")):
            return self.of_url(name)
        if name.startswith(("github:", "commit:", "ticket:", "notion:")):
            return name
        if reference := _REFERENCE.fullmatch(name):
            return self.of_number(reference[1] or self.repository, reference[2])
        if _TICKET.fullmatch(name):
            return f"ticket:{name}"
        if _SHA.fullmatch(name):
            return f"commit:{name}"
        return None

    def of_number(self, repository: str | None, number: str) -> str | None:
        """An issue or pull request of a repository."""
        return f"github:{repository.lower()}#{number}" if repository else None

    def of_url(self, url: str) -> str | None:
        """A URL, by what it shows where that is known; None where it cannot be read."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            return None
        if not host:
            return None
        path = parts.path.rstrip("/")
        place = host if port is None else f"{host}:{port}"
        ours = urlsplit(self.github_url)
        base = ours.path.rstrip("/")
        if place == ours.netloc.lower() and path.startswith(f"{base}/"):
            known = self._of_github(path.removeprefix(base))
            if known is not None:
                return known
        if host == "linear.app" and (ticket := _LINEAR.match(path)):
            return f"ticket:{ticket[1].upper()}"
        if _NOTION.fullmatch(host) and (page := _notion_page(path, parts.query)):
            return f"notion:{page}"
        query = "&".join(part for part in parts.query.split("&") if not _NOISE.match(part))
        return f"{parts.scheme}://{place}{path}{'?' if query else ''}{query}"

    def _of_github(self, path: str) -> str | None:
        if commit := _GITHUB_COMMIT.match(path):
            return f"commit:{commit[1]}"
        if item := _GITHUB_NUMBER.match(path):
            return self.of_number(item[1], item[2])
        if file := _GITHUB_FILE.match(path):
            return file_target(file[1], unquote(file[2]))
        return None


def _notion_page(path: str, query: str) -> str | None:
    """Its id stands at the end of the path, with dashes or without, or in `p` beside a table."""
    beside = parse_qs(query).get("p", [""])[0]
    for text in (beside, path, path.rpartition("/")[2].replace("-", "")):
        if found := _NOTION_PAGE.search(text.lower()):
            return found[1]
    return None


def _named(document: Document, spelling: Spelling) -> Iterator[Link]:
    """The document's own names. A file is found by its path, and needs none."""
    names = _strings(document.metadata.get("names"))
    if document.path is None:
        names = [document.url, document.key, *names]
    for name in names:
        target = spelling.of(name)
        if target is not None:
            yield Link("is", target)


def _told(document: Document, spelling: Spelling) -> Iterator[Link]:
    """What the vendor itself tells, in `metadata["links"]`."""
    told = document.metadata.get("links")
    for link in told if isinstance(told, list) else ():
        if not isinstance(link, dict):
            continue
        kind = _KINDS.get(str(link.get("kind")), "mentions")
        name = str(link.get("target"))
        target = spelling.of(name)
        if target is None and kind == "touches" and spelling.repository:
            target = file_target(spelling.repository, name)
        if target is not None:
            yield Link(kind, target)


def _mentioned(document: Document, spelling: Spelling) -> Iterator[str]:
    text = document.text
    urls: list[str] = []
    if "://" in text:
        urls = [_trimmed(url) for url in dict.fromkeys(_URL.findall(text))]
        yield from _known(spelling.of_url(url) for url in urls)
    if not _is_prose(document.path):
        return
    prose = _FENCED.sub(" ", _URL.sub(" ", text))
    yield from (f"commit:{sha}" for sha in _SHA.findall(prose) if _is_sha(sha))
    plain = _INLINE.sub(" ", prose)
    yield from _known(_numbers(plain, spelling))
    for ticket in _TICKET.findall(plain):
        if ticket.partition("-")[0] not in _STANDARDS:
            yield f"ticket:{ticket}"


def _numbers(text: str, spelling: Spelling) -> Iterator[str | None]:
    for found in _NUMBER.finditer(text):
        at = found.start()
        before = text[max(0, at - _REPOSITORY_REACH) : at]
        if repository := _REPOSITORY.search(before):
            yield spelling.of_number(repository[0], found[1])
        elif not before or not (before[-1].isalnum() or before[-1] in "_/&#-"):
            yield spelling.of_number(spelling.repository, found[1])


def _is_prose(path: str | None) -> bool:
    if path is None:
        return True
    name = PurePosixPath(path)
    suffix = name.suffix.lower()
    return suffix in _PROSE or (not suffix and name.name.lower().startswith(_PROSE_NAMES))


def _is_sha(word: str) -> bool:
    """A number in seven digits is none, nor is the word `defaced`."""
    return any(sign.isdigit() for sign in word) and any(sign.isalpha() for sign in word)


def _trimmed(url: str) -> str:
    """Without the signs of the sentence around it: a bracket, a full stop."""
    depth = 0
    for at, sign in enumerate(url):
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            url = url[:at]
            break
    return url.rstrip(".,;:!?*_~")


def _known(targets: Iterable[str | None]) -> Iterator[str]:
    return (target for target in targets if target is not None)


def _strings(value: object) -> list[str]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [each for each in items if isinstance(each, str)]
