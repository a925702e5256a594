"""Transport `graphql`: many texts a query, by their blob ids."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from sync_assets.connectors.base import Size
from sync_assets.connectors.github.files.carriers import Carried, Carrier, Wanted, checked
from sync_assets.errors import PageTooLarge, SourceGone, UnexpectedPayload
from sync_assets.http.graphql import GraphQLClient

BLOBS = 100
"""Of one query, which costs a point."""
TEXT_BYTES = 512_000
"""GitHub cuts a text here, and says so."""
_QUERY_BYTES = 4_000_000
_FRAGMENT = "fragment text on Blob { isBinary isTruncated text }"


class _Text(BaseModel):
    binary: bool | None = Field(alias="isBinary")
    truncated: bool = Field(alias="isTruncated")
    text: str | None


_OBJECTS: TypeAdapter[dict[str, _Text | None]] = TypeAdapter(dict[str, _Text | None])


class GraphQLBlobs(Carrier):
    """Batches shrink where the server finds them too heavy, and grow back.

    What is no text, is cut, or does not hash to its id (bytes that are not UTF-8 were replaced)
    comes by `rest`.
    """

    def __init__(self, client: GraphQLClient, repository: str, rest: Carrier) -> None:
        self._client = client
        self._owner, _, self._name = repository.partition("/")
        self._rest = rest
        self._size = Size(BLOBS)

    def carry(self, wanted: Sequence[Wanted], commit: str) -> Iterator[Carried]:
        others = [each for each in wanted if each.size is None or each.size >= TEXT_BYTES]
        texts = [each for each in wanted if each.size is not None and each.size < TEXT_BYTES]
        while texts:
            batch = _fitting(texts, self._size.now)
            try:
                answer = self._texts(batch)
            except PageTooLarge:
                if self._size.halve(len(batch)):
                    continue
                answer = {}
            else:
                self._size.worked()
            texts = texts[len(batch) :]
            for each in batch:
                carried = _carried(each, answer.get(each.oid))
                if carried is None:
                    others.append(each)
                else:
                    yield carried
        if others:
            yield from self._rest.carry(others, commit)

    def _texts(self, batch: Sequence[Wanted]) -> dict[str, _Text | None]:
        variables = {"owner": self._owner, "name": self._name}
        query = texts_query([each.oid for each in batch])
        found = self._client.run(query, variables).data.get("repository")
        if found is None:
            raise SourceGone(f"{self._owner}/{self._name}: not found, or no access")
        try:
            objects = _OBJECTS.validate_python(found)
        except ValidationError:
            raise UnexpectedPayload(f"{self._owner}/{self._name}: objects are no blobs") from None
        return {each.oid: objects.get(f"b{position}") for position, each in enumerate(batch)}


def texts_query(oids: Sequence[str]) -> str:
    """Blobs by their ids, each under its alias `bPOSITION`."""
    fields = " ".join(
        f'b{position}: object(oid: "{oid}") {{ ...text }}' for position, oid in enumerate(oids)
    )
    return (
        "query ($owner: String!, $name: String!) {"
        f" repository(owner: $owner, name: $name) {{ {fields} }} }} {_FRAGMENT}"
    )


def _fitting(texts: Sequence[Wanted], most: int) -> Sequence[Wanted]:
    """The first so many, at least one, whose bytes make no giant answer."""
    total = 0
    for position, each in enumerate(texts[:most]):
        total += each.size or 0
        if position and total > _QUERY_BYTES:
            return texts[:position]
    return texts[:most]


def _carried(wanted: Wanted, found: _Text | None) -> Carried | None:
    """The content, or None where GraphQL cannot carry it."""
    if found is None or found.text is None or found.truncated:
        return None
    carried = checked(wanted, found.text.encode(errors="surrogatepass"))
    return None if carried.error else carried
