"""GitHub: declarations. Files come over git, with no API call, unless a source says otherwise; pull
requests and issues by GraphQL, where that is not allowed by REST.
"""

import re
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Literal
from urllib.parse import quote

from pydantic import Field, JsonValue, field_validator

from sync_assets.connectors.base import Probe, Session, Stream
from sync_assets.connectors.files import FILES, FileRules, FilesSession, RepositorySettings
from sync_assets.connectors.github.files.by_git import HintingFiles
from sync_assets.connectors.github.files.manifest import manifest_file
from sync_assets.connectors.repository import Place, RepositoryConnector
from sync_assets.conversation import ANCHORS, anchor_at
from sync_assets.errors import InvalidSettings
from sync_assets.git.environment import Token
from sync_assets.git.refs import branch_ref
from sync_assets.http.clients import HttpClients
from sync_assets.models import Document, Source
from sync_assets.settings import Settings

_SCOPE = re.compile(
    r"(?P<repository>[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}?)"
    r"(\.git)?(@(?P<branch>[^,]+))?"
)
_SCOPE_FORMAT = "owner/name or owner/name@branch"
SWEEP_HOURS = 24
PULL_REQUESTS = Stream(
    name="pull_requests",
    stages=("pull_requests",),
    description="Pull requests with comments, reviews, inline threads, changed files, commits.",
    feed="discussions",
    sweep=timedelta(hours=SWEEP_HOURS),
    batch_documents=25,
)
ISSUES = Stream(
    name="issues",
    stages=("issues",),
    description="Issues with their comments.",
    feed="discussions",
    sweep=timedelta(hours=SWEEP_HOURS),
)
StreamName = Literal["files", "pull_requests", "issues"]
ALL_STREAMS = ("files", "pull_requests", "issues")


class GitHubSettings(RepositorySettings):
    """What is kept of a repository, and how its files come to us."""

    transport: Literal["git", "graphql", "raw", "blobs", "contents", "tarball"] = Field(
        "git", description="How files come; all but git draw on the API's budget."
    )
    last_commits: bool = Field(
        default=False, description="Ask who changed each file last, in GraphQL batches."
    )
    streams: tuple[StreamName, ...] = Field(
        ("files",), min_length=1, description="What is synced: files, pull_requests, issues."
    )
    graphql: bool = Field(
        default=True, description="Read pull requests and issues by GraphQL; else by REST."
    )
    sweep_hours: int = Field(
        SWEEP_HOURS, ge=1, description="How often all of them are counted: what no feed shows."
    )

    @field_validator("streams")
    @classmethod
    def _streams(cls, streams: tuple[StreamName, ...]) -> tuple[StreamName, ...]:
        """In our order, each once."""
        return tuple(sorted(dict.fromkeys(streams), key=ALL_STREAMS.index))


