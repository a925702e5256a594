"""Deliveries that GitHub made and we did not get: it logs them for three days, and sends one again
when asked. Where we are an App whose hook calls us, that one has one log for all repositories that
it is told of; of any other repository its own hook's is read. Each is read from where the last
reading of it was settled.

What cannot be read is no failure: the schedules find what was missed, only later. It is written
down (`webhooks status`), and the next reading tries again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from sync_assets.control.hooks import HookHealth, HookState
from sync_assets.errors import RateLimited, SourceError, SourceGone, SourceRejectedUs
from sync_assets.stores import Stores
from sync_assets.webhooks.addresses import address_of
from sync_assets.webhooks.repositories import GITHUB, Repository, hook_client, repositories

if TYPE_CHECKING:
    from sync_assets.connectors.github.app import GitHubApp
    from sync_assets.connectors.github.hooks import (
        AppHookClient,
        DeliveryLog,
        Hook,
        HookClient,
        LoggedDelivery,
    )

FORBIDDEN: Final = (
    "its hooks are not for us: they are for administrators, by a token with `admin:repo_hook`, or"
    " the permission Webhooks (read and write)"
)
APP_FORBIDDEN: Final = (
    "GitHub does not show us its webhook: look at SYNC_ASSETS_GITHUB_APP_ID and the App's key"
)
THE_APP: Final = "the GitHub App"
MOST_AT_ONCE: Final = 100
"""Asked for again in one reading of a log; the rest waits for the next one. So that the log of one
that was down for long leaves time and budget to others.
"""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def redeliver_missed(stores: Stores, say: Callable[[str], object]) -> None:
    """By the App, and then by each repository, the one first that was looked at longest ago. `say`
    hears a line for what was done, and for each problem once.

    Raises InvalidSettings where our own address is not known.
    """
    from sync_assets.connectors.github.access import github_app

    address, known = address_of(stores.settings, GITHUB), stores.hooks.all()
    app = github_app(stores.settings, stores.http)
    try:
        by_app = None if app is None else _by_the_app(stores, app, address, known, say)
        for repository in _longest_ago_first(repositories(stores.registry.all()), known):
            before = known.get(repository.source_ids[0])
            opened = partial(_of_repository, stores, repository, app, by_app)
            after = _look(stores, opened, address, before, FORBIDDEN)
            stores.hooks.set(repository.source_ids, after)
            for line in [] if after is by_app else told(before, after):
                say(f"{repository.name}: {line}")
    except RateLimited as limited:
        say(str(limited))  # all share the budget; those that were not reached are the next ones


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


def _longest_ago_first(
    found: Sequence[Repository], known: Mapping[str, HookHealth]
) -> list[Repository]:
    def looked_at(repository: Repository) -> datetime:
        before = known.get(repository.source_ids[0])
        return _NEVER if before is None else before.checked_at

    return sorted(found, key=looked_at)


def _by_the_app(
    stores: Stores,
    app: "GitHubApp",
    address: str,
    known: Mapping[str, HookHealth],
    say: Callable[[str], object],
) -> HookHealth | None:
    """How the App's own hook stands, of which every source that it hears of keeps the same; None
    where it calls another address, or none.
    """
    from sync_assets.connectors.github.hooks import OF_THE_APP, AppHookClient

    first = HookHealth("absent", _NEVER, hook=OF_THE_APP)
    kept = (each for each in known.values() if each.hook == OF_THE_APP)
    before = max(kept, key=lambda each: each.checked_at, default=first)
    after = _look(stores, lambda: AppHookClient(app.client), address, before, APP_FORBIDDEN)
    if after.state == "absent":
        return None
    for line in told(before, after):
        say(f"{THE_APP}: {line}")
    return after


def _of_repository(
    stores: Stores,
    repository: Repository,
    app: "GitHubApp | None",
    by_app: HookHealth | None,
) -> "HookClient | HookHealth":
    """Its own hooks, where the App's hears nothing of it. Raises SourceError."""
    if app is None or by_app is None:
        return hook_client(stores, repository)
    heard = by_app.state == "forbidden" or app.is_installed_on(repository.name)
    return by_app if heard else hook_client(stores, repository)


def _look(
    stores: Stores,
    opened: "Callable[[], HookClient | AppHookClient | HookHealth]",
    address: str,
    before: HookHealth | None,
    forbidden: str,
) -> HookHealth:
    """How the hook stands that calls the address; `opened` may know it already."""
    now = stores.clock()
    basis = replace(before or HookHealth("absent", now), checked_at=now)

    def stands(state: HookState, problem: str, hook: int | None) -> HookHealth:
        return replace(basis, state=state, problem=problem, hook=hook)

    try:
        client = opened()
        if isinstance(client, HookHealth):
            return client
        hook = client.hook_at(address)
        if hook is None:
            problem = f"no hook calls {address}: `sync-assets webhooks setup` makes it"
            return stands("absent", problem, None)
        if not hook.active:
            return stands("inactive", "the hook is switched off at GitHub", hook.id)
        return _settled(stores, client.log(hook), hook, before, basis)
    except RateLimited:
        raise
    except (SourceGone, SourceRejectedUs):
        return stands("forbidden", forbidden, basis.hook)
    except SourceError as error:
        return stands("unreachable", str(error), basis.hook)


def _settled(
    stores: Stores,
    log: "DeliveryLog",
    hook: "Hook",
    before: HookHealth | None,
    basis: HookHealth,
) -> HookHealth:
    """With its log read, and what did not arrive asked for again."""
    from sync_assets.connectors.github.missed import judge

    same = before if before is not None and before.hook == hook.id else None
    since = None if same is None else same.read_until
    sent = list(log.list_deliveries(since))
    failed = {each.guid for each in sent if not each.arrived}
    verdict = judge(sent, stores.inbox.known(GITHUB, failed), since)
    again = verdict.again[:MOST_AT_ONCE]
    for delivery in again:
        log.redeliver(delivery.id)
    failing = bool(sent) and not sent[0].arrived
    return replace(
        basis,
        state="failing" if failing else "working",
        problem=f"GitHub's last call to us ended so: {sent[0].status}" if failing else None,
        hook=hook.id,
        read_until=verdict.read_until,
        redelivered=basis.redelivered + len(again),
        given_up=basis.given_up + _after(verdict.given_up, same),
    )


def _after(given_up: "Sequence[LoggedDelivery]", before: HookHealth | None) -> int:
    """Those that were not counted at the reading before."""
    at: datetime | None = None if before is None else before.checked_at
    return sum(at is None or each.delivered_at >= at for each in given_up)
