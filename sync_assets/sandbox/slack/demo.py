"""The demo's channel `#storefront`: what people said while they mended the shop."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sync_assets.sandbox.slack.world import TEAM_URL, Message, SlackWorld

CHANNEL = "C0STORE"
_PEOPLE = {
    "U0MARA": "Mara Lind",
    "U0TOMAS": "Tomas Okafor",
    "U0YUKI": "Yuki Brandt",
    "U0CARE": "Customer care",
}


@dataclass(frozen=True, slots=True)
class DemoThreads:
    """Where people read the threads that others name."""

    oversold: str
    lost_carts: str
    failed_deployment: str


def build_demo_channel(
    world: SlackWorld, *, failed: str, reserved: str, decision: str
) -> DemoThreads:
    """One channel with four threads and a day's chatter. They name two deployments and a page of
    the handbook, by their addresses.
    """
    world.create_channel(CHANNEL, "storefront")
    for user, name in _PEOPLE.items():
        world.join(user, name)
    oversold = _thread(
        world,
        ("TOMAS", _at(3, 11, 11, 50), "The hand plane is sold out three times over, see SHOP-12."),
        ("CARE", _at(3, 11, 12, 5), "I can write to the 44 today. What may I offer them?"),
        ("MARA", _at(3, 11, 12, 12), "A plane of the next batch or their money, as they like."),
        ("CARE", _at(3, 17, 9), "39 wait for the batch, 5 took the money. All have answered."),
    )
    _thread(
        world,
        ("YUKI", _at(3, 12, 16, 30), "acme/storefront#8 is ready. Can two checkouts pass at once?"),
        ("MARA", _at(3, 13, 18, 15), f"Read, asked, answered, merged. It is out: {reserved}"),
    )
    lost_carts = _thread(
        world,
        ("CARE", _at(3, 26, 9, 40), "The ninth mail about an empty cart, an iPhone again. SHOP-14"),
        ("YUKI", _at(3, 26, 15, 10), "Safari drops what a page stored if nobody comes for a week."),
        ("MARA", _at(3, 27, 9, 20), f"So the server remembers the cart: {decision} says why."),
    )
    broken = _thread(
        world,
        ("YUKI", _at(4, 7, 9, 12), f"Production did not take the gallery, a type error: {failed}"),
        (
            "TOMAS",
            _at(4, 7, 9, 50),
            "Mine builds. I try something on a branch, SHOP-17 is open.",
        ),
        ("MARA", _at(4, 9, 13, 40), "It was the build's cache: without it the same commit builds."),
    )
    for user, at, text in (
        ("MARA", _at(4, 10, 8, 30), "Fewer meetings: the one of this Thursday is cancelled."),
        ("CARE", _at(4, 10, 11), "Somebody in Ghent asked for parcels to Belgium. That makes 41."),
        ("TOMAS", _at(4, 10, 11, 20), "SHOP-21 is for that. We still wait for the carrier."),
    ):
        world.post(CHANNEL, f"U0{user}", text, at=at)
    return DemoThreads(*map(_permalink, (oversold, lost_carts, broken)))


def _thread(world: SlackWorld, *said: tuple[str, datetime, str]) -> Message:
    (user, at, text), *replies = said
    parent = world.post(CHANNEL, f"U0{user}", text, at=at)
    for user, at, text in replies:
        world.reply(CHANNEL, parent, f"U0{user}", text, at=at)
    return parent


def _permalink(message: Message) -> str:
    return f"{TEAM_URL}archives/{CHANNEL}/p{message.ts.replace('.', '')}"


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=UTC)
