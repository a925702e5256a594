"""Where a hit leads: to the very message that holds the words, and to what its document names."""

from pathlib import Path

from sync_assets.sandbox.github.records import ChangedFile, Inline, PullCommit
from sync_assets.search import search
from sync_assets_tests import oracle
from sync_assets_tests.connectors.github.desk import open_desk

LONG = "It is so in every browser that we tried, by day and by night. " * 15


def test_hit_leads_to_the_comment_the_review_or_the_inline_comment_that_says_so(tmp_path: Path):
    with open_desk(tmp_path) as desk:
        tracker = desk.tracker
        issue = tracker.open_issue("The cart forgets", f"planted1 {LONG}")
        first = tracker.comment(issue.number, f"planted2 {LONG}")
        second = tracker.comment(issue.number, f"planted3 {LONG * 4} planted4")
        pull = tracker.open_pull("Remember the cart", f"planted5 {LONG}")
        inline = [Inline("src/cart.py", 12, f"planted7 {LONG}")]
        review = tracker.review(pull.number, f"planted6 {LONG}", inline=inline)
        assert pull.pull
        reply = tracker.reply(pull.pull.threads[0], f"planted8 {LONG}")
        desk.sync("full")
        desk.clock.advance(300)
        shop = f"{desk.sandbox.url}/acme/shop"

        found = {
            word: search(desk.stores, f"planted{word}", mode="text", limit=1).hits[0]
            for word in range(1, 9)
        }

    below = f"{shop}/issues/{issue.number}#issuecomment-"
    pulled = f"{shop}/pull/{pull.number}"
    thread = pull.pull.threads[0].comments[0]
    assert {word: hit.url for word, hit in found.items()} == {
        1: f"{shop}/issues/{issue.number}",
        2: f"{below}{first.database_id}",
        3: f"{below}{second.database_id}",
        4: f"{below}{second.database_id}",  # the last piece of a long one
        5: pulled,
        6: f"{pulled}#pullrequestreview-{review.database_id}",
        7: f"{pulled}#discussion_r{thread.database_id}",
        8: f"{pulled}#discussion_r{reply.database_id}",
    }
    assert {hit.symbol for hit in found.values()} <= {"mara", "tomas"}


def test_hit_in_short_messages_that_share_a_chunk_leads_to_the_first_of_them(tmp_path: Path):
    with open_desk(tmp_path) as desk:
        issue = desk.tracker.open_issue("The cart forgets", "Again.", author="care")
        for words in ("Since when?", "planted1", "Mended."):
            desk.tracker.comment(issue.number, words)
        desk.sync("full")

        [hit] = search(desk.stores, "planted1", mode="text", limit=1).hits

    assert hit.url == f"{desk.sandbox.url}/acme/shop/issues/{issue.number}"
    assert hit.symbol == "care, mara"


def test_pull_request_is_linked_with_what_it_closes_touches_contains_and_mentions(tmp_path: Path):
    commit, other = "0a1b2c3d" * 5, "9f8e7d6c"
    with open_desk(tmp_path) as desk:
        tracker, at = desk.tracker, desk.clock()
        issue = tracker.open_issue("The cart forgets", "Again.")
        pull = tracker.open_pull(
            "Remember the cart",
            f"Fixes #{issue.number}. See ENG-42, {other} and https://example.com/why.",
            files=[ChangedFile("src/cart.py", 3, 1)],
            commits=[PullCommit(commit, "Remember it", "Mara", "mara@acme.example", at)],
        )
        tracker.comment(pull.number, "Like acme/other#7?")
        desk.sync("full")

        rows = oracle.rows(desk.stores.settings.index_uri, "links", desk.source_id)

    links = {(row["kind"], row["target"]) for row in rows if row["stream"] == "pull_requests"}
    assert links == {
        ("is", f"github:acme/shop#{pull.number}"),
        ("is", f"commit:{commit}"),
        ("closes", f"github:acme/shop#{issue.number}"),
        ("touches", "github:acme/shop:src/cart.py"),
        ("contains", f"commit:{commit}"),
        ("mentions", f"github:acme/shop#{issue.number}"),
        ("mentions", "github:acme/other#7"),
        ("mentions", "ticket:ENG-42"),
        ("mentions", f"commit:{other}"),
        ("mentions", f"commit:{commit[:9]}"),  # in the list of its commits
        ("mentions", "https://example.com/why"),
    }
