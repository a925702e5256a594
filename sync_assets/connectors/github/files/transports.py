"""From a source's `transport` to its session, with what each transport needs."""

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from sync_assets.connectors.files import FileRules, FilesSession
from sync_assets.connectors.github.access import github_credential, graphql_client, rest_client
from sync_assets.connectors.github.dialect import RAW
from sync_assets.connectors.github.files import carriers
from sync_assets.connectors.github.files.carriers import FAN_OUT, Carrier
from sync_assets.connectors.github.files.client import GitDataClient
from sync_assets.connectors.github.files.graphql_blobs import GraphQLBlobs
from sync_assets.connectors.github.files.last_commits import WithLastCommits
from sync_assets.connectors.github.files.manifest import manifest_file
from sync_assets.connectors.github.files.session import ApiFiles
from sync_assets.connectors.github.files.tarball import Tarball
from sync_assets.errors import InvalidSettings
from sync_assets.git.refs import branch_ref
from sync_assets.git.repository import HEAD
from sync_assets.http.clients import HttpClients
from sync_assets.settings import Settings

ApiTransport = Literal["graphql", "raw", "blobs", "contents", "tarball"]


def api_files(
    rules: FileRules,
    *,
    repository: str,
    branch: str | None,
    transport: ApiTransport,
    settings: Settings,
    http: HttpClients,
) -> FilesSession:
    """The files of `owner/name` by the API; end the session with `close`."""
    client = GitDataClient(rest_client(settings, http, repository), repository)
    pool = ThreadPoolExecutor(FAN_OUT, thread_name_prefix="carry")
    by_id = carriers.blobs(client, pool)
    match transport:
        case "blobs":
            carrier: Carrier = by_id
        case "contents":
            carrier = carriers.contents(client, pool)
        case "graphql":
            _need_token(settings, "--transport graphql")
            carrier = GraphQLBlobs(graphql_client(settings, http, repository), repository, by_id)
        case "raw":
            url = str(settings.github_raw_url)
            host = http.client(RAW, url, github_credential(settings, http, repository))
            carrier = carriers.raw(host, repository, pool)
        case "tarball":
            carrier = Tarball(client, by_id, rules.limit)
    ref = HEAD if branch is None else branch_ref(branch)
    kept = manifest_file(settings, repository, branch)
    return ApiFiles(rules, client, ref, carrier, pool, kept)


def with_last_commits(
    files: FilesSession, repository: str, settings: Settings, http: HttpClients
) -> FilesSession:
    """The same files, with who changed each last."""
    _need_token(settings, "last_commits")
    return WithLastCommits(files, graphql_client(settings, http, repository), repository)


def _need_token(settings: Settings, what: str) -> None:
    if not settings.github_authenticated:
        raise InvalidSettings(
            f"{what} needs a token: set SYNC_ASSETS_GITHUB_TOKEN, or a GitHub App"
        )
