"""Code versions: assets whose code would give other results today show as stale in the UI."""

from dataclasses import dataclass

from sync_assets.chunking.chunk import CHUNKER_VERSION
from sync_assets.embedding.providers import fingerprint_of
from sync_assets.links import LINKS_VERSION
from sync_assets.redaction import RULES_VERSION
from sync_assets.settings import Settings


@dataclass(frozen=True, slots=True)
class Versions:
    """Of the assets that hold documents, and of those that hold chunks."""

    documents: str
    index: str


def code_versions(settings: Settings) -> Versions:
    """What the stored rows depend on, besides the source. Loads no model, and asks no server."""
    fingerprint = fingerprint_of(settings)
    return Versions(
        documents=f"redaction {RULES_VERSION}",
        index=f"redaction {RULES_VERSION}, chunker {CHUNKER_VERSION},"
        f" links {LINKS_VERSION}, {fingerprint}",
    )