class GitHub(RepositoryConnector):
    """Repositories of github.com or of a GitHub Enterprise server."""

    name = "github"
    title = "GitHub"
    scope_format = _SCOPE_FORMAT
    streams = (FILES, PULL_REQUESTS, ISSUES)
    settings_model = GitHubSettings
    files_need = (
        "a token with the permission Contents: read (classic: scope repo), if it is private"
    )

    def parse_scope(self, scope: str) -> str:
        repository, branch = _split(scope.strip())
        return repository if branch is None else f"{repository}@{branch}"

    def defaults(self, settings: Settings) -> Mapping[str, JsonValue]:
        """Everything with a token. Without one only files, which take no API call: an anonymous
        client may make 60 of these an hour, and none by GraphQL.
        """
        return {"streams": [*ALL_STREAMS]} if settings.github_authenticated else {}

    def streams_of(self, source: Source) -> tuple[Stream, ...]:
        wanted = self.wanted(source)
        sweep = timedelta(hours=wanted.sweep_hours)
        return tuple(
            stream if stream.sweep is None else replace(stream, sweep=sweep)
            for stream in self.streams
            if stream.name in wanted.streams
        )

    def link(self, source: Source, settings: Settings) -> str:
        branch = self._branch(source)
        address = _address(source, settings)
        return address if branch is None else f"{address}/tree/{quote(branch)}"

    def place(self, source: Source, settings: Settings) -> Place:
        address = _address(source, settings)
        return Place(
            url=f"{address}.git",
            branch=self._branch(source),
            permalink=lambda commit, path: f"{address}/blob/{commit}/{quote(path)}",
        )

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: HttpClients
    ) -> Generator[Mapping[str, Session]]:
        sessions: dict[str, Session] = {}
        with ExitStack() as stack:
            if FILES.name in streams:
                files = stack.enter_context(closing(self.files(source, settings, http)))
                sessions[FILES.name] = files
            discussed = [name for name in streams if name != FILES.name]
            if discussed:
                from sync_assets.connectors.github.discussions import open_discussions

                repository, _ = _split(source.scope)
                sessions |= open_discussions(
                    source,
                    discussed,
                    repository,
                    settings,
                    http,
                    graphql=self.wanted(source).graphql,
                )
            yield sessions

    def subjects(self, source: Source) -> Collection[str]:
        from sync_assets.connectors.github.client import subject

        return (subject(_split(source.scope)[0]),)

    def scope_now(self, source: Source, settings: Settings, http: HttpClients) -> str:
        """GitHub redirects a former name, until another repository takes it."""
        from sync_assets.connectors.github.access import rest_client
        from sync_assets.connectors.github.nodes import field_of
        from sync_assets.http.payload import json_of

        repository, branch = _split(source.scope)
        answer = json_of(rest_client(settings, http, repository).get(f"repos/{repository}"))
        now = str(field_of(answer, "full_name"))
        if now.casefold() == repository.casefold():
            return source.scope
        return self.parse_scope(now if branch is None else f"{now}@{branch}")

    def lines_url(self, document: Document, start_line: int, end_line: int) -> str:
        anchors = document.metadata.get(ANCHORS)
        if not isinstance(anchors, list):
            return super().lines_url(document, start_line, end_line)
        return anchor_at(document.text, anchors, start_line) or document.url

    def wanted(self, source: Source) -> GitHubSettings:
        return GitHubSettings.model_validate(source.settings)

    def token(self, source: Source, settings: Settings, http: HttpClients) -> Token | None:
        """Fixed, or of the App's installation; git alone imports no HTTP client."""
        if settings.github_app_id:
            from sync_assets.connectors.github.access import github_credential

            repository, _ = _split(source.scope)
            return github_credential(settings, http, repository).token
        return (lambda: settings.github_token) if settings.github_authenticated else None

    def files(self, source: Source, settings: Settings, http: HttpClients) -> FilesSession:
        wanted = self.wanted(source)
        if wanted.transport == "git" and not wanted.last_commits:
            return HintingFiles(super().files(source, settings, http), source)
        from sync_assets.connectors.github.files import transports

        repository, _ = _split(source.scope)
        if wanted.transport == "git":
            by_git = super().files(source, settings, http)
            files: FilesSession = HintingFiles(by_git, source)
        else:
            permalink = self.place(source, settings).permalink
            files = transports.api_files(
                FileRules.of(
                    source,
                    _address(source, settings),
                    permalink,
                    wanted=wanted,
                    max_file_bytes=settings.max_file_bytes,
                ),
                repository=repository,
                branch=self._branch(source),
                transport=wanted.transport,
                settings=settings,
                http=http,
            )
        if wanted.last_commits:
            return transports.with_last_commits(files, repository, settings, http)
        return files

    def probes(self, source: Source, settings: Settings, http: HttpClients) -> Iterator[Probe]:
        from sync_assets.connectors.github import probes

        repository, _ = _split(source.scope)
        wanted = self.wanted(source)
        if FILES.name in wanted.streams and wanted.transport == "git":
            yield from super().probes(source, settings, http)
        elif FILES.name in wanted.streams:
            branch = self._branch(source)
            yield probes.files_by_api(repository, branch, settings, http, needs=self.files_need)
        if set(wanted.streams) - {FILES.name}:
            yield from probes.tracker(repository, settings, http, graphql=wanted.graphql)

    def forget(self, source: Source, settings: Settings) -> None:
        super().forget(source, settings)
        repository, _ = _split(source.scope)
        manifest_file(settings, repository, self._branch(source)).remove()

    @staticmethod
    def _branch(source: Source) -> str | None:
        """The branch by scope or by settings; both may say it, if they agree."""
        _, by_scope = _split(source.scope)
        by_settings = GitHubSettings.model_validate(source.settings).branch
        if by_scope and by_settings and by_scope != by_settings:
            raise InvalidSettings(
                f"{source.source_id}: its branch is {by_settings!r}: set one of the two"
            )
        return by_scope or by_settings


def _split(scope: str) -> tuple[str, str | None]:
    """`owner/name` and the branch, if one is given."""
    found = _SCOPE.fullmatch(scope)
    if found is None:
        raise InvalidSettings(f"scope {scope!r}: github needs {_SCOPE_FORMAT}")
    branch = found["branch"]
    if branch is not None:
        branch_ref(branch)
    return found["repository"], branch


def _address(source: Source, settings: Settings) -> str:
    repository, _ = _split(source.scope)
    return f"{str(settings.github_web_url).rstrip('/')}/{repository}"
