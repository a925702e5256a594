from pathlib import Path

import httpx

from sync_assets.sandbox.github.records import Inline
from sync_assets.sandbox.server import running_sandbox


def test_a_permalink_shows_the_file_as_it_was_at_that_commit(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        repository = sandbox.repositories.create("acme/shop")
        first = repository.commit({"docs/été.md": "# Été\n".encode()})
        repository.commit({"docs/été.md": b"changed\n"})

        page = httpx.get(f"{sandbox.url}/acme/shop/blob/{first}/docs/%C3%A9t%C3%A9.md#L1-L1")

    assert (page.status_code, page.text) == (200, "# Été\n")


def test_pages_of_private_repositories_and_absent_files_are_not_found(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        secret = sandbox.repositories.create("acme/secret", private=True).commit({"a": b"a"})
        public = sandbox.repositories.create("acme/shop").commit({"a": b"a"})
        urls = [f"secret/blob/{secret}/a", f"shop/blob/{public}/b", f"none/blob/{public}/a"]
        codes = [httpx.get(f"{sandbox.url}/acme/{url}").status_code for url in urls]

    assert codes == [404, 404, 404]


def test_links_to_an_issue_and_to_a_pull_request_show_all_that_was_said(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        tracker = sandbox.trackers.of(sandbox.repositories.create("acme/shop"))
        issue = tracker.open_issue("It breaks", "Every day.", author="yuki")
        tracker.comment(issue.number, "Not today.", author="tomas")
        pull = tracker.open_pull("Mend it", "Now.")
        tracker.review(pull.number, "Good.", inline=[Inline("a.py", 1, "Why?")])
        shop = f"{sandbox.url}/acme/shop"

        pages = [
            httpx.get(f"{shop}/issues/{issue.number}#issuecomment-1"),
            httpx.get(f"{shop}/pull/{pull.number}"),
            httpx.get(f"{shop}/pull/{issue.number}"),
            httpx.get(f"{shop}/issues/3"),
        ]

    assert pages[0].text == "It breaks #1\n\nyuki:\n\nEvery day.\n\ntomas:\n\nNot today."
    assert [word in pages[1].text for word in ("Mend it", "Now.", "Good.", "Why?")] == [True] * 4
    assert [page.status_code for page in pages] == [200, 200, 404, 404]
