"""Who we are to GitHub, and the clients that say so."""

from typing import TYPE_CHECKING

from sync_assets.connectors.github.dialect import dialect_of, graphql_url
from sync_assets.http.credentials import Credential, token_credential
from sync_assets.http.graphql import GraphQLClient

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.clients import HttpClients
    from sync_assets.settings import Settings


def rest_client(settings: "Settings", http: "HttpClients") -> "httpx.Client":
    """The REST API: paths are relative to it, `repos/owner/name`."""
    url = str(settings.github_api_url)
    return http.client(dialect_of(url), url, github_credential(settings))


def graphql_client(settings: "Settings", http: "HttpClients") -> GraphQLClient:
    """The GraphQL API, through the same client."""
    url = str(settings.github_api_url)
    return GraphQLClient(rest_client(settings, http), graphql_url(url), dialect_of(url))


def github_credential(settings: "Settings") -> Credential:
    """The settings' token, or nobody."""
    return token_credential(settings.github_token)
