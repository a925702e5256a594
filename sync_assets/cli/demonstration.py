"""The demo: first syncs, a push and a comment, their webhooks, searches."""

from collections.abc import Sequence
from datetime import datetime

from sync_assets.cli.answers import DemoReport, Endpoint
from sync_assets.cli.demo_services import Demo
from sync_assets.cli.output import print_line
from sync_assets.cli.search import HOPS, print_answer
from sync_assets.control.inbox import ENDED, Delivery
from sync_assets.errors import SyncAssetsError
from sync_assets.hits import SearchAnswer
from sync_assets.index.predicates import Filter
from sync_assets.pipeline.tags import SOURCE
from sync_assets.sandbox.demo import DEMO_REPOSITORY, DEMO_SEARCHES, push_demo_change
from sync_assets.sandbox.github.demo import DEMO_COMMENT_SEARCH, add_demo_comment
from sync_assets.search import search

SYNC_SECONDS = 300.0
STREAM = "files"
_FAILED = frozenset({"FAILURE", "CANCELED"})
FOLLOWED_SEARCH = DEMO_SEARCHES[1]
"""From code to the pull request that it came with, and to the issue that it closed."""
CHAIN_SEARCH = "which deployment reserves stock at checkout"
"""From a deployment to its pull request, to its ticket, and to the thread where it began."""
CHAIN_BEGINS_AT = "vercel"
PUSHED_SEARCH = DEMO_SEARCHES[-1]


def show(demo: Demo, *, print_answers: bool) -> DemoReport:
    """First syncs, searches, a push and a comment, their webhooks, the searches again."""
    steps, stores = demo.steps, demo.stores
    unanswered = (PUSHED_SEARCH, DEMO_COMMENT_SEARCH)
    head = demo.sandbox.repositories.get(DEMO_REPOSITORY).head()
    with steps.step("syncing all for the first time, a Dagster run each"):
        _wait_for_syncs(demo, str(head))
    with steps.step("searching what nothing answers yet"):
        before = [search(stores, query, limit=1) for query in unanswered]
        for answer in before:
            best = answer.hits[0].title if answer.hits else "nothing"
            steps.say(f'  "{answer.query}": the best it finds is {best}')
    with steps.step("pushing a commit and writing a comment that answer it: GitHub calls us"):
        commit = push_demo_change(demo.sandbox.repositories)
        comment = f"{demo.sandbox.url}/{add_demo_comment(demo.sandbox.trackers)}"
        demo.sandbox.post.drain()
        _wait_for_syncs(demo, commit)
        for each in _brought_in(demo):
            steps.say(f"  {each.kind}: in the index {_seconds_to(each):.1f} s after it happened")
    with steps.step("searching"):
        answers = [
            search(stores, DEMO_SEARCHES[0], limit=1),
            search(stores, FOLLOWED_SEARCH, limit=1, hops=HOPS),
            search(
                stores, CHAIN_SEARCH, limit=1, hops=HOPS, only=Filter(connector=CHAIN_BEGINS_AT)
            ),
            *(search(stores, query, limit=1) for query in unanswered),
        ]
        for answer, new in zip(answers[-2:], (commit, comment), strict=True):
            if not answer.hits or new not in answer.hits[0].url:
                raise SyncAssetsError(f'what is new is not found by "{answer.query}"')
    if print_answers:
        print_searches(answers, stores.clock())
    steps.say("done")
    repository = f"{demo.sandbox.url}/{DEMO_REPOSITORY}.git"
    return DemoReport(
        steps=steps.done,
        commit=commit,
        comment=comment,
        before=before,
        searches=answers,
        endpoints=[
            Endpoint(name="Dagster UI", url=demo.services.webserver.url),
            Endpoint(name="repository", url=repository),
        ],
    )


def _brought_in(demo: Demo) -> list[Delivery]:
    """The webhook deliveries that runs brought in; SyncAssetsError where one has another end."""
    deliveries = [each for each in reversed(demo.stores.inbox.newest()) if each.state != "ignored"]
    lost = [each for each in deliveries if each.state not in ("done", "superseded")]
    if lost or not deliveries:
        reasons = "; ".join(f"{each.kind}: {each.reason}" for each in lost)
        raise SyncAssetsError(f"webhooks were not brought in: {reasons or 'none came'}")
    return deliveries


def _seconds_to(delivery: Delivery) -> float:
    """From the vendor's event, else from the receipt, to where a search finds it."""
    ended = delivery.done_at or delivery.received_at
    return (ended - (delivery.event_at or delivery.received_at)).total_seconds()


def print_searches(answers: Sequence[SearchAnswer], now: datetime) -> None:
    """The searches as a person would have typed them, each with what it found."""
    for answer in answers:
        only = f" --connector {CHAIN_BEGINS_AT}" if answer.query == CHAIN_SEARCH else ""
        followed = " --follow" if any(hit.linked for hit in answer.hits) else ""
        print_line(f'\nsearch "{answer.query}"{only}{followed}')
        print_answer(answer, now)


def _wait_for_syncs(demo: Demo, commit: str) -> None:
    """Until Dagster runs have synced every source, and the repository to `commit`;
    SyncAssetsError where one fails.
    """
    webserver, repository = demo.services.webserver, demo.sources[0].source_id
    expected = {source.source_id for source in demo.sources}

    def arrived() -> bool:
        runs = {run.run_id: run for run in webserver.runs() if run.tag(SOURCE) in expected}
        for run in reversed(runs.values()):
            source_id, before = run.tag(SOURCE), demo.seen.get(run.run_id)
            if before is None:
                demo.steps.say(f"  {source_id}: {webserver.run_url(run)}")
            if run.status == "SUCCESS" != before:
                demo.steps.say(f"  {source_id}: success")
            demo.seen[run.run_id] = run.status
            if run.status in _FAILED:
                raise SyncAssetsError(f"run {run.run_id} of {source_id} ended as {run.status}")
        watermark = demo.stores.cursors.get(repository, STREAM).watermark or ""
        return (
            commit in watermark
            and expected == {run.tag(SOURCE) for run in runs.values()}
            and all(run.status == "SUCCESS" for run in runs.values())
            and all(each.state in ENDED for each in demo.stores.inbox.newest())
        )

    demo.services.children.wait_until(
        arrived, what="The sync", log=demo.services.logs, seconds=SYNC_SECONDS, every=0.5
    )
