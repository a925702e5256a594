"""Pure: rich text, links and files as markdown; signed addresses lose what signs them."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from sync_assets.connectors.notion.scope import lasting, page_url
from sync_assets.connectors.notion.words import Address, RichText

_SIGNED = re.compile(r"[?&](?:X-Amz-|Signature=|Key-Pair-Id=)|^file:", re.IGNORECASE)
_SIGNATURE = re.compile(
    r"(?<=\S)\?[^\s<>()\"'?]*(?:X-Amz-|Signature=|Key-Pair-Id=)[^\s<>()\"']*",
    re.IGNORECASE,
)


def plain(runs: Iterable[RichText]) -> str:
    """The words alone, in one line."""
    return " ".join("".join(run.plain_text for run in runs).split())


def inline(runs: Iterable[RichText]) -> str:
    """Rich text with its marks, links and mentions."""
    return "".join(map(_run, runs))


def link(words: str, url: str) -> str:
    """A link of markdown."""
    url = lasting(url)
    return url if words in ("", url) else f"[{words}]({url})"


def media(kind: str, caption: str, url: str, name: str = "") -> str:
    """A picture or file. Those that Notion keeps are named: their addresses live for an hour."""
    shown = caption or name or unquote(urlsplit(url).path.rpartition("/")[2])
    if is_signed(url):
        return f"({kind}: {shown})"
    return f"![{caption}]({url})" if kind == "image" else link(shown, url)


def file_text(kind: str, caption: str, name: str, hosted: Address | None, url: str) -> str:
    """`media` of a file as JSON tells it: `hosted` by Notion, or elsewhere at `url`."""
    if hosted is None:
        return media(kind, caption, url, name)
    # Whatever the address looks like, it is signed.
    return media(kind, caption, f"{hosted.url or ''}?X-Amz-", name)


def is_signed(url: str) -> bool:
    """Whether the address opens a file for a while, for whoever has it."""
    return bool(_SIGNED.search(url))


def unsigned(text: str) -> str:
    """The text with no signature of any address left in it."""
    return _SIGNATURE.sub("", text)


def _run(run: RichText) -> str:
    words, marks = run.plain_text, run.annotations
    if run.equation is not None:
        words = f"${run.equation.expression}$"
    elif run.mention is not None:
        words = _mention(run)
    elif marks.code:
        words = f"`{words}`"
    for marked, sign in ((marks.bold, "**"), (marks.italic, "*"), (marks.strikethrough, "~~")):
        words = f"{sign}{words}{sign}" if marked else words
    return link(words, run.href) if run.href and run.type == "text" else words


def _mention(run: RichText) -> str:
    mention, words = run.mention, run.plain_text
    if mention is None:
        return words
    if mention.date is not None:
        return mention.date.shown
    if mention.user is not None:
        return f"@{(words or mention.user.name or mention.user.id).lstrip('@')}"
    target = mention.page or mention.database
    address = mention.link_mention or mention.link_preview
    url = run.href or (address and (address.href or address.url)) or ""
    if target is not None:
        url = page_url(target.id)
    return link(words, url) if url else words
