"""From a document to those that it names, and to those that name it, hop by hop."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sync_assets.hits import LinkedDocument
from sync_assets.index.reader import StoredLink
from sync_assets.links import file_target, repository_of
from sync_assets.models import Source
from sync_assets.stores import Stores

MOST_FOUND = 8
"""Of one hop: so that a page everyone mentions drowns neither the hit nor what is behind it."""
_NAMES = frozenset({"is", "contains"})
"""Kinds by which a target leads to a document: a commit leads to its pull request."""


@dataclass(frozen=True, slots=True)
class _Step:
    link: StoredLink
    found: str
    via: str
    named: bool


def follow(
    stores: Stores,
    document_id: str,
    *,
    hops: int = 1,
    sources: Collection[Source] | None = None,
    without: Collection[tuple[str, str]] = (),
) -> list[LinkedDocument]:
    """The documents within `hops` links, at most MOST_FOUND a hop, each once, by its shortest way.

    Only documents of `sources` are seen: all registered ones where none are given; and none of
    `without`: source ids, each with a stream.
    """
    given = stores.registry.all() if sources is None else sources
    walk = _Walk(stores, {source.source_id: source for source in given})
    seen = {document_id}
    frontier = [document_id]
    found: list[LinkedDocument] = []
    for hop in range(1, hops + 1):
        steps: dict[str, _Step] = {}
        for step in walk.steps(frontier):
            if step.found not in seen:
                steps.setdefault(step.found, step)
        frontier = list(steps)[:MOST_FOUND]
        if not frontier:
            break
        seen |= steps.keys()
        facts = {
            key: fact
            for key, fact in stores.reader.facts(frontier).items()
            if (fact.source_id, fact.stream) not in without
        }
        frontier = [key for key in frontier if key in facts]  # a document may go at any moment
        for key in frontier:
            fact, step = facts[key], steps[key]
            found.append(
                LinkedDocument(
                    hop=hop,
                    via=step.via,
                    kind=step.link.kind,
                    direction="to" if step.named else "from",
                    target=step.link.target,
                    document_id=key,
                    source_id=fact.source_id,
                    stream=fact.stream,
                    title=fact.title,
                    url=fact.url,
                )
            )
    return found


class _Walk:
    """Steps between the documents of some sources."""

    def __init__(self, stores: Stores, sources: Mapping[str, Source]) -> None:
        self._reader = stores.reader
        self._sources = sources

    def steps(self, documents: Collection[str]) -> Iterator[_Step]:
        """Every link from and then every link to these documents, in a stable order."""
        own = self._seen(self._reader.links_from(documents))
        named = self._named({link.target for link in own if link.kind != "is"})
        for link in own:
            for found in named.get(link.target, ()) if link.kind != "is" else ():
                yield _Step(link, found, link.document_id, named=True)
        names = self._names(documents, own)
        for link in self._seen(self._reader.links_to(names)):
            owner = next((names[each] for each in names if _same(link.target, each)), None)
            if link.kind != "is" and owner is not None:
                yield _Step(link, link.document_id, owner, named=False)

    def _named(self, targets: Collection[str]) -> dict[str, list[str]]:
        """Target -> ids of the documents that it leads to."""
        rows = [each for each in self._seen(self._reader.links_to(targets)) if each.kind in _NAMES]
        found = {
            target: [row.document_id for row in rows if _same(target, row.target)]
            for target in targets
        }
        paths = {each.partition(":")[2].partition(":")[2] for each in targets} - {""}
        for key, source_id, path in self._reader.files_named(paths):
            if source_id in self._sources:
                found.setdefault(self._file(source_id, path), []).append(key)
        return found

    def _names(self, documents: Collection[str], own: Collection[StoredLink]) -> dict[str, str]:
        """Every name of these documents -> the document."""
        names = {link.target: link.document_id for link in own if link.kind in _NAMES}
        for key, fact in self._reader.facts(documents).items():
            if fact.path is not None and fact.source_id in self._sources:
                names[self._file(fact.source_id, fact.path)] = key
        return names

    def _file(self, source_id: str, path: str) -> str:
        return file_target(repository_of(self._sources[source_id]) or source_id, path)

    def _seen(self, links: Collection[StoredLink]) -> list[StoredLink]:
        allowed = [link for link in links if link.source_id in self._sources]
        return sorted(allowed, key=lambda link: (_RANK[link.kind], link.target, link.document_id))


_RANK = {"closes": 0, "runs": 1, "contains": 2, "mentions": 3, "touches": 4, "is": 5}
"""What a person wrote goes before files, of which a pull request may touch hundreds."""


def _same(one: str, other: str) -> bool:
    """Equal, or one the abbreviation of the other's commit."""
    if one == other:
        return True
    short, whole = sorted((one, other), key=len)
    return short.startswith("commit:") and whole.startswith(short)
