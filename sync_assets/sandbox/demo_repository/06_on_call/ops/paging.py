"""Who is called, and when the next person is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ESCALATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Page:
    alert: str
    sent_at: datetime
    acknowledged: bool


def person_to_call(page: Page, first: str, backup: str, now: datetime) -> str | None:
    """The first engineer, then the backup after five minutes; nobody once it is taken."""
    if page.acknowledged:
        return None
    return backup if now - page.sent_at >= ESCALATE_AFTER else first


def should_page(alert: str, recent: list[Page], now: datetime) -> bool:
    """The same alert pages once in thirty minutes, so that the phone can be heard at all."""
    window = timedelta(minutes=30)
    return not any(page.alert == alert and now - page.sent_at < window for page in recent)
