"""Pure: how long Slack's limits make the reading of a whole channel, as far as one page tells."""

import math
from dataclasses import dataclass

from sync_assets.connectors.slack.payloads import Messages


@dataclass(frozen=True, slots=True)
class Pace:
    """What an app may read: so many messages a call, and so many calls of a method a minute."""

    page: int
    calls_a_minute: int

    def minutes(self, messages: int, threads: int) -> int:
        """Of reading a channel to its end. Each run lists the messages again, and then reads about
        as many threads, and a minute's more.
        """
        pages = math.ceil(messages / self.page) + 1
        runs = math.ceil(threads / (pages + self.calls_a_minute))
        return math.ceil((max(1, runs) * pages + threads) / self.calls_a_minute)


PACES = {"internal": Pace(200, 50), "distributed": Pace(15, 1)}


def estimated(page: Messages, created: float) -> tuple[int, int]:
    """How many messages stand in a channel that was made then, and how many of them have threads,
    if people always spoke as in its newest page.
    """
    times = [float(each.ts) for each in page.messages]
    count, threads = len(times), sum(each.is_parent for each in page.messages)
    span = max(times) - min(times) if times else 0.0
    if not page.has_more or span <= 0:
        return count, threads
    times_as_long = max(1.0, (max(times) - created) / span)
    return _two_figures(count * times_as_long), _two_figures(threads * times_as_long)


def _two_figures(number: float) -> int:
    whole = round(number)
    return round(whole, 2 - len(str(whole)))
