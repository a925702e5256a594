"""The stream `issues`: a team's or a workspace's issues, each with all that was said in it.

Changes come from three feeds, in one call where little moved. A complete listing reads the facts of
every issue: it sees what no feed shows, and proves deletions.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sync_assets.connectors.base import Hint, Session
from sync_assets.connectors.linear.client import MOST_ROWS, LinearClient, in_batches
from sync_assets.connectors.linear.documents import issue_document
from sync_assets.connectors.linear.facts import version
from sync_assets.connectors.linear.feeds import moved_since, place_of
from sync_assets.connectors.linear.hints import issues_named
from sync_assets.connectors.linear.nodes import Issue, page_of
from sync_assets.connectors.linear.reading import Reader, next_page, sized
from sync_assets.connectors.linear.watermark import Watermark, new_issues, watermark_at
from sync_assets.errors import SourceGone, SourceUnavailable, UnexpectedPayload
from sync_assets.http.pagination import Seen
from sync_assets.http.payload import checked
from sync_assets.models import (
    Fetched,
    FetchFailure,
    Gone,
    Listing,
    ListingEntry,
    Source,
    document_id,
)


class IssuesSession(Session):
    """One team, or the workspace."""

    most_items = MOST_ROWS

    def __init__(self, source: Source, stream: str, client: LinearClient) -> None:
        self._source = source
        self._stream = stream
        self._client = client

    def list(self, since: str | None) -> Listing:
        changes = None if since is None else self._changes(Watermark.parse(since))
        return self._sweep() if changes is None else changes

    def touched(self, since: str, hints: Sequence[Hint]) -> Listing | None:
        named, place = issues_named(hints), Watermark.parse(since).place
        if not named:
            return None
        issues = self._issues(sorted(named))
        missing = named.keys() - {issue.id for issue in issues}
        if not all(named[each] for each in missing):
            return None  # Linear and its webhook have to agree that it is gone
        here = [each for each in issues if self._is_here(place, each)]
        gone = missing | {each.id for each in issues} - {each.id for each in here}
        return Listing(
            since,
            self._entries(here),
            complete=False,
            gone=[self._id(each) for each in sorted(gone)],
        )

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        place = Watermark.parse(watermark).place
        nodes = self._client.issues([entry.locator for entry in entries], "whole")
        found = {str(node.get("id")): _issue_or_error(node) for node in nodes}
        issues = [each for each in found.values() if isinstance(each, Issue)]
        reader = Reader(self._client, self.pages, "whole")
        there = {each.id for each in reader.comments(issues)}
        for entry in entries:
            issue = found.get(entry.locator)
            if isinstance(issue, UnexpectedPayload):
                yield FetchFailure(entry, issue)
            elif issue is None or issue.id not in there:
                yield Gone(entry)
            elif not self._is_here(place, issue):
                yield Gone(entry, confirmed=True)
            else:
                yield _fetched(entry, issue, reader)

    def confirm_gone(self, keys: Mapping[str, str], watermark: str) -> Collection[str]:
        # A number is never given twice: who has it now is the one that had it.
        place, present = Watermark.parse(watermark).place, set[str]()
        for names in in_batches(sorted(keys.values()), MOST_ROWS):
            found = self._client.present(self._numbered(names, place), len(names))
            present |= {self._id(each.id) for each in found if not each.trashed}
        return keys.keys() - present

    def _sweep(self) -> Listing:
        entries, after, guard = list[ListingEntry](), None, Seen("Linear's issues")
        watermark: Watermark | None = None
        while True:
            first, answer = sized(
                self.pages, self._client.largest_sweep, partial(self._client.sweep, after)
            )
            if watermark is None:
                place = place_of(answer.data, self._client.scope)
                watermark = watermark_at(answer.date, place.id)
            page = page_of(answer.data, "issues", Issue)
            here = [each for each in page.nodes if self._is_here(watermark.place, each)]
            entries += self._entries(here)
            after = next_page(page, first, guard)
            if after is None:
                return Listing(str(watermark), entries, current=True)

    def _changes(self, since: Watermark) -> Listing | None:
        """None where only a complete listing will do."""
        moved = moved_since(self._client, since, self.pages)
        if moved is None:
            return None
        place, gone = moved.place.id, new_issues(moved.gone, since)
        present = sorted(new_issues(moved.present, since) - gone)
        issues = self._issues(present)
        gone |= {issue.id for issue in issues if issue.trashed}
        entries = self._entries([each for each in issues if self._is_here(place, each)])
        watermark = watermark_at(moved.date, place, [*moved.present, *moved.gone])
        return Listing(
            str(watermark),
            entries,
            unchanged=not entries and not gone,
            complete=False,
            current=True,
            gone=[self._id(each) for each in sorted(gone)],
        )

    def _issues(self, ids: Sequence[str]) -> Sequence[Issue]:
        """Those of these ids that there are, with the facts that come with them."""
        nodes = self._client.issues(ids, "facts")
        return [checked(Issue, node, "Linear's issue") for node in nodes]

    def _entries(self, issues: Sequence[Issue]) -> Sequence[ListingEntry]:
        """Without those that go while what belongs to them is read."""
        reader = Reader(self._client, self.pages, "facts")
        return [
            ListingEntry(self._id(issue.id), issue.identifier, version(issue), locator=issue.id)
            for issue in reader.comments(issues)
            if _is_finished(issue, reader)
        ]

    def _is_here(self, place: str, issue: Issue) -> bool:
        return not issue.trashed and (self._client.scope.team is None or issue.team.id == place)

    def _numbered(self, names: Sequence[str], place: str) -> Mapping[str, Any]:
        """The filter of issues with these identifiers; a team that is synced alone may have got
        another key since.
        """
        numbers: dict[str, list[int]] = {}
        for name in names:
            team, _, number = name.rpartition("-")
            numbers.setdefault(team, []).append(int(number))
        alone = self._client.scope.team is not None
        return {
            "or": [
                {
                    "team": {"id": {"eq": place}} if alone else {"key": {"eq": team}},
                    "number": {"in": wanted},
                }
                for team, wanted in numbers.items()
            ]
        }

    def _id(self, vendor_id: str) -> str:
        source = self._source
        return document_id(source.connector, source.identity, self._stream, vendor_id)


def _issue_or_error(node: Mapping[str, Any]) -> Issue | UnexpectedPayload:
    """One issue of another shape holds up no other."""
    try:
        return checked(Issue, node, "Linear's issue")
    except UnexpectedPayload as error:
        return error


def _is_finished(issue: Issue, reader: Reader) -> bool:
    """False where it is gone meanwhile."""
    try:
        reader.rest(issue)
    except SourceGone:
        return False
    return True


def _fetched(entry: ListingEntry, issue: Issue, reader: Reader) -> Fetched:
    try:
        finished = _is_finished(issue, reader)
    except (UnexpectedPayload, SourceUnavailable) as error:
        return FetchFailure(entry, error)
    return issue_document(issue, entry.document_id, version(issue)) if finished else Gone(entry)
