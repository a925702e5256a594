"""Whatever happens to webhooks and to their runs, every delivery has an outcome."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.control.filing import Incoming
from sync_assets.control.inbox import ENDED
from sync_assets.models import Source, digest
from sync_assets_tests import oracle
from sync_assets_tests.pipeline.conftest import Desk
from sync_assets_tests.pipeline.deliveries import asked, run

NAMES = st.sampled_from("abcd")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write", "delete", "write silently"]), NAMES),
        st.tuples(st.sampled_from(["told", "told twice", "told without a name"]), NAMES),
        st.tuples(st.sampled_from(["run", "killed run", "lost tick"]), st.just("")),
    ),
    min_size=4,
    max_size=12,
)


def about_the_desk(_: Source) -> bool:
    return True


def happen(desk: Desk, what: str, name: str, number: int) -> None:
    inbox, tickets = desk.pipeline.stores.inbox, desk.tickets
    if what == "write":
        tickets.write(name, f"{name} {number}")
    elif what == "write silently":
        tickets.write_silently(name, f"{name} {number}, silently")
    elif what == "delete":
        tickets.delete(name, with_tombstone=True)
    elif what.startswith("told"):
        hints = {} if what == "told without a name" else {"ticket": name}
        # A late one may come under a number that was used, and is then the same one.
        delivery = f"{desk.pipeline.clock()}-{name}-{number}"
        event = Incoming(
            "tracker", delivery, "edited", about_the_desk, ["tickets"], name, hints=hints
        )
        inbox.store([event] * (2 if what == "told twice" else 1))
    elif what == "lost tick":
        asked(desk.pipeline)
    else:
        requests = asked(desk.pipeline)
        if what == "killed run":
            tickets.while_fetching = killed
        run(desk.pipeline, requests)
        tickets.while_fetching = None


def killed() -> None:
    raise MemoryError("the process is gone")


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_every_delivery_has_an_outcome_and_the_index_equals_the_source(
    desk: Desk, steps: list[tuple[str, str]]
):
    """The desk goes on from one example to the next: none may leave anything behind."""
    pipeline, clock = desk.pipeline, desk.pipeline.clock
    clock.now = max(clock.now, datetime.now(UTC))
    pipeline.stores.registry.edit(desk.source.source_id, settings={"replies": False})
    for number, (what, name) in enumerate(steps):
        clock.advance(1)
        happen(desk, what, name, number)
    for _ in range(8):
        clock.advance(400)
        run(pipeline, asked(pipeline))
    desk.run(full=True)

    assert {each.state for each in pipeline.stores.inbox.newest()} <= ENDED
    texts = {
        f"{name}.txt": (digest(text), text) for name, (text, _) in desk.tickets.tickets.items()
    }
    index = pipeline.given.settings.index_uri
    assert oracle.differences(index, desk.source.source_id, texts) == []
