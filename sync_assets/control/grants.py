"""How a rate budget is granted and accounted for. Pure.

The vendor counts; we see its count only in responses, late and out of order, and several processes
spend at once. Three rules keep us under the limit whatever the order:

1. A point is *granted* before it is spent. Grants are outstanding until their holder says what
   became of them, so those of a process that died stay outstanding until the window ends.
2. A holder gives up a granted point as spent only together with a reading that counts it, or else
   the point is taken off `remaining` (it was spent unseen).
3. Within a window the lowest reading holds; of two windows the later one.

So `remaining` less what is outstanding never exceeds what the vendor would still allow us. Where
all answers of a window were lost, nobody knows its end: then one call at a time asks, and may be
refused.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sync_assets.control.budget import (
    Ask,
    Budget,
    Grant,
    Granted,
    Lately,
    Policy,
    Reading,
    Report,
    Wait,
)

GRANT_SECONDS = 5.0
"""How long a grant may be used: a span in which no holder's clock errs by much."""
GRANT_POINTS = 20
"""Points taken at once where there are plenty: one transaction for as many calls."""
FIRST_POINTS = 5
"""Points allowed in all before the first answer tells the budget."""
SAME_WINDOW = timedelta(seconds=5)
"""Readings of one window tell its end to the second, give or take."""
MINUTE_SECONDS = 60 + GRANT_SECONDS + 5
"""What was granted longer ago than this reached the vendor in an earlier minute."""
IN_FLIGHT = timedelta(seconds=60)
"""A call whose grant ended longer ago than this has reached the vendor, or never will."""
UNTOLD_WAIT = timedelta(seconds=60)
"""How long to leave a vendor alone that limits us and does not say until when."""
RESET_MARGIN = timedelta(seconds=1)
"""By how much a vendor's clock may be behind ours."""


def soon(now: datetime) -> Wait:
    """What frees itself when a call ends."""
    return Wait(now + timedelta(seconds=1), sooner=True)


def reported(budget: Budget, holder: str, report: Report, now: datetime) -> Budget:
    """After a holder's report: its free points are back, its readings count."""
    budget, used = rolled(budget, now), report.read + report.unseen
    budget = replace(budget, spent=budget.spent + used)
    for reading in report.readings:
        budget = _read(budget, reading, used, now)
    grants = {name: grant for name, grant in budget.grants.items() if name != holder}
    if report.in_flight:
        expires = now + timedelta(seconds=GRANT_SECONDS)
        grants[holder] = Grant(report.in_flight, expires)
    remaining = budget.remaining
    blocked = budget.blocked_until is not None and budget.blocked_until > now
    return replace(
        budget,
        grants=grants,
        remaining=None if remaining is None else remaining - report.unseen,
        answered=budget.answered or report.answered,
        refusals=0 if report.answered and not blocked else budget.refusals,
        lately=_lately(budget.lately, holder, report, now),
    )


