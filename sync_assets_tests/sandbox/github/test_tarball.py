import io
import tarfile

import httpx

from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.sandbox.github.conftest import ODD_PATH


def test_archive_holds_all_in_githubs_folder(api: httpx.Client, repository: Repository):
    commit = repository.head() or ""

    redirect = api.get(f"/repos/acme/x/tarball/{commit}")
    archive = httpx.get(redirect.headers["location"])

    assert redirect.status_code == 302
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as members:
        folder = f"acme-x-{commit[:7]}"
        odd = members.extractfile(f"{folder}/{ODD_PATH}")
        assert odd is not None
        assert odd.read() == b"odd\n"
        assert members.getmember(f"{folder}/link").linkname == "README.md"


def test_link_to_a_private_archive_needs_no_token_and_is_not_guessed(
    api: httpx.Client, sandbox: Sandbox
):
    sandbox.repositories.create("acme/secret", private=True).commit({"a": "a"})

    link = api.get("/repos/acme/secret/tarball/main").headers["location"]

    assert httpx.get(link).status_code == 200
    assert httpx.get(link.partition("?")[0]).status_code == 404
    assert httpx.get(f"{sandbox.url}/api/v3/repos/acme/secret/tarball").status_code == 404


def test_no_archive_of_nothing(api: httpx.Client, sandbox: Sandbox, repository: Repository):
    sandbox.repositories.create("acme/new")

    for path in ("acme/x/tarball/nope", "acme/new/tarball"):
        assert api.get(f"/repos/{path}").status_code == 404
