"""Who we are to GitHub, and the clients that say so: a token, or an App, or nobody."""

from typing import TYPE_CHECKING

from sync_assets.connectors.github.app import GitHubApp
from sync_assets.connectors.github.dialect import dialect_of, graphql_url
from sync_assets.http.credentials import Credential, token_credential
from sync_assets.http.graphql import GraphQLClient

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.clients import HttpClients
    from sync_assets.settings import Settings


def rest_client(settings: "Settings", http: "HttpClients", repository: str) -> "httpx.Client":
    """The REST API for `owner/name`: paths are relative to it, `repos/owner/name`."""
    url = str(settings.github_api_url)
    return http.client(dialect_of(url), url, github_credential(settings, http, repository))


def graphql_client(settings: "Settings", http: "HttpClients", repository: str) -> GraphQLClient:
    """The GraphQL API, through the same client."""
    url = str(settings.github_api_url)
    client = rest_client(settings, http, repository)
    return GraphQLClient(client, graphql_url(url), dialect_of(url))


def github_credential(settings: "Settings", http: "HttpClients", repository: str) -> Credential:
    """The settings' token, or that of the App's installation that reads the repository."""
    app = github_app(settings, http)
    return token_credential(settings.github_token) if app is None else app.credential(repository)


def github_app(settings: "Settings", http: "HttpClients") -> GitHubApp | None:
    """The App that we are; None where the settings name none."""
    if not settings.github_app_id:
        return None
    return http.once("GitHub App", lambda: GitHubApp(settings, http))
