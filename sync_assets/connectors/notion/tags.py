"""Pure: what enhanced markdown says within a line.

https://developers.notion.com/guides/data-apis/enhanced-markdown#rich-text-formatting
"""

import re

from sync_assets.connectors.notion.scope import lasting
from sync_assets.connectors.notion.text import link

_ATTRIBUTE = re.compile(r"([A-Za-z-]+)=\"([^\"]*)\"")
_INLINE = re.compile(
    r"\\(?P<escaped>[\\*~`$\[\]<>{}|^])"
    r"|(?P<literal>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|\$(?![\s$])[^$\n]+?(?<!\s)\$)"
    r"|<mention-date(?P<date>[^<>]*)/>"
    r"|<mention-(?P<kind>[a-z-]+)(?P<told>[^<>]*?)(?:/>|>(?P<shown>.*?)</mention-(?P=kind)>)"
    r"|(?P<link>\[(?P<words>(?:\\.|[^\[\]\\])*)\]\((?P<url>[^\s()]+)\))"
    r"|(?P<line><br\s*/?>)"
    r"|(?P<tag></?[a-z][^<>]*>)",
    re.DOTALL,
)


def inline(text: str) -> str:
    """Words with their marks and links, without colours and escapes."""
    return _INLINE.sub(_replaced, text)


def attributes_of(text: str) -> dict[str, str]:
    """Of a tag: name -> value."""
    return dict(_ATTRIBUTE.findall(text))


def _replaced(found: re.Match[str]) -> str:  # noqa: PLR0911 - one for each form of a tag
    if found["escaped"]:
        return found["escaped"]
    if found["literal"]:
        return found["literal"]
    if found["date"] is not None:
        return _date(attributes_of(found["date"]))
    if found["kind"]:
        words, told = inline(found["shown"] or ""), attributes_of(found["told"])
        if found["kind"] == "user":
            return f"@{words or told.get('url', '')}"
        return link(words, told["url"]) if told.get("url") else words
    if found["link"]:
        return f"[{inline(found['words'])}]({lasting(found['url'])})"
    return "\n" if found["line"] else ""


def _date(told: dict[str, str]) -> str:
    start, end = (
        " ".join(part for part in (told.get(day), told.get(f"{day}Time")) if part)
        for day in ("start", "end")
    )
    return f"{start} → {end}" if end else start
