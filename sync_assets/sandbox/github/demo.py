"""The demo's issues and pull requests of `acme/storefront`: how its commits came to be.

They name each other, tickets (`SHOP-12`), commits and the demo's deployments. Numbers, ids and
times are the same every time.
"""

from datetime import UTC, datetime
from textwrap import dedent

from sync_assets.sandbox.demo import DEMO_REPOSITORY
from sync_assets.sandbox.github.demo_story import Story, commits_of
from sync_assets.sandbox.github.items import pull_of
from sync_assets.sandbox.github.records import ChangedFile, Inline
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.github.trackers import Trackers

DEMO_TRACKER_SEARCH = "why do customers with an iPhone lose their cart after a week"
"""Answered by an issue, and by nothing else of the demo."""
DEMO_COMMENT_SEARCH = "which voucher do we send to a customer whose cart is lost"
"""Answered by nothing before `add_demo_comment`."""
FAILED_DEPLOYMENT = "https://vercel.com/acme/storefront/dpl_b806312dafdb5b1d17f806be"
PREVIEW_DEPLOYMENT = "https://vercel.com/acme/storefront/dpl_c30e7f46ed93c7c67b6a29d8"
"""The first two of `vercel/demo.py`."""

_LOST_CARTS = "iPhone customers come back after a week and their cart is empty"
_LABELS = {
    "bug": ("d73a4a", "Something is wrong"),
    "deployment": ("0075ca", "From a merge to production"),
    "enhancement": ("a2eeef", "Something new"),
    "incident": ("b60205", "Customers noticed"),
    "question": ("d876e3", "Answered with words"),
}


def build_demo_tracker(trackers: Trackers) -> Tracker:
    """Fifteen issues and pull requests; `build_demo_repository` comes before."""
    repository = trackers.repositories.get(DEMO_REPOSITORY)
    story = Story(trackers.of(repository), {each.message: each for each in commits_of(repository)})
    for name, (color, description) in _LABELS.items():
        story.tracker.create_label(name, color=color, description=description, at=_at(1, 13, 10))
    _first_sales(story)
    _orders(story)
    _oversold(story)
    _lost_carts(story)
    _gallery(story)
    _belgium(story)
    return story.tracker


def add_demo_comment(trackers: Trackers) -> str:
    """Say today what answers DEMO_COMMENT_SEARCH, in the issue of the lost carts. Where it stands,
    below the host.
    """
    tracker = trackers.of(trackers.repositories.get(DEMO_REPOSITORY))
    carts = next(item for item in tracker.items.values() if item.title == _LOST_CARTS)
    comment = tracker.comment(
        carts.number,
        dedent("""\
            Until the server keeps carts, whoever writes us that a cart is lost gets the voucher
            `CARTBACK`: five euros off, once a customer, good for a month. Finance agreed today.

            Please ask which phone it was before you send it. With it send the list of what was in
            the cart, if the customer still knows: the warehouse puts those pieces aside for a day.
            """),
        author="care",
    )
    return f"{DEMO_REPOSITORY}/issues/{carts.number}#issuecomment-{comment.database_id}"


def _first_sales(story: Story) -> None:
    wish = story.issue(
        "Nobody can buy anything yet",
        """\
        The catalogue is there, and people order a chisel by writing us a mail (SHOP-2). We need:

        - a cart that several tabs share
        - a checkout without an account
        - parcels to Germany, Austria, the Netherlands and France
        """,
        "yuki",
        _at(1, 15, 9),
        ["enhancement"],
    )
    nine = "Really without: when we asked for an account before payment, one order in nine was lost"
    story.say(wish, "tomas", nine, _at(1, 15, 11))
    cart = story.pull(
        "Add the cart, checkout and shipping",
        "Cart, checkout and shipping",
        f"""\
        Closes #{wish.number}. Prices are gross; the value added tax is taken out of them.

        Not in here: paying. Orders stay drafts until SHOP-5 is done.
        """,
        "tomas",
        _at(1, 24, 15),
    )
    thread = story.review(
        cart,
        "mara",
        "One question about discounts, else good.",
        _at(1, 27, 10),
        inline=Inline("shop/cart/pricing.py", 30, "Do two codes of 10 % make 20 %?", "@@ -0,0 +30"),
    )
    story.answer(thread, "tomas", "No: codes do not add up, the best one wins.", _at(1, 27, 11))
    story.merge(cart, "mara")
    payments = story.pull(
        "Take payments",
        "Take payments",
        """\
        SHOP-5. The customer pays on the provider's page, so that we never see a card number.

        A webhook is only a hint: the state of a payment is always read from the provider.
        """,
        "yuki",
        _at(2, 7, 10),
    )
    thread = story.review(
        payments,
        "mara",
        "Please show that a forged message does nothing.",
        _at(2, 7, 16),
        "CHANGES_REQUESTED",
        inline=Inline(
            "shop/payments/webhook.py", 14, "Before or after the JSON is parsed?", "@@ -0,0 +14"
        ),
    )
    story.answer(thread, "yuki", "Before, on the raw bytes, in constant time.", _at(2, 10, 9))
    story.review(
        payments, "mara", "Tried it with a wrong key: 401, no order moved.", _at(2, 10, 10)
    )
    story.merge(payments, "mara")


