"""One request in; a good response or a typed error out."""

import gc
import logging
import traceback
import weakref
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import Credential
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.http.conftest import TOKEN, Sleeps
from sync_assets_tests.http.server import Received, Reply, Server, running_server
from sync_assets_tests.http.vendor import VENDOR

BROKEN = Reply(body=b'{"a": [1, 2', cut=False)
PAGE = Reply(headers={"Content-Type": "text/html"}, body=b"<html>maintenance</html>")


def test_good_answer_comes_back_and_the_request_says_who_we_are(
    client: httpx.Client, server: Server
):
    server.script(Reply(body=b'{"a": 1}'))

    assert client.get("things", params={"page": 2}).json() == {"a": 1}
    (received,) = server.requests
    assert received.path == "/things?page=2"
    assert received.headers["authorization"] == f"Bearer {TOKEN}"
    assert received.headers["user-agent"].startswith("sync-assets/")
    assert received.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UnexpectedPayload),
        (401, SourceRejectedUs),
        (403, SourceRejectedUs),
        (404, SourceGone),
        (410, SourceGone),
        (413, PageTooLarge),
        (422, UnexpectedPayload),
        (451, SourceGone),
    ],
)
def test_final_status_is_raised_at_once_and_by_its_name(
    client: httpx.Client, server: Server, status: int, error: type[Exception]
):
    server.script(Reply(status))

    with pytest.raises(error, match=f"GET {server.url}/things: HTTP {status}"):
        client.get("things")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [404, 410, 301])
def test_status_that_the_caller_accepts_is_a_response(
    client: httpx.Client, server: Server, status: int
):
    server.script(Reply(status, {"Location": "/elsewhere"}))

    response = client.get("things", extensions={"accept": (404, 410, 301)})

    assert response.status_code == status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Reply(500),
        Reply(502),
        Reply(503),
        Reply(529),
        Reply(body=b"x" * 1000, cut=True),
        Reply(drop=True),
        Reply(hang=True),
        Reply(headers={"Content-Encoding": "gzip"}, body=b"not gzip"),
        BROKEN,
        PAGE,
    ],
    ids=["500", "502", "503", "529", "cut", "drop", "hang", "gzip", "broken-json", "html"],
)
def test_passing_fault_is_tried_again_with_growing_jittered_waits(
    client: httpx.Client, server: Server, sleeps: Sleeps, fault: Reply
):
    server.script(fault, fault, Reply(body=b'{"a": 1}'))

    assert client.get("things").json() == {"a": 1}
    first, second = sleeps
    assert 0.5 <= first <= 1 <= second <= 2


def test_a_fault_that_stays_is_source_unavailable_after_three_tries(
    client: httpx.Client, server: Server
):
    server.script(Reply(503))

    with pytest.raises(SourceUnavailable, match="HTTP 503"):
        client.get("things")
    assert len(server.requests) == 3


def test_nobody_listens(clients: HttpClients, credential: Credential):
    with running_server() as gone:
        url = gone.url
    with pytest.raises(SourceUnavailable, match=f"GET {url}/: no connection"):
        clients.client(VENDOR, url, credential).get("/")


@pytest.mark.parametrize("fault", [Reply(503), Reply(drop=True), BROKEN])
def test_what_may_have_been_done_is_not_sent_twice(
    client: httpx.Client, server: Server, fault: Reply
):
    server.script(fault, Reply())

    with pytest.raises(SourceUnavailable):
        client.post("things", json={})
    assert len(server.requests) == 1


def test_a_post_that_is_marked_safe_is_tried_again(client: httpx.Client, server: Server):
    server.script(Reply(503), Reply())

    client.post("things", json={"q": 1}, extensions={"safe": True})

    assert [request.body for request in server.requests] == [b'{"q":1}'] * 2


def test_retry_after_in_seconds_is_waited(client: httpx.Client, server: Server, sleeps: Sleeps):
    server.script(Reply(429, {"Retry-After": "17"}), Reply())

    client.post("things", json={})

    assert sleeps == [17]


def test_retry_after_as_a_date_is_waited(
    client: httpx.Client, server: Server, sleeps: Sleeps, clock: FakeClock
):
    until = format_datetime(clock() + timedelta(seconds=20), usegmt=True)
    server.script(Reply(503, {"Retry-After": until}), Reply())

    client.get("things")

    assert sleeps == [20]


def test_a_wait_beyond_thirty_seconds_is_left_to_the_caller(
    client: httpx.Client, server: Server, sleeps: Sleeps, clock: FakeClock
):
    server.script(Reply(429, {"Retry-After": "3600"}))

    with pytest.raises(RateLimited, match="too many requests") as caught:
        client.get("things")
    assert caught.value.retry_at == clock() + timedelta(hours=1)
    assert sleeps == []
    assert len(server.requests) == 1