def asked(
    budget: Budget, holder: str, ask: Ask, policy: Policy, now: datetime
) -> tuple[Budget, Granted | Wait]:
    """A grant of at least so many points, or how long to wait. After the holder's `reported`."""
    if budget.blocked_until is not None and budget.blocked_until > now:
        return _waiting(budget, Wait(budget.blocked_until, refused=True))
    live = sum(grant.points for grant in budget.grants.values() if grant.expires_at > now)
    if budget.refusals and live:  # the first call after a refusal goes alone
        return _waiting(budget, soon(now))
    free, wait = _free(budget, ask.points, live, policy, now)
    minute_free, minute_wait = _minute_free(budget, ask.minute_points, policy, now)
    waits = [each for each in (wait, minute_wait) if each is not None]
    if waits:
        return _waiting(budget, max(waits, key=lambda each: each.until))
    most = 1 if budget.refusals else GRANT_POINTS
    take = max(ask.points, min(most, free // 10))
    take_minute = max(ask.minute_points, min(most, minute_free // 10))
    in_flight = budget.grants[holder].points if holder in budget.grants else 0
    expires = now + timedelta(seconds=GRANT_SECONDS)
    granted = replace(
        budget,
        waiting_until=None,
        grants={**budget.grants, holder: Grant(in_flight + take, expires)},
        lately=(*budget.lately, Lately(now, holder, take_minute, 0.0)),
    )
    worked = sum(each.seconds for each in budget.lately)
    serial = policy.minute_seconds is not None and worked >= policy.minute_seconds
    return granted, Granted(take, take_minute, serial)


def refused(budget: Budget, until: datetime, now: datetime) -> Budget:
    """The vendor refused a call until then.

    A minute is what we take where none is said, so each further refusal after one doubles it.
    """
    wait = max(until - now, timedelta(seconds=1))
    if budget.blocked_until is not None and budget.blocked_until > now:
        # Calls that were under way together are refused together: that is one refusal.
        return replace(budget, blocked_until=max(now + wait, budget.blocked_until))
    if wait == UNTOLD_WAIT:
        wait *= 2 ** min(budget.refusals, 4)
    return replace(budget, blocked_until=now + wait, refusals=budget.refusals + 1)


def rolled(budget: Budget, now: datetime) -> Budget:
    """With a window that ended replaced by the next one, full but for calls under way."""
    if budget.reset_at is not None and now >= budget.reset_at + RESET_MARGIN:
        kept = _since(budget, budget.reset_at - IN_FLIGHT)
        budget = replace(budget, remaining=budget.limit, reset_at=None, spent=0, grants=kept)
    if budget.reset_at is None:
        # No end is known yet at which the grants of the dead are forgotten: they were spent.
        kept = _since(budget, now - IN_FLIGHT)
        lost = budget.outstanding() - sum(grant.points for grant in kept.values())
        remaining = None if budget.remaining is None else budget.remaining - lost
        return replace(budget, remaining=remaining, grants=kept)
    return budget


def _since(budget: Budget, moment: datetime) -> dict[str, Grant]:
    return {name: grant for name, grant in budget.grants.items() if grant.expires_at > moment}


def _read(budget: Budget, reading: Reading, used: int, now: datetime) -> Budget:
    if reading.reset_at <= now:
        if budget.remaining is not None:
            return budget  # of a window that is over: what it counted is forgotten
        return replace(budget, limit=reading.limit, remaining=reading.limit - budget.spent)
    if budget.reset_at is not None and reading.reset_at < budget.reset_at - SAME_WINDOW:
        return budget
    later = budget.reset_at is not None and reading.reset_at > budget.reset_at + SAME_WINDOW
    if later or budget.remaining is None or budget.limit is None:
        remaining = reading.remaining
    elif budget.reset_at is None:
        # What was spent unseen before the window's end was known may be later than this reading.
        remaining = reading.remaining - max(0, budget.limit - budget.remaining)
    else:
        remaining = min(reading.remaining, budget.remaining)
    ends = reading.reset_at
    if budget.reset_at is not None and not later:
        ends = max(ends, budget.reset_at)
    return replace(
        budget,
        limit=reading.limit,
        remaining=remaining,
        reset_at=ends,
        spent=used if later else budget.spent,
    )


def _waiting(budget: Budget, wait: Wait) -> tuple[Budget, Wait]:
    return replace(budget, waiting_until=wait.until), wait


def _free(
    budget: Budget, points: int, live: int, policy: Policy, now: datetime
) -> tuple[int, Wait | None]:
    """Points of the primary budget that may be granted now, or the wait."""
    if budget.limit is None or budget.remaining is None:
        if budget.answered:
            return 10 * GRANT_POINTS, None  # this vendor tells no budget
        out = budget.outstanding()
        fits = out == 0 or out + budget.spent + points <= FIRST_POINTS
        return 0, None if fits else soon(now)
    within = min(
        budget.remaining - policy.floor(budget.limit), policy.cap(budget.limit) - budget.spent
    )
    free = within - budget.outstanding()
    if free >= points:
        return free, None
    if budget.reset_at is not None:
        return 0, soon(now) if within >= points and live else Wait(budget.reset_at + RESET_MARGIN)
    # Of the new window nothing was told yet: one call will tell.
    return 0, soon(now) if budget.outstanding() else None


def _minute_free(
    budget: Budget, minute: int, policy: Policy, now: datetime
) -> tuple[int, Wait | None]:
    """Secondary points that may be granted now, or the wait until enough of the past is past."""
    if policy.minute_points is None:
        return 10 * GRANT_POINTS, None
    free = policy.minute_points - sum(each.points for each in budget.lately)
    missing, until = minute - free, now
    for each in budget.lately:
        if missing <= 0:
            break
        missing -= each.points
        until = each.at + timedelta(seconds=MINUTE_SECONDS)
    return free, Wait(until) if minute > free and until > now else None


def _lately(
    lately: Sequence[Lately], holder: str, report: Report, now: datetime
) -> tuple[Lately, ...]:
    """The last minute, without what the holder brings back, and with the seconds it reports."""
    start, unused = now - timedelta(seconds=MINUTE_SECONDS), report.unused_minute
    kept: list[Lately] = []
    for each in reversed(lately):
        if each.at <= start:
            continue
        back = min(unused, each.points) if each.holder == holder else 0
        unused -= back
        rest = replace(each, points=each.points - back)
        if rest.points or rest.seconds:
            kept.append(rest)
    if report.seconds:
        kept.insert(0, Lately(now, holder, 0, report.seconds))
    return tuple(reversed(kept))
