"""Which issues a pull request closes: GitHub's keywords in its body, and links made by hand.

https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
"""

import re

from sync_assets.sandbox.github.records import Item

_KEYWORD = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b", re.IGNORECASE)


def closing_numbers(item: Item) -> list[int]:
    """Numbers in the same repository, in order; they need not exist."""
    if item.pull is None:
        return []
    spoken = {int(number) for number in _KEYWORD.findall(item.body)}
    return sorted((spoken | item.pull.closes) - {item.number})
