"""Deliveries that GitHub made and we did not get: it logs them for three days, and sends one again
when asked. The log of each repository's hook is read from where the last reading was settled.

What cannot be read is no failure: the schedules find what was missed, only later. It is written
down (`webhooks status`), and the next reading tries again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sync_assets.control.hooks import HookHealth, HookState
from sync_assets.errors import RateLimited, SourceError, SourceGone, SourceRejectedUs
from sync_assets.stores import Stores
from sync_assets.webhooks.addresses import address_of
from sync_assets.webhooks.repositories import GITHUB, Repository, hook_client, repositories

if TYPE_CHECKING:
    from sync_assets.connectors.github.hooks import Hook, HookClient, LoggedDelivery

FORBIDDEN: Final = (
    "its hooks are not for us: they are for administrators, by a token with `admin:repo_hook`, or"
    " the permission Webhooks (read and write)"
)


def redeliver_missed(stores: Stores, say: Callable[[str], object]) -> None:
    """Of every repository. `say` hears a line for what was done, and for each problem once.

    Raises InvalidSettings where our own address is not known.
    """
    address, known = address_of(stores.settings, GITHUB), stores.hooks.all()
    for repository in repositories(stores.registry.all()):
        before = known.get(repository.source_ids[0])
        try:
            after = _look(stores, repository, address, before)
        except RateLimited as limited:
            say(str(limited))
            return  # all share the budget; the next reading begins where this one did
        stores.hooks.set(repository.source_ids, after)
        for line in told(before, after):
            say(f"{repository.name}: {line}")


def told(before: HookHealth | None, after: HookHealth) -> list[str]:
    """What is new, in words."""
    earlier = before or HookHealth("working", after.checked_at)
    lines: list[str] = []
    if after.problem is not None and after.problem != earlier.problem:
        lines.append(after.problem)
    if again := after.redelivered - earlier.redelivered:
        lines.append(f"missed deliveries that GitHub was asked to send again: {again}")
    if lost := after.given_up - earlier.given_up:
        lines.append(f"never arrived, and left to the next scheduled sync: {lost}")
    return lines


def _look(
    stores: Stores, repository: Repository, address: str, before: HookHealth | None
) -> HookHealth:
    now = stores.clock()
    basis = replace(before or HookHealth("absent", now), checked_at=now)

    def stands(state: HookState, problem: str, hook: int | None) -> HookHealth:
        return replace(basis, state=state, problem=problem, hook=hook)

    try:
        client = hook_client(stores, repository)
        hook = client.hook_at(address)
        if hook is None:
            problem = f"no hook calls {address}: `sync-assets webhooks setup` makes it"
            return stands("absent", problem, None)
        if not hook.active:
            return stands("inactive", "the hook is switched off at GitHub", hook.id)
        return _settled(stores, client, hook, before, basis)
    except RateLimited:
        raise
    except (SourceGone, SourceRejectedUs):
        return stands("forbidden", FORBIDDEN, basis.hook)
    except SourceError as error:
        return stands("unreachable", str(error), basis.hook)


def _settled(
    stores: Stores,
    client: "HookClient",
    hook: "Hook",
    before: HookHealth | None,
    basis: HookHealth,
) -> HookHealth:
    """With its log read, and what did not arrive asked for again."""
    from sync_assets.connectors.github.missed import judge

    same = before if before is not None and before.hook == hook.id else None
    since = None if same is None else same.read_until
    log = list(client.list_deliveries(hook.id, since))
    failed = {each.guid for each in log if not each.arrived}
    verdict = judge(log, stores.inbox.known(GITHUB, failed), since)
    for delivery in verdict.again:
        client.redeliver(hook.id, delivery.id)
    failing = bool(log) and not log[0].arrived
    return replace(
        basis,
        state="failing" if failing else "working",
        problem=f"GitHub's last call to us ended so: {log[0].status}" if failing else None,
        hook=hook.id,
        read_until=verdict.read_until,
        redelivered=basis.redelivered + len(verdict.again),
        given_up=basis.given_up + _after(verdict.given_up, same),
    )


def _after(given_up: "Sequence[LoggedDelivery]", before: HookHealth | None) -> int:
    """Those that were not counted at the reading before."""
    at: datetime | None = None if before is None else before.checked_at
    return sum(at is None or each.delivered_at >= at for each in given_up)