def _orders(story: Story) -> None:
    question = story.issue(
        "A refund of 212 euros does not go through",
        "Customer care presses the button and sees `RefundRefused`. 180 euros worked an hour ago.",
        "care",
        _at(2, 18, 14),
        ["question"],
    )
    story.say(
        question,
        "yuki",
        """\
        From 200 euros on a second person has to approve: a number that finance chose, see
        `docs/payments.md`. Ask a colleague to press the button, too. That the page does not say so
        is SHOP-7.
        """,
        _at(2, 18, 15),
    )
    story.tracker.close(question.number, by="care", at=_at(2, 19, 8))
    orders = story.pull(
        "Follow orders to the door",
        "Follow orders to the door",
        f"""\
        Mails, the warehouse's list and returns within thirty days (SHOP-8). A refund is made when
        the parcel is scanned at the dock; the rule of #{question.number} holds there, too.
        """,
        "tomas",
        _at(2, 21, 13),
    )
    story.review(orders, "yuki", "Each mail once, whatever happens: good.", _at(2, 24, 15))
    story.merge(orders, "tomas")
    steps = story.pull(
        "Deploy in steps",
        "Deploy in steps",
        """\
        SHOP-9. One copy first, ten minutes of watching its error rate, then the other two. Going
        back takes less than two minutes and nobody's permission.
        """,
        "mara",
        _at(2, 28, 11),
    )
    thread = story.review(
        steps,
        "tomas",
        "",
        _at(3, 3, 9),
        inline=Inline("scripts/deploy.sh", 14, "Why ten minutes and not two?", "@@ -0,0 +14"),
    )
    minutes = "A leak of connections showed after seven in our test, never after ten."
    story.answer(thread, "mara", minutes, _at(3, 3, 9, 30))
    story.merge(steps, "mara")


def _oversold(story: Story) -> None:
    incident = story.issue(
        "64 customers paid for 20 hand planes",
        """\
        A newspaper wrote about the hand plane this morning (SHOP-12). 20 were in stock, 64 are
        paid. I took it out of the catalogue at 11:40.
        """,
        "tomas",
        _at(3, 11, 11, 45),
        ["bug", "incident"],
    )
    story.say(
        incident,
        "yuki",
        """\
        We count down when an order is paid, and between checkout and payment lie three to six
        minutes. In that time everybody else is still offered the same piece.
        """,
        _at(3, 11, 13),
    )
    story.say(
        incident,
        "care",
        "All 44 have a mail: a plane from the next batch, or their money. 31 chose to wait so far.",
        _at(3, 12, 9),
    )
    reserve = story.pull(
        "Reserve stock at checkout, after the oversold planes",
        "Reserve stock at checkout",
        f"""\
        Fixes #{incident.number}. A draft order holds its pieces until it is paid or abandoned.

        With it come the runbook for whoever is on call, and what we learned (SHOP-12).
        """,
        "yuki",
        _at(3, 12, 16),
    )
    thread = story.review(
        reserve,
        "mara",
        "",
        _at(3, 13, 11),
        "COMMENTED",
        inline=Inline(
            "shop/catalogue/stock.py",
            28,
            "Two checkouts at once can both pass this line. Is there a lock?",
            "@@ -0,0 +28",
        ),
    )
    lock = "The caller holds the row of the variant (`select ... for update`) around it."
    story.answer(thread, "yuki", lock, _at(3, 13, 14))
    story.review(reserve, "mara", "Sold out means sold out now.", _at(3, 13, 17))
    story.merge(reserve, "yuki")


