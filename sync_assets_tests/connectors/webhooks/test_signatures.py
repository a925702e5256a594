from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.connectors.webhook import Event
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.errors import BadSignature, DeliveryRejected, MalformedDelivery, OutsideWindow
from sync_assets_tests.connectors.webhooks.mutations import (
    SIGNATURES,
    Mutation,
    mutated,
    mutations,
)
from sync_assets_tests.connectors.webhooks.signing import SAMPLES, SECRET, signed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VENDORS = tuple(WEBHOOKS)
WINDOWS = {"slack": timedelta(seconds=300), "linear": timedelta(seconds=60)}


def test_githubs_own_example_is_accepted():
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-hub-signature-256": f"sha256={digest}"}

    WEBHOOKS["github"].verify(headers, b"Hello, World!", [SECRET], NOW)


def test_slacks_own_example_is_accepted_in_its_time_and_not_today():
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    secret = "8f742231b10e8888abcd99yyyzzz85a5"
    then = datetime.fromtimestamp(1531420618, UTC)

    WEBHOOKS["slack"].verify(headers, body, [secret], then)
    with pytest.raises(OutsideWindow):
        WEBHOOKS["slack"].verify(headers, body, [secret], NOW)


@pytest.mark.parametrize("vendor", VENDORS)
def test_both_secrets_of_a_rotation_are_accepted_and_no_third(vendor: str):
    webhook = WEBHOOKS[vendor]
    for secret in ("new", "old"):
        headers, body = signed(vendor, SAMPLES[vendor], NOW, secret=secret)
        webhook.verify(headers, body, ["new", "old"], NOW)
    headers, body = signed(vendor, SAMPLES[vendor], NOW, secret="older")
    with pytest.raises(BadSignature):
        webhook.verify(headers, body, ["new", "old"], NOW)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("secrets", [[], [""], ["", ""]], ids=["none", "empty", "two empty"])
def test_no_secret_accepts_nothing(vendor: str, secrets: list[str]):
    headers, body = signed(vendor, SAMPLES[vendor], NOW, secret="")

    with pytest.raises(BadSignature):
        WEBHOOKS[vendor].verify(headers, body, secrets, NOW)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_call_without_a_signature_is_refused(vendor: str):
    _, body = signed(vendor, SAMPLES[vendor], NOW)

    with pytest.raises(BadSignature):
        WEBHOOKS[vendor].verify({}, body, [SECRET], NOW)


@pytest.mark.parametrize(("vendor", "window"), WINDOWS.items())
@pytest.mark.parametrize("direction", [1, -1], ids=["past", "future"])
def test_a_signed_time_outside_its_window_is_told_from_a_forgery(
    vendor: str, window: timedelta, direction: int
):
    headers, body = signed(vendor, SAMPLES[vendor], NOW)
    webhook = WEBHOOKS[vendor]

    webhook.verify(headers, body, [SECRET], NOW + direction * window)
    with pytest.raises(OutsideWindow):
        webhook.verify(headers, body, [SECRET], NOW + direction * (window + timedelta(seconds=1)))
    with pytest.raises(BadSignature):
        webhook.verify(headers, body, ["another"], NOW + direction * timedelta(days=1))


@pytest.mark.parametrize("vendor", VENDORS)
def test_header_values_that_are_no_ascii_are_refused_and_crash_nothing(vendor: str):
    headers, body = signed(vendor, SAMPLES[vendor], NOW)
    for name in headers:
        with pytest.raises(DeliveryRejected):
            WEBHOOKS[vendor].verify({**headers, SIGNATURES[vendor]: "é\udc80"}, body, [SECRET], NOW)
        assert name


def _never_accepted(vendor: str, of_body: list[Mutation], of_signature: list[Mutation]) -> None:
    webhook, name = WEBHOOKS[vendor], SIGNATURES[vendor]
    headers, body = signed(vendor, SAMPLES[vendor], NOW)
    other = mutated(body, of_body)
    signature = mutated(headers[name].encode(), of_signature).decode("latin-1")
    for candidate, given_body in (
        (headers, other),
        ({**headers, name: signature}, body),
        ({**headers, name: signature}, other),
    ):
        if (candidate[name], given_body) == (headers[name], body):
            continue
        with pytest.raises(BadSignature):
            webhook.verify(candidate, given_body, [SECRET, "another"], NOW)
    # What is not JSON any more, or of another form, is an event or an error that we know.
    try:
        webhook.parse(headers, other)
        webhook.handshake(other)
    except MalformedDelivery:
        pass


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(VENDORS), mutations, mutations)
def test_no_altered_body_or_signature_is_accepted(
    vendor: str, of_body: list[Mutation], of_signature: list[Mutation]
):
    _never_accepted(vendor, of_body, of_signature)


@pytest.mark.chaos
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(VENDORS), mutations, mutations)
def test_no_altered_body_or_signature_of_10000_is_accepted(
    vendor: str, of_body: list[Mutation], of_signature: list[Mutation]
):
    _never_accepted(vendor, of_body, of_signature)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(VENDORS), st.data())
def test_whatever_stands_in_the_place_of_a_field_is_an_event_or_a_known_error(
    vendor: str, data: st.DataObject
):
    """Our own secret signs it: a vendor may send what its documentation does not say."""
    payload = dict(SAMPLES[vendor])
    name = data.draw(st.sampled_from(sorted(payload)))
    payload[name] = data.draw(json_values)
    event = data.draw(st.sampled_from(["push", "issues", "repository", "installation", "label"]))
    headers, body = signed(vendor, payload, NOW, event=event)
    try:
        parsed = WEBHOOKS[vendor].parse(headers, body)
    except MalformedDelivery:
        return
    assert not isinstance(parsed, Event) or all(parsed.places)


def test_nesting_beyond_what_python_reads_is_malformed():
    with pytest.raises(MalformedDelivery):
        WEBHOOKS["vercel"].parse({}, b"[" * 200_000)
