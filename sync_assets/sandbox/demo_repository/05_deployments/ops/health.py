"""What the load balancer asks for: is this copy able to serve customers?"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class HealthReport:
    healthy: bool
    failing: tuple[str, ...]


def check_health(checks: dict[str, Callable[[], bool]]) -> HealthReport:
    """Run every check. A copy whose database does not answer takes itself out of the pool."""
    failing = tuple(name for name, check in checks.items() if not check())
    return HealthReport(healthy=not failing, failing=failing)


def is_ready(started_seconds_ago: float, warm_caches: int, expected_caches: int) -> bool:
    """A new copy gets traffic once its caches are warm, or after a minute at the latest."""
    return warm_caches >= expected_caches or started_seconds_ago > 60