def test_waits_of_one_request_add_up_to_thirty_seconds_at_most(
    client: httpx.Client, server: Server, sleeps: Sleeps
):
    server.script(Reply(429, {"Retry-After": "20"}))

    with pytest.raises(RateLimited):
        client.get("things")
    assert sleeps == [20]


def test_redirect_within_the_host_keeps_the_token(client: httpx.Client, server: Server):
    server.script(Reply(301, {"Location": "/moved"}), Reply())

    client.get("things")

    assert [request.path for request in server.requests] == ["/things", "/moved"]
    assert server.requests[1].headers["authorization"] == f"Bearer {TOKEN}"


def test_redirect_is_followed_though_other_statuses_are_accepted(
    client: httpx.Client, server: Server
):
    server.script(Reply(301, {"Location": "/moved"}), Reply(304))

    response = client.get("things", extensions={"accept": (304, 404)})

    assert response.status_code == 304
    assert [request.path for request in server.requests] == ["/things", "/moved"]


def test_bytes_of_a_file_are_not_judged_as_json(client: httpx.Client, server: Server):
    server.script(Reply(200, {"Content-Type": "application/vnd.github.raw+json"}, b"# no JSON"))

    assert client.get("things").content == b"# no JSON"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_host_is_followed_without_token_or_own_headers(
    client: httpx.Client, server: Server, status: int
):
    with running_server() as other:
        server.script(Reply(status, {"Location": f"{other.url}/file?signature=abc"}))
        other.script(Reply(body=b'{"here": true}'))
        headers = {"X-Api-Key": TOKEN, "Cookie": f"session={TOKEN}", "Range": "bytes=0-1"}

        assert client.get("things", headers=headers).json() == {"here": True}

    (received,) = other.requests
    assert TOKEN not in str(received)
    assert received.headers["range"] == "bytes=0-1"


def test_redirects_without_end_are_an_error(client: httpx.Client, server: Server):
    server.script(Reply(302, {"Location": "/again"}))

    with pytest.raises(UnexpectedPayload, match="without end"):
        client.get("things")


def test_no_secret_is_in_errors_reprs_or_logs(
    clients: HttpClients, server: Server, credential: Credential, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    client = clients.client(VENDOR, server.url, credential)
    server.script(Reply(503))
    address = f"{server.url.replace('//', f'//user:{TOKEN}@')}/a/b?signature={TOKEN}#{TOKEN}"

    with pytest.raises(SourceUnavailable) as caught:
        client.get(address)
    with pytest.raises(SourceUnavailable) as hidden:
        client.post(
            f"/services/{TOKEN}", extensions={"secret_path": True, "safe": True}, json={"a": 1}
        )
    with pytest.raises(SourceRejectedUs) as malformed:
        client.get("/", headers={"X-Api-Key": f"{TOKEN}\n{TOKEN}"})

    assert str(caught.value) == f"GET {server.url}/a/b: HTTP 503"
    assert str(hidden.value) == f"POST {server.url}: HTTP 503"
    for error in (caught, hidden, malformed):
        assert TOKEN not in "".join(traceback.format_exception(error.value))
    assert TOKEN not in repr(credential)
    server.script(Reply())
    client.get(address)
    assert "HTTP Request: GET" in caplog.text
    assert TOKEN not in caplog.text


def test_a_streamed_body_that_breaks_off_is_source_unavailable(
    client: httpx.Client, server: Server
):
    server.script(Reply(body=b"x" * 100_000, cut=True))

    with (
        pytest.raises(SourceUnavailable, match="broke off"),
        client.stream("GET", "file", extensions={"stream": True}) as response,
    ):
        for _ in response.iter_bytes():
            pass


def test_a_body_that_never_ends_is_given_up(client: httpx.Client, server: Server, clock: FakeClock):
    def slow(_: Received) -> Reply:
        clock.advance(200)  # for the body is judged from when its head came
        return Reply(headers={"Content-Type": "text/plain"}, body=b"x")

    server.answers = slow
    with client.stream("GET", "file", extensions={"stream": True}) as response:
        clock.advance(301)
        with pytest.raises(SourceUnavailable, match="does not end"):
            response.read()


def test_answer_that_was_read_is_freed_with_its_last_reader(client: httpx.Client, server: Server):
    server.script(Reply(301, {"Location": "/moved"}), Reply(body=b'{"a": 1}'))
    gc.disable()
    try:
        answer = client.get("things")
        still_there = weakref.ref(answer)
        del answer
        assert still_there() is None
    finally:
        gc.enable()


def test_one_client_a_vendor_address_and_credential(
    clients: HttpClients, client: httpx.Client, server: Server, credential: Credential
):
    assert clients.client(VENDOR, server.url, credential) is client
    assert clients.client(VENDOR, f"{server.url}/v2", credential) is not client
