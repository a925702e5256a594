"""Who changed each file last, and when: asked in batches for the documents that are fetched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from sync_assets.connectors.base import Size
from sync_assets.connectors.files import FilesSession, Watermark
from sync_assets.errors import PageTooLarge, SourceGone, UnexpectedPayload
from sync_assets.http.graphql import GraphQLClient
from sync_assets.models import Document, Fetched, Listing, ListingEntry

PATHS = 50
"""Of one query: GitHub walks the history for each, and gives a query ten seconds."""
_FRAGMENT = """
fragment last on CommitHistoryConnection {
  nodes { oid committedDate author { name user { login } } }
}
"""


class _User(BaseModel):
    login: str


class _Author(BaseModel):
    name: str | None
    user: _User | None


class _Commit(BaseModel):
    oid: str
    at: datetime = Field(alias="committedDate")
    author: _Author | None

    @property
    def who(self) -> str | None:
        """The account where there is one, else the name that git has."""
        if self.author is None:
            return None
        return self.author.user.login if self.author.user else self.author.name


class _History(BaseModel):
    nodes: list[_Commit]


class _Repository(BaseModel):
    object: dict[str, _History] | None


class _Answer(BaseModel):
    repository: _Repository | None


_ANSWER: TypeAdapter[_Answer] = TypeAdapter(_Answer)


class WithLastCommits(FilesSession):
    """The same files, each document with `last_commit` (sha, author, time) in its metadata.

    A file whose history GitHub cannot walk in its time keeps `last_commit_known` false.
    """

    def __init__(self, files: FilesSession, client: GraphQLClient, repository: str) -> None:
        self._files = files
        self._client = client
        self._owner, _, self._name = repository.partition("/")
        self._size = Size(PATHS)

    def close(self) -> None:
        self._files.close()

    def discard(self) -> None:
        self._files.discard()

    def list(self, since: str | None) -> Listing:
        return self._files.list(since)

    def relist(self, watermark: str) -> Listing:
        return self._files.relist(watermark)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        commit = Watermark.parse(watermark).commit or ""
        documents: list[Document] = []
        for item in self._files.fetch(entries, watermark):
            if isinstance(item, Document):
                documents.append(item)
            else:
                yield item
        while documents:
            batch = documents[: self._size.now]
            known: Mapping[str, _Commit] = {}
            try:
                known = self._last(commit, [document.key for document in batch])
            except PageTooLarge:
                if self._size.halve(len(batch)):
                    continue
            else:
                self._size.worked()
            documents = documents[len(batch) :]
            yield from (_with(document, known.get(document.key)) for document in batch)

    def _last(self, commit: str, paths: Sequence[str]) -> Mapping[str, _Commit]:
        variables = {"owner": self._owner, "name": self._name, "commit": commit}
        variables |= {f"p{name}": path for name, path in enumerate(paths)}
        answer = self._client.run(last_query(len(paths)), variables)
        try:
            repository = _ANSWER.validate_python(answer.data).repository
        except ValidationError:
            raise UnexpectedPayload(f"{self._owner}/{self._name}: not a history") from None
        histories = repository and repository.object
        if not histories:
            raise SourceGone(f"{self._owner}/{self._name}: commit {commit} is not there any more")
        return {
            path: histories[f"f{name}"].nodes[0]
            for name, path in enumerate(paths)
            if histories[f"f{name}"].nodes
        }


def last_query(count: int) -> str:
    """The last commit of so many paths `$pPOSITION`, each under its alias `fPOSITION`."""
    declared = " ".join(f"$p{position}: String!" for position in range(count))
    fields = " ".join(
        f"f{position}: history(first: 1, path: $p{position}) {{ ...last }}"
        for position in range(count)
    )
    return (
        f"query ($owner: String!, $name: String!, $commit: GitObjectID!, {declared}) {{"
        " repository(owner: $owner, name: $name) { object(oid: $commit) {"
        f" ... on Commit {{ {fields} }} }} }} }} {_FRAGMENT}"
    )


def _with(document: Document, commit: _Commit | None) -> Document:
    if commit is None:
        return document
    last = {"sha": commit.oid, "author": commit.who, "time": commit.at.isoformat()}
    metadata = {**document.metadata, "last_commit": last, "last_commit_known": True}
    return replace(document, metadata=metadata, author=commit.who, updated_at=commit.at)
