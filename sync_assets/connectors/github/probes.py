"""What the sync of a repository takes of a token."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sync_assets.connectors.base import Probe
from sync_assets.connectors.github.access import graphql_client, rest_client
from sync_assets.connectors.github.client import TrackerClient
from sync_assets.connectors.github.files.client import GitDataClient
from sync_assets.git.refs import branch_ref
from sync_assets.git.repository import HEAD
from sync_assets.http.clients import HttpClients
from sync_assets.settings import Settings

_READ = "a token with the permissions Issues: read and Pull requests: read (classic: scope repo)"


def files_by_api(
    repository: str, branch: str | None, settings: Settings, http: HttpClients, *, needs: str
) -> Probe:
    """The commit that the branch names, by one call."""

    def files() -> str:
        client = GitDataClient(rest_client(settings, http, repository), repository)
        commit = client.commit(HEAD if branch is None else branch_ref(branch), None)
        return f"{branch or HEAD} is {commit[:12]}" if commit else "no commit yet"

    return Probe("files", needs, files)


def tracker(
    repository: str, settings: Settings, http: HttpClients, *, graphql: bool
) -> Iterator[Probe]:
    """What a poll of issues and pull requests asks for, one call each."""
    now = datetime.now(UTC)

    def client() -> TrackerClient:
        rest = rest_client(settings, http, repository)
        return TrackerClient(rest, graphql_client(settings, http, repository), repository)

    def items() -> str:
        client().changes(1, since=now)
        return "issues and pull requests, by GraphQL"

    def items_by_rest() -> str:
        next(client().pages(f"repos/{repository}/issues", {"per_page": 1, "state": "all"}))
        next(client().pages(f"repos/{repository}/pulls", {"per_page": 1, "state": "all"}))
        return "issues and pull requests, by REST"

    def comments() -> str:
        next(client().issue_comments(repository, now), None)
        next(client().pull_comments(repository, now), None)
        return "both feeds of comments"

    yield Probe("issues and pull requests", _READ, items if graphql else items_by_rest)
    yield Probe("comments", _READ, comments)
