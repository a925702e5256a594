"""How many calls each holder may have under way, of a number for all of them. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from sync_assets.control.budget import Budget, Grant

SLOTS_SECONDS = 120.0
"""How long a holder's slots are its own without a sign of life."""


def slots(
    budget: Budget, holder: str, wanted: int, at_once: int, now: datetime
) -> tuple[Budget, int]:
    """How many calls a holder may have under way, of `at_once` for all holders; 0 is possible.

    A budget of its own keeps them, as grants of slots. Each takes at most half of what is left, so
    that there is something for the next one; 0 wanted gives them back.
    """
    live = {
        name: grant
        for name, grant in budget.grants.items()
        if name != holder and grant.expires_at > now
    }
    left = max(0, at_once - sum(grant.points for grant in live.values()))
    taken = min(wanted, (left + 1) // 2)
    own = budget.grants.get(holder)
    if wanted and own is not None and own.expires_at > now:
        taken = max(taken, own.points)  # some of them are in use
    if taken:
        live[holder] = Grant(taken, now + timedelta(seconds=SLOTS_SECONDS))
    return replace(budget, grants=live), taken
