"""The server keeps to its own OpenAPI document, whatever is sent to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.server.openapi import document
from sync_assets_tests.connectors.webhooks.signing import signed
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.server.conftest import with_secrets
from sync_assets_tests.server.serving import Running, running_server

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPERATIONS: dict[str, Any] = {  # its generic types cannot be named
    result.ok().label: result.ok()
    for result in cast("Any", schemathesis.openapi.from_dict(document())).get_all_operations()
}
WEBHOOK = "POST /webhooks/{connector}"
load_all_checks()


def any_call(label: str) -> st.SearchStrategy[Any]:
    """A call that keeps to the document, or one that breaks it somewhere."""
    return st.one_of(
        [OPERATIONS[label].as_strategy(generation_mode=mode) for mode in GenerationMode]
    )


class Signed(AuthBase):
    """Signs whatever is sent, as the vendor of the address does."""

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        vendor = str(r.path_url).rpartition("/")[2].partition("?")[0]
        body = r.body or b""
        content = body.encode() if isinstance(body, str) else body
        if vendor in WEBHOOKS and vendor != "linear":  # whose time stands in the body
            headers, _ = signed(vendor, content, NOW)
            del headers["content-type"]
            r.headers.update(headers)
        return r


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_server(with_secrets(tmp_path_factory.mktemp("openapi")), FakeClock(NOW)) as server:
        yield server


few = examples(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


@few
@given(case=any_call(WEBHOOK))
def test_an_unsigned_call_is_answered_as_the_document_says(receiver: Running, case: Case[Any]):
    case.call_and_validate(receiver.url, timeout=30)


@few
@given(case=any_call(WEBHOOK))
def test_a_signed_call_is_answered_as_the_document_says(receiver: Running, case: Case[Any]):
    # Which objects a vendor sends is its own matter, not the document's.
    excluded: Any = [checks.positive_data_acceptance]
    case.call_and_validate(receiver.url, excluded_checks=excluded, auth=Signed(), timeout=30)


@pytest.mark.parametrize("label", sorted(OPERATIONS.keys() - {WEBHOOK}))
def test_health_and_metrics_are_answered_as_the_document_says(receiver: Running, label: str):
    OPERATIONS[label].Case().call_and_validate(receiver.url, timeout=30)


def test_the_document_is_served(receiver: Running):
    assert receiver.client.get("/openapi.json").json() == document()
