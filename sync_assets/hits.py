"""What a search answers: hits, and what they are linked with."""

from datetime import datetime
from typing import Literal

from sync_assets.models import Answer, LinkKind, Stale


class LinkedDocument(Answer):
    """A document that links lead to, `hop` links away, from the document `via`.

    `direction`: that document has the link (`to`), or this one has it (`from`).
    """

    hop: int
    via: str
    kind: LinkKind
    direction: Literal["to", "from"]
    target: str
    document_id: str
    source_id: str
    stream: str
    title: str
    url: str


class Hit(Answer):
    """A search result. `verified_at` is when a listing last proved the index up to date, as far as
    the vendor's feeds show; `linked` is empty unless the search was asked to follow links.
    """

    score: float
    source_id: str
    stream: str
    document_id: str
    chunk_id: str
    title: str
    path: str | None
    url: str
    start_line: int
    end_line: int
    symbol: str | None
    text: str
    version: str
    indexed_at: datetime
    verified_at: datetime | None
    stale: Stale
    stale_because: str | None = None
    linked: tuple[LinkedDocument, ...] = ()


class SearchAnswer(Answer):
    """Hits, best first."""

    query: str
    mode: Literal["hybrid", "vector", "text"]
    hits: list[Hit]
    seconds: float
