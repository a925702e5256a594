"""The demo's team `SHOP`: the tickets that its pull requests and threads name."""

from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

from sync_assets.sandbox.linear.records import Issue
from sync_assets.sandbox.linear.world import LinearWorld
from sync_assets.sandbox.slack.demo import DemoThreads

TEAM = "SHOP"
_PEOPLE = {
    "mara": "Mara Lind",
    "tomas": "Tomas Okafor",
    "yuki": "Yuki Brandt",
    "care": "Customer care",
}


def build_demo_issues(world: LinearWorld, threads: DemoThreads, *, decision: str) -> None:
    """Five issues, with the threads that they came from; `decision` is a page's address."""
    world.create_team(TEAM, "Storefront")
    for user, name in _PEOPLE.items():
        world.join(user, name)
    oversold = _issue(
        world,
        12,
        _at(3, 11, 11, 48),
        "More hand planes are paid for than we have",
        """\
        64 customers paid for a hand plane on the day the newspaper wrote about it; 20 were there.
        What happened, hour by hour, is in acme/storefront#7.

        Done when

        - a piece in somebody's checkout is offered to nobody else
        - whoever is on call knows whom to write to, and what to hide
        """,
        by="tomas",
        state="Done",
        labels=["incident"],
        priority=1,
    )
    held = "Pieces are held from checkout on. Abandoned ones come back after half an hour."
    world.comment(oversold, held, by="yuki", at=_at(3, 14, 8))
    answered = "Every one of the 44 has an answer. Two are proud to be in a newspaper."
    world.comment(oversold, answered, by="care", at=_at(3, 17, 9, 10))
    world.attach(oversold, "Thread in #storefront", threads.oversold, source_type="slack")
    carts = _issue(
        world,
        14,
        _at(3, 26, 10, 30),
        "Carts vanish on iPhones after a week",
        """\
        Customers fill a cart, come back on payday, and find it empty (acme/storefront#9). The cart
        has to live on the server.
        """,
        by="mara",
        state="In Progress",
        labels=["bug"],
        priority=2,
    )
    decided = f"Decided, with what we did not want and why: {decision}"
    world.comment(carts, decided, by="mara", at=_at(3, 27, 9, 15))
    world.attach(carts, "Thread in #storefront", threads.lost_carts, source_type="slack")
    gallery = _issue(
        world,
        15,
        _at(3, 31, 9),
        "A gallery that the arrow keys turn",
        "Large pictures on the product page, first for a tenth of the customers.",
        by="mara",
        state="Done",
    )
    failed = _issue(
        world,
        17,
        _at(4, 7, 9, 25),
        "The gallery does not reach production",
        """\
        The build of main fails with a missing `alt` (acme/storefront#11), though the file has it.
        Customers see the version of last week until it is found.
        """,
        by="yuki",
        state="Done",
        labels=["bug"],
        priority=1,
    )
    world.relate(failed, "related", gallery)
    cache = "The build's cache held types of another branch. Odd type error? Try without it first."
    world.comment(failed, cache, by="mara", at=_at(4, 9, 13, 45))
    world.attach(failed, "Thread in #storefront", threads.failed_deployment, source_type="slack")
    _issue(
        world,
        21,
        _at(4, 10, 9, 5),
        "Deliver to Belgium",
        "Postcodes of four digits, another tax, no parcel lockers: acme/storefront#14 has it all.",
        by="mara",
        state="Backlog",
        priority=4,
    )


def _issue(
    world: LinearWorld,
    number: int,
    at: datetime,
    title: str,
    description: str,
    **facts: Any,  # noqa: ANN401 - `open_issue`'s
) -> Issue:
    world.teams[TEAM].last_number = number - 1  # those between were deleted long ago
    return world.open_issue(TEAM, title, dedent(description), at=at, **facts)


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=UTC)
