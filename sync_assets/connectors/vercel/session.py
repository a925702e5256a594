"""The stream `deployments`: what is listed, what is re-read, what is gone.

A list is ordered by creation and never shows what changed since. So every listing re-reads the
newest page and each deployment that was still on its way, or whose log was; a complete listing,
which the sweep takes, sees promotions of old ones, deletions, retention, and variables.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from sync_assets.connectors.base import Hint, Session
from sync_assets.connectors.vercel.client import VercelClient, earlier
from sync_assets.connectors.vercel.documents import deployment_document, variables_document
from sync_assets.connectors.vercel.facts import deployment_version, variables_version
from sync_assets.connectors.vercel.logs import log_lines
from sync_assets.connectors.vercel.payloads import Deployment, DeploymentPage, Project
from sync_assets.errors import PageTooLarge, SourceGone, UnexpectedPayload
from sync_assets.models import (
    Fetched,
    FetchFailure,
    Gone,
    Listing,
    ListingEntry,
    Source,
    document_id,
)

OVERLAP_MS = 60_000
"""Of creation times: two servers of the vendor may disagree about the order of a second."""
MOST_HINTS = 20
"""More deployments than this are found more cheaply by the list."""
_VARIABLES = "env:"
_ENVIRONMENT = "/environment"


@dataclass(frozen=True, slots=True)
class _Watermark:
    """The newest creation time seen (ms), and the ids of what was on its way then, or its log."""

    newest: int
    running: list[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(**json.loads(text))

    @classmethod
    def of(cls, seen: Collection[Deployment], newest: int = 0) -> Self:
        running = sorted(each.id for each in seen if each.is_running or each.log_grows)
        return cls(max([newest, *(each.created for each in seen)]), running)

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


class DeploymentsSession(Session):
    """Of one project, or of all projects of a team."""

    def __init__(self, source: Source, stream: str, client: VercelClient) -> None:
        self._source = source
        self._stream = stream
        self._client = client

    def list(self, since: str | None) -> Listing:
        return self._sweep() if since is None else self._changes(_Watermark.parse(since))

    def touched(self, since: str, hints: Sequence[Hint]) -> Listing | None:
        named = [each for hint in hints if isinstance(each := hint.get("deployment"), str)]
        if len(named) < len(hints) or len({*named}) > MOST_HINTS:
            return None
        present: list[Deployment] = []
        gone: list[str] = []
        for each in {*named}:
            found = self._client.get_deployment(each)
            if found is None or found.is_deleted:
                gone.append(each)
            elif self._client.scope.is_of(found.name, found.project_id):
                present.append(found)
            else:
                return None
        if gone:
            self._client.list_deployments(1)  # it is none of ours only where we see the others
        watermark = _Watermark.parse(since)
        running = {*watermark.running, *_Watermark.of(present).running}
        return Listing(
            watermark=str(replace(watermark, running=sorted(running))),
            entries=[self._entry(each) for each in present],
            complete=False,
            gone=[self._id(each) for each in gone],
        )

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:  # noqa: ARG002 - the contract's
        for entry in entries:
            try:
                yield self._fetched(entry)
            except (SourceGone, UnexpectedPayload) as error:
                # What one deployment or project lacks says nothing of the others.
                yield FetchFailure(entry, error)

    def _sweep(self) -> Listing:
        seen = self._pages(back_to=None)
        present = [each for each in seen.values() if not each.is_deleted]
        return Listing(
            watermark=str(_Watermark.of(present)),
            entries=[*map(self._entry, present), *self._variables()],
            gone=[self._id(each.id) for each in seen.values() if each.is_deleted],
        )

    def _changes(self, since: _Watermark) -> Listing:
        seen = self._pages(back_to=since.newest - OVERLAP_MS)
        gone = [self._id(each.id) for each in seen.values() if each.is_deleted]
        for missing in set(since.running).difference(seen):
            found = self._client.get_deployment(missing)
            if found is None or found.is_deleted:
                gone.append(self._id(missing))
            else:
                seen[missing] = found
        present = [each for each in seen.values() if not each.is_deleted]
        return Listing(
            watermark=str(_Watermark.of(present, since.newest)),
            entries=[self._entry(each) for each in present],
            complete=False,
            current=True,
            gone=gone,
        )

    def _pages(self, back_to: int | None) -> dict[str, Deployment]:
        """By id, newest first, the last state of each; to the end, or to that creation time.

        A full page that says it is the last is not taken at its word. Where a page has nothing but
        one millisecond, a larger one is asked for.
        """
        seen: dict[str, Deployment] = {}
        until, least = None, 1
        while True:
            asked, page = self._page(until, least)
            oldest = min((each.created for each in page.deployments), default=0)
            is_new = any(each.id not in seen for each in page.deployments)
            for each in page.deployments:
                seen.setdefault(each.id, each)
            told = page.pagination.next
            if told is None and is_new and len(page.deployments) >= asked:
                told = oldest
            # One more millisecond: of two created in the same one, the page may have ended between.
            following = None if told is None else told + 1
            if following is not None and following == until and asked < self.pages.most:
                least = min(2 * asked, self.pages.most)
            else:
                until, least = earlier(following, until), 1
            if until is None or (back_to is not None and oldest < back_to):
                return seen

    def _page(self, until: int | None, least: int) -> tuple[int, DeploymentPage]:
        """How many were asked for, at `least` so many, and the page."""
        while True:
            size = max(self.pages.now, least)
            try:
                page = self._client.list_deployments(size, until)
            except PageTooLarge:
                if not self.pages.halve(size) or size == least:
                    raise
            else:
                self.pages.worked()
                return size, page

    def _variables(self) -> Iterator[ListingEntry]:
        for project in self._projects():
            variables = self._client.list_project_env(project.id)
            yield ListingEntry(
                document_id=self._id(f"{_VARIABLES}{project.id}"),
                key=f"{project.name}{_ENVIRONMENT}",
                version=variables_version(project.name, variables),
                locator=f"{_VARIABLES}{project.id}",
            )

    def _projects(self) -> Iterator[Project]:
        if self._client.scope.project is not None:
            yield self._client.get_project(self._client.scope.project)
        else:
            yield from self._client.list_projects()

    def _entry(self, deployment: Deployment) -> ListingEntry:
        return ListingEntry(
            document_id=self._id(deployment.id),
            key=f"{deployment.name}/{deployment.id}",
            version=deployment_version(deployment),
            locator=deployment.id,
        )

    def _fetched(self, entry: ListingEntry) -> Fetched:
        if entry.locator.startswith(_VARIABLES):
            variables = self._client.list_project_env(entry.locator.removeprefix(_VARIABLES))
            return variables_document(entry, entry.key.removesuffix(_ENVIRONMENT), variables)
        deployment = self._client.get_deployment(entry.locator)
        if deployment is None:
            return Gone(entry)
        if deployment.is_deleted:
            return Gone(entry, confirmed=True)
        # A log that still grows is no version of anything: it is read once the build has ended.
        events = [] if deployment.is_running else self._client.get_deployment_events(deployment.id)
        uploaded = deployment.source == "cli"
        files = self._client.list_deployment_files(deployment.id) if uploaded else []
        return deployment_document(entry, deployment, log_lines(events), files)

    def _id(self, vendor_id: str) -> str:
        source = self._source
        return document_id(source.connector, source.identity, self._stream, vendor_id)
