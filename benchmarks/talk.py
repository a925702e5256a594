"""A tracker that people have talked in for years; the same every time."""

from datetime import UTC, datetime, timedelta
from random import Random

from sync_assets.sandbox.github.records import ChangedFile, Inline, PullCommit
from sync_assets.sandbox.github.tracker import Tracker

_BEGIN = datetime(2020, 1, 6, 9, tzinfo=UTC)
_VOCABULARY = """
the cart order payment webhook retry test build release cache index token user page query fails
works waits breaks returns seems should could because after before without again when
"""
_WORDS = _VOCABULARY.split()
PEOPLE = ("mara", "tomas", "yuki", "care")


def talk(tracker: Tracker, items: int) -> None:
    """Half of the items are issues, half pull requests, some hours apart. An item has four
    comments on average, a pull request also reviews, threads, changed files and commits.
    """
    random = Random(items)  # noqa: S311 - the same every time, and no secret
    for number in range(1, items + 1):
        at = _BEGIN + timedelta(hours=7 * number)
        if number % 2:
            tracker.open_issue(said(random, 6), said(random, 90), author=who(random), at=at)
        else:
            _pull(tracker, random, at)
        for minute in range(random.randint(0, 8)):
            later = at + timedelta(minutes=minute + 1)
            tracker.comment(number, said(random, 60), author=who(random), at=later)
        if number % 3:
            tracker.close(number, at=at + timedelta(hours=3))


def _pull(tracker: Tracker, random: Random, at: datetime) -> None:
    files = [
        ChangedFile(f"src/part_{random.randint(1, 60)}.py", random.randint(1, 90), 3)
        for _ in range(random.randint(1, 12))
    ]
    commits = [
        PullCommit(f"{random.getrandbits(160):040x}", said(random, 8), "Mara", "m@acme.example", at)
        for _ in range(random.randint(1, 5))
    ]
    pull = tracker.open_pull(
        said(random, 6),
        said(random, 60),
        author=who(random),
        files=files,
        commits=commits,
        at=at,
    )
    for _ in range(random.randint(0, 3)):
        inline = [
            Inline(random.choice(files).path, random.randint(1, 200), said(random, 25))
            for _ in range(random.randint(0, 3))
        ]
        tracker.review(pull.number, said(random, 20), author=who(random), inline=inline, at=at)


def said(random: Random, words: int) -> str:
    """So many words."""
    return " ".join(random.choice(_WORDS) for _ in range(words))


def who(random: Random) -> str:
    """One of few people."""
    return random.choice(PEOPLE)