def _lost_carts(story: Story) -> None:
    carts = story.issue(
        _LOST_CARTS,
        """\
        Nine mails since the newsletter (SHOP-14): they filled a cart on an iPhone, came back on the
        next payday, and it was gone. Nobody on Android or at a desk says so.
        """,
        "care",
        _at(3, 26, 10),
        ["bug"],
    )
    story.say(
        carts,
        "yuki",
        """\
        Safari does that. It deletes what a script has stored (`localStorage`) once seven days have
        passed without a visit, and the cart lives nowhere else: `web/src/cart/cartStore.ts`.
        A cookie that our server sets is not deleted.
        """,
        _at(3, 26, 15),
    )
    story.say(
        carts,
        "mara",
        """\
        Then let the server keep the cart, under an id in such a cookie, for thirty days. The
        privacy team agrees as long as no name is in it. After the gallery.
        """,
        _at(3, 27, 9),
    )
    story.tracker.assign(carts.number, "tomas", at=_at(3, 27, 9, 5))


def _gallery(story: Story) -> None:
    gallery = story.pull(
        "Add the gallery and the style guide",
        "Gallery and style guide",
        """\
        Large pictures that arrow keys turn (SHOP-15), behind the switch `new_product_gallery` for a
        tenth of the customers.
        """,
        "mara",
        _at(4, 3, 10),
    )
    story.review(gallery, "tomas", "Works with the keyboard alone, thank you.", _at(4, 4, 9))
    story.merge(gallery, "mara")
    broken = story.issue(
        "Production was not deployed: Property 'alt' is missing",
        f"""\
        {FAILED_DEPLOYMENT} ends with TS2741 at `ProductGallery.tsx(14,7)`, right after the merge of
        #{gallery.number}. Customers still see the version before. SHOP-17.
        """,
        "yuki",
        _at(4, 7, 9, 30),
        ["bug", "deployment"],
    )
    attempt = story.tracker.open_pull(
        "Give pictures alt",
        f"Fixes #{broken.number}, perhaps: `alt` stands on line 25, but not where it complains.",
        author="tomas",
        files=[ChangedFile("web/src/components/ProductGallery.tsx", 1, 1)],
        head="gallery-alt",
        base_oid=pull_of(gallery).merge_oid,
        at=_at(4, 7, 10),
    )
    story.say(
        attempt, "vercel[bot]", f"The preview is ready: {PREVIEW_DEPLOYMENT}", _at(4, 7, 10, 15)
    )
    rename = story.pull(
        "Say what kind of development",
        "Say what kind of development",
        "`docs/development.md` is about laptops only. The links to it are mended.",
        "tomas",
        _at(4, 9, 11),
    )
    story.merge(rename, "tomas")
    oid = pull_of(rename).merge_oid
    story.say(
        broken,
        "mara",
        f"""\
        It was the build's cache: it had kept the types of another branch. I deployed {oid}
        (#{rename.number}) without the cache, and it serves shop.acme.example now.
        """,
        _at(4, 9, 14),
    )
    story.tracker.close(broken.number, by="mara", at=_at(4, 9, 14))
    story.say(attempt, "tomas", f"Not needed, see #{broken.number}.", _at(4, 9, 15))
    story.tracker.close(attempt.number, by="tomas", at=_at(4, 9, 15))


def _belgium(story: Story) -> None:
    wish = story.issue(
        "Deliver to Belgium",
        """\
        Forty people asked in March (SHOP-21). Postcodes have four digits, value added tax is 21 %,
        and the carrier has no parcel lockers there.
        """,
        "mara",
        _at(4, 10, 9),
        ["enhancement"],
    )
    summer = story.tracker.create_milestone("Summer 2025", at=_at(4, 10, 9))
    story.tracker.set_milestone(wish.number, summer, at=_at(4, 10, 9, 1))
    draft = story.tracker.open_pull(
        "Belgian postcodes and tax",
        f"Part of #{wish.number}. Waits for the carrier's prices above 31.5 kilograms.",
        author="yuki",
        files=[
            ChangedFile("shop/cart/pricing.py", 1, 1),
            ChangedFile("web/src/checkout/validateAddress.ts", 1, 0),
        ],
        head="belgium",
        base_oid=pull_of(story.tracker.items[wish.number - 1]).merge_oid,
        draft=True,
        at=_at(4, 11, 10),
    )
    again = "Same question as in #2: checked in the browser and on the server?"
    story.review(draft, "tomas", again, _at(4, 11, 14), "COMMENTED")


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=UTC)
