from pathlib import Path

import httpx

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
