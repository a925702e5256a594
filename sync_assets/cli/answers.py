"""JSON answers that only the command line gives; others are in `models` and `hits`."""

from sync_assets.hits import SearchAnswer
from sync_assets.models import Answer


class Endpoint(Answer):
    """A server of ours that runs now, on loopback."""

    name: str
    url: str


class DemoStep(Answer):
    """One step of the demo that is done; `seconds` since the demo began."""

    name: str
    seconds: float


class DemoReport(Answer):
    """What the demo did. `before` are the last two of its searches, asked before the commit was
    pushed and the comment (an address) written that answer them.
    """

    steps: list[DemoStep]
    commit: str
    comment: str
    before: list[SearchAnswer]
    searches: list[SearchAnswer]
    endpoints: list[Endpoint]
