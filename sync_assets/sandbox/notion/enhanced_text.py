"""Pure: rich text as enhanced markdown writes it.

https://developers.notion.com/guides/data-apis/enhanced-markdown#rich-text-formatting
"""

import re
from collections.abc import Sequence

from sync_assets.sandbox.notion.content import Json

_SPECIAL = re.compile(r"([\\*~`$\[\]<>{}|^])")
_MARKS = (("bold", "**"), ("italic", "*"), ("strikethrough", "~~"))


def inline(runs: Sequence[Json]) -> str:
    """Rich text."""
    return "".join(_run(run) for run in runs)


def _run(run: Json) -> str:
    marks = run["annotations"]
    words = _SPECIAL.sub(r"\\\1", run["plain_text"]).replace("\n", "<br>")
    if run["type"] == "equation":
        words = f"${run['equation']['expression']}$"
    elif run["type"] == "mention":
        words = _mention(run["mention"], words, run["href"])
    elif marks["code"]:
        words = f"`{run['plain_text']}`"
    for mark, sign in _MARKS:
        if marks[mark]:
            words = f"{sign}{words}{sign}"
    if marks["underline"]:
        words = f'<span underline="true">{words}</span>'
    return f"[{words}]({run['href']})" if run["href"] and run["type"] == "text" else words


def _mention(mention: Json, words: str, href: str | None) -> str:
    match mention["type"]:
        case "user":
            return f'<mention-user url="user://{mention["user"]["id"]}">{words.lstrip("@")}</mention-user>'
        case "date":
            end = f' end="{mention["date"]["end"]}"' if mention["date"]["end"] else ""
            return f'<mention-date start="{mention["date"]["start"]}"{end}/>'
        case "page" | "database" as kind:
            return f'<mention-{kind} url="{href}">{words}</mention-{kind}>'
        case _:
            return f"[{words}]({href})" if href else words
