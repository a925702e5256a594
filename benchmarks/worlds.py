"""Workspaces of the sandbox's Notion, Slack, Linear and Vercel, used for years; always the same.

Each is made through the sandbox's own state, and says by page arithmetic what its sync may cost.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from benchmarks.talk import PEOPLE, said, who
from sync_assets.sandbox.linear.world import LinearWorld
from sync_assets.sandbox.notion.content import Block, block
from sync_assets.sandbox.notion.world import NotionWorld
from sync_assets.sandbox.slack.world import Message, SlackWorld
from sync_assets.sandbox.vercel.world import DONE, VercelWorld

_BEGIN = datetime(2024, 1, 8, 9, tzinfo=UTC)
_CHANNEL = "C0HISTORY"
_LEVELS = ("toggle", "bulleted_list_item", "numbered_list_item", "to_do", "paragraph")


@dataclass(frozen=True, slots=True)
class World:
    """One workspace. `first_calls`, `poll_calls` and `change_calls` bound a first sync, one where
    nothing changed, and one after one change. `a_minute`: what the vendor allows, of calls whose
    path ends so.
    """

    connector: str
    scope: str
    size: str
    documents: int
    first_calls: int
    poll_calls: int
    change_calls: int
    change_name: str
    change: Callable[[], object]
    a_minute: Mapping[str, int] = field(default_factory=dict[str, int])


def notion(world: NotionWorld, pages: int) -> World:
    """Pages with some twenty blocks, five levels deep, and a comment each."""
    random, table = _random(pages), world.create_source("Handbook", {"Status": "select"})
    people = [world.join(name.title()) for name in PEOPLE]
    made = [
        world.create_page(
            table,
            said(random, 5),
            *(_nested(random, 0) for _ in range(3)),
            properties={"Status": ("select", {"name": random.choice(("Draft", "Agreed"))})},
            user=random.choice(people),
            at=_BEGIN + timedelta(hours=5 * number),
        )
        for number in range(pages)
    ]
    for page in made:
        world.comment(page, said(random, 20), random.choice(people))
    return World(
        connector="notion",
        scope=table.id,
        size=f"{pages:,} pages, {len(world.blocks):,} blocks, {len(world.comments):,} comments",
        documents=pages,
        # The table, its pages, and its last minute once more; content, comments; who wrote it.
        first_calls=1 + math.ceil(pages / 100) + 1 + 2 * pages + len(people),
        poll_calls=5,
        change_calls=6,
        change_name="one page edited",
        change=lambda: world.write(made[pages // 2], block("paragraph", "It is settled now.")),
        a_minute={"": 180},
    )


def slack(world: SlackWorld, messages: int, threads: int) -> World:
    """A channel's messages, a thread's replies among them, three on average."""
    random = _random(messages)
    world.create_channel(_CHANNEL, "history")
    members = [world.join(f"U0{number:03}", f"Member {number}").id for number in range(40)]
    replies = [random.randint(1, 5) for _ in range(threads)]
    standing = messages - sum(replies)
    with_thread = {round(number * standing / threads) for number in range(threads)}
    parents, days = list[Message](), set[str]()
    for number in range(standing):
        at = _BEGIN + timedelta(minutes=63 * number)
        made = world.post(_CHANNEL, random.choice(members), said(random, 25), at=at)
        if number not in with_thread:
            days.add(f"{at:%Y-%m-%d}")
            continue
        for minute in range(replies[len(parents)]):
            later = at + timedelta(minutes=minute + 1)
            world.reply(_CHANNEL, made, random.choice(members), said(random, 25), at=later)
        parents.append(made)
    pages = math.ceil(standing / 200)
    return World(
        connector="slack",
        scope=_CHANNEL,
        size=f"{messages:,} messages, {threads:,} threads",
        documents=threads + len(days),
        # Who we are, the channel, its messages, that nothing is behind them; threads; members.
        first_calls=2 + pages + 1 + threads + 1,
        poll_calls=2 + pages,
        change_calls=2 + pages,
        change_name="a reply to the oldest thread",
        change=lambda: world.reply(_CHANNEL, parents[0], members[0], "It was the cache."),
        a_minute={"conversations.history": 50, "conversations.replies": 50, "users.list": 20},
    )


def linear(world: LinearWorld, issues: int) -> World:
    """Issues of one team, with seven comments on average."""
    random = _random(issues)
    world.create_team("ENG", "Engineering")
    for name in PEOPLE:
        world.join(name, name.title())
    made = [
        world.open_issue(
            "ENG",
            said(random, 6),
            said(random, 80),
            by=who(random),
            labels=[random.choice(("bug", "wish", "chore"))],
            at=_BEGIN + timedelta(hours=7 * number),
        )
        for number in range(issues)
    ]
    for issue in made:
        for hour in range(random.randint(0, 14)):
            at = issue.created_at + timedelta(hours=hour + 1)
            world.comment(issue, said(random, 40), by=who(random), at=at)
    comments = len(world.comments)
    pages = math.ceil(issues / 130) + math.ceil(issues / 50)
    return World(
        connector="linear",
        scope="ENG",
        size=f"{issues:,} issues, {comments:,} comments",
        documents=issues,
        # Issues are listed and read; each time the comments of long ones are, in pages of 250.
        first_calls=2 * pages + 2 * math.ceil(comments / 250),
        poll_calls=5,
        change_calls=6,
        change_name="one comment",
        change=lambda: world.comment(made[issues // 2], "It works again."),
    )


def vercel(world: VercelWorld, deployments: int) -> World:
    """One project's deployments, each with a log of some forty lines."""
    random, project = _random(deployments), world.create_project("shop")
    for number in range(deployments):
        at = _BEGIN + timedelta(hours=5 * number)
        world.deploy(
            project.name,
            plan=DONE,
            target="production" if number % 4 == 0 else None,
            meta={
                "githubCommitRef": "main",
                "githubCommitSha": f"{random.getrandbits(160):040x}",
                "githubCommitMessage": said(random, 8),
            },
            log=[said(random, 9) for _ in range(random.randint(20, 60))],
            created=round(at.timestamp() * 1000),
        )
    return World(
        connector="vercel",
        scope=f"acme/{project.name}",
        size=f"{deployments:,} deployments",
        documents=deployments + 1,
        # All are listed, and that nothing is behind them; each, and its log; the project's
        # variables, listed and read.
        first_calls=math.ceil(deployments / 100) + 1 + 2 * deployments + 3,
        poll_calls=5,
        change_calls=6,
        change_name="one deployment",
        change=lambda: world.deploy(project.name, plan=DONE, log=["Build completed"]),
        a_minute={"": 500},
    )


def _nested(random: Random, level: int) -> Block:
    """A block with others inside it, down to the last level; two at some."""
    inside = 0 if level == len(_LEVELS) - 1 else 1 + (level % 2)
    children = [_nested(random, level + 1) for _ in range(inside)]
    return block(_LEVELS[level], said(random, 10), *children)


def _random(size: int) -> Random:
    return Random(size)  # noqa: S311 - the same every time, and no secret
