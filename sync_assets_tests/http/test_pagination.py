import httpx
import pytest

from sync_assets.errors import UnexpectedPayload
from sync_assets.http.pagination import Seen, linked_pages, next_cursor
from sync_assets_tests.http.server import Received, Reply, Server


def _page(number: int, following: str | None) -> Reply:
    links = {} if following is None else {"Link": f'<{following}>; rel="next", </>; rel="first"'}
    return Reply(headers=links, body=f"[{number}]".encode())


def test_pages_are_followed_to_the_end(client: httpx.Client, server: Server):
    server.script(_page(1, "/things?page=2"), _page(2, f"{server.url}/things?page=3"), Reply())

    pages = list(linked_pages(client, "things", {"per_page": 100}))

    assert [page.content for page in pages] == [b"[1]", b"[2]", b"{}"]
    assert [request.path for request in server.requests] == [
        "/things?per_page=100",
        "/things?page=2",
        "/things?page=3",
    ]


def test_pages_in_a_circle_are_an_error(client: httpx.Client, server: Server):
    def answer(received: Received) -> Reply:
        return _page(1, "/things?page=3" if received.path.endswith("2") else "/things?page=2")

    server.answers = answer

    with pytest.raises(UnexpectedPayload, match="circle"):
        list(linked_pages(client, "things"))
    assert len(server.requests) == 3


def test_a_next_page_on_another_host_is_not_asked_for(client: httpx.Client, server: Server):
    server.script(_page(1, "http://attacker.example/things?page=2"))

    with pytest.raises(UnexpectedPayload, match="another host"):
        list(linked_pages(client, "things"))


def test_cursors_end_and_never_repeat():
    seen = Seen("issues")

    assert next_cursor({"hasNextPage": True, "endCursor": "a"}, seen) == "a"
    assert next_cursor({"hasNextPage": False, "endCursor": "b"}, seen) is None
    with pytest.raises(UnexpectedPayload, match="issues: pages lead in a circle"):
        next_cursor({"hasNextPage": True, "endCursor": "a"}, seen)
    with pytest.raises(UnexpectedPayload, match="no cursor"):
        next_cursor({"hasNextPage": True, "endCursor": None}, seen)
