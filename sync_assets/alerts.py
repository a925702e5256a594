"""People are told when a source goes into `error`, and when it recovers: once each.

By the log, by Slack, by a POST to any address. What happens at about the same time is one message:
a channel is told half a minute after the first event, and then at most every five minutes.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue, SecretStr

from sync_assets.control.alerts import Alert, ChannelState
from sync_assets.control.registry import FAILED_RUNS_TO_ERROR
from sync_assets.errors import LeaseHeld, SourceError
from sync_assets.models import AlertEvent, Answer, digest
from sync_assets.redaction import redact
from sync_assets.stores import Stores

GATHER = timedelta(seconds=30)
QUIET = timedelta(minutes=5)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=5)
TIMEOUT_SECONDS = 10.0
"""Dagster gives a sensor a minute in all."""
SHOWN = 20
LEASE, LEASE_SECONDS = "alerts", 60


class SourceAlert(Answer):
    """A source went into `error` at `since`; or it recovered from that, at `at`. `alert_id` is the
    same where an alert comes twice, because its receipt was not confirmed.
    """

    alert_id: str
    source_id: str
    event: AlertEvent
    message: str
    since: datetime
    at: datetime


class AlertMessage(Answer):
    """What a webhook is told, and in `text` a person: of one source, or of many at once."""

    text: str
    alerts: list[SourceAlert]


Channel = Callable[[AlertMessage], None]
"""Raises SourceError where the message did not arrive."""


def send_alerts(
    stores: Stores, log: logging.Logger, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> int:
    """Tell every channel what it does not know and may be told now; how many messages were sent.

    One that fails is logged, and told later. A crash between sending and noting it down sends the
    same alerts again: a lost alert would be worse.
    """
    try:
        with stores.leases.hold(LEASE, LEASE_SECONDS):
            ways = channels(stores, log, timeout_seconds)
            return sum(_tell(stores, name, way, log) for name, way in ways.items())
    except LeaseHeld:
        return 0  # another process is at it


def channels(stores: Stores, log: logging.Logger, timeout_seconds: float) -> Mapping[str, Channel]:
    """The log, and what the settings name."""

    def post(url: SecretStr, payload: JsonValue) -> None:
        from sync_assets.http.post import post_json

        post_json(stores.http, url, payload, clock=stores.clock, timeout_seconds=timeout_seconds)

    found: dict[str, Channel] = {"log": lambda message: _write(log, message)}
    slack = stores.settings.alert_slack_webhook_url
    webhook = stores.settings.alert_webhook_url
    if slack.get_secret_value():
        found["slack"] = lambda message: post(slack, slack_payload(message))
    if webhook.get_secret_value():
        found["webhook"] = lambda message: post(webhook, message.model_dump(mode="json"))
    return found


def _tell(stores: Stores, name: str, channel: Channel, log: logging.Logger) -> bool:
    """Whether a message was sent."""
    now, state = stores.clock(), stores.alerts.channel(name)
    untold = stores.alerts.untold(name)
    if not untold or now < untold[0].at + GATHER or (state is not None and now < state.next_at):
        return False
    # A channel that is new is told what is wrong now, and nothing of the past.
    news = [alert for alert in untold if state is not None or alert.event == "error"]
    try:
        if news:
            channel(message_of(news))
    except SourceError as error:
        failures = 1 if state is None else state.failures_in_a_row + 1
        next_at = max(error.retry_at or now, now + retry_after_failures(failures))
        log.error("%s was not told of alerts: %s. Again at %s", name, error, _time(next_at))  # noqa: TRY400 - the message is all
        stores.alerts.put_off(name, ChannelState(next_at, failures))
        return False
    stores.alerts.mark_told(name, untold, next_at=now + QUIET)
    return bool(news)


def message_of(alerts: Sequence[Alert]) -> AlertMessage:
    """One message of all, those in error first. What a message quotes is redacted once more."""
    told = [
        SourceAlert(
            alert_id=digest(alert.source_id, alert.event, alert.at.isoformat()),
            source_id=alert.source_id,
            event=alert.event,
            message=redact(alert.message).text,
            since=alert.since,
            at=alert.at,
        )
        for alert in sorted(alerts, key=lambda alert: (alert.event, alert.at, alert.source_id))
    ]
    bad = [alert for alert in told if alert.event == "error"]
    good = [alert for alert in told if alert.event == "recovered"]
    lines: list[str] = []
    if bad:
        failed = f"failed {FAILED_RUNS_TO_ERROR} times in a row"
        lines += [f"sync_assets: {_sources(bad)} {failed}:"]
        lines += _listed([f"{each.source_id}: {each.message}" for each in bad])
        lines += ["Each is tried hourly; after the fix, at once: sync-assets sources resume SOURCE"]
    if good:
        lines += [f"sync_assets: {_sources(good)} recovered:"]
        lines += _listed([f"{each.source_id}, in error since {_time(each.since)}" for each in good])
    return AlertMessage(text="\n".join(lines), alerts=told)


def slack_payload(message: AlertMessage) -> dict[str, JsonValue]:
    """For an incoming webhook. Slack's three control characters are escaped, so that no text
    becomes a link or calls a channel
    (https://docs.slack.dev/messaging/formatting-message-text#escaping).
    """
    text = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text}


def retry_after_failures(failures: int) -> timedelta:
    """How long a channel is left alone that failed so often in a row."""
    return min(LONGEST_RETRY, FIRST_RETRY * 2 ** (min(failures, 10) - 1))


def _sources(alerts: Sequence[SourceAlert]) -> str:
    return "1 source" if len(alerts) == 1 else f"{len(alerts)} sources"


def _listed(lines: Sequence[str]) -> list[str]:
    more = [f"... and {len(lines) - SHOWN} more"] * (len(lines) > SHOWN)
    return [f"- {line}" for line in lines[:SHOWN]] + more


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _write(log: logging.Logger, message: AlertMessage) -> None:
    is_bad = any(alert.event == "error" for alert in message.alerts)
    log.log(logging.ERROR if is_bad else logging.INFO, "%s", message.text)
