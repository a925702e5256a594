"""What nobody of ours signed is never accepted, and no call brings the receiver down."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from sync_assets.connectors.github.webhook import EVENTS
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets_tests.connectors.webhooks.mutations import (
    SIGNATURES,
    Mutation,
    mutated,
    mutations,
)
from sync_assets_tests.connectors.webhooks.signing import PUSH, SAMPLES, signed
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.server.conftest import SCOPES, with_secrets
from sync_assets_tests.server.serving import Running, running_server

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = PUSH["repository"]
ABOUT_GITHUB: list[dict[str, object]] = [
    PUSH,
    {"ref": "main", "ref_type": "branch", "repository": REPOSITORY},
    {"action": "edited", "label": {"name": "bug"}, "repository": REPOSITORY},
    {"action": "edited", "issue": {"number": 1, "node_id": "I_1"}, "repository": REPOSITORY},
    {"action": "deleted", "installation": {"account": {"login": "owner"}}},
    {"action": "privatized", "repository": REPOSITORY},
]


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home: Path = tmp_path_factory.mktemp("forgeries")
    with running_server(with_secrets(home), FakeClock(NOW)) as running:
        for connector, scope in SCOPES.items():
            running.registry.add(connector, scope, {}, "0 * * * *")
        yield running


def _sendable(value: bytes) -> bytes:
    """What HTTP can carry in a header, as the other side reads it."""
    return bytes(byte for byte in value if 0x20 <= byte != 0x7F).strip()


def _none_is_accepted(
    receiver: Running, vendor: str, of_body: list[Mutation], of_signature: list[Mutation]
) -> None:
    headers, body = signed(vendor, SAMPLES[vendor], NOW)
    genuine = headers.pop(SIGNATURES[vendor]).encode()
    forged = _sendable(mutated(genuine, of_signature))
    other = mutated(body, of_body)
    sent: list[tuple[bytes, bytes]] = [(genuine, other), (forged, body), (forged, other)]
    rest = [(name.encode(), value.encode()) for name, value in headers.items()]
    for signature, content in sent:
        if (signature, content) == (genuine, body):
            continue
        given = [*rest, (SIGNATURES[vendor].encode(), signature)]
        answer = receiver.client.post(f"/webhooks/{vendor}", headers=given, content=content)
        assert (answer.status_code, answer.json()) == (401, {"outcome": "bad_signature"})
    assert receiver.inbox.newest(f"{vendor}:{SCOPES[vendor]}") == ()


@examples(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(vendor=st.sampled_from(tuple(WEBHOOKS)), of_body=mutations, of_signature=mutations)
def test_no_altered_call_is_accepted(
    receiver: Running, vendor: str, of_body: list[Mutation], of_signature: list[Mutation]
):
    _none_is_accepted(receiver, vendor, of_body, of_signature)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@examples(
    max_examples=10_000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(vendor=st.sampled_from(tuple(WEBHOOKS)), of_body=mutations, of_signature=mutations)
def test_of_10000_altered_calls_none_is_accepted(
    receiver: Running, vendor: str, of_body: list[Mutation], of_signature: list[Mutation]
):
    _none_is_accepted(receiver, vendor, of_body, of_signature)


@examples(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    payload=st.sampled_from(ABOUT_GITHUB),
    event=st.sampled_from([*EVENTS, "ping", "", "another"]) | st.text(),
    delivery_id=st.text(),
)
def test_an_altered_unsigned_header_only_has_the_source_read_again(
    tmp_path_factory: pytest.TempPathFactory,
    github: Running,
    payload: dict[str, object],
    event: str,
    delivery_id: str,
):
    before = github.registry.all()
    headers, body = signed("github", payload, NOW)
    altered = [
        (name.encode(), value.encode())
        for name, value in headers.items()
        if name not in {"x-github-event", "x-github-delivery"}
    ]
    altered += [
        (b"x-github-event", _sendable(event.encode(errors="replace"))),
        (b"x-github-delivery", _sendable(delivery_id.encode(errors="replace"))),
    ]
    answer = github.client.post("/webhooks/github", headers=altered, content=body)

    assert answer.json()["outcome"] in {"accepted", "duplicate", "ignored", "malformed"}
    assert {each.source_id for each in github.inbox.newest()} <= {"github:owner/name"}
    assert {each.state for each in github.inbox.newest()} <= {"received"}
    assert github.registry.all() == before


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_server(with_secrets(tmp_path_factory.mktemp("headers")), FakeClock(NOW)) as server:
        server.registry.add("github", "owner/name", {}, "0 * * * *")
        server.registry.add("github", "another/name", {}, "0 * * * *")
        yield server
