"""Pure: the world's objects as Notion's REST API writes them, version 2026-03-11."""

from datetime import UTC, datetime
from typing import Any

from sync_assets.sandbox.notion.content import MEDIA, Block, Json, rich
from sync_assets.sandbox.notion.records import Comment, Page, User
from sync_assets.sandbox.notion.world import NotionWorld

TRUNCATED = frozenset({"title", "rich_text", "people", "relation"})
MOST_REFERENCES = 25
"""What a page shows of such a property; the rest is behind its own endpoint."""
UNSUPPORTED = frozenset({"form", "ai_block"})
"""Blocks of the app that its API does not know."""


def minute(moment: datetime) -> str:
    """As Notion tells times: to the minute, and written as if it were exact."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}:00.000Z"


def failure(status: int, code: str, message: str, **more: object) -> Json:
    """An error's body."""
    return {"object": "error", "status": status, "code": code, "message": message, **more}


def page(world: NotionWorld, each: Page) -> Json:
    """A page, long properties cut off."""
    shown = {name: dict(value) for name, value in properties(world, each).items()}
    for value in shown.values():
        items = value[value["type"]]
        if value["type"] in TRUNCATED:
            value[value["type"]] = items[:MOST_REFERENCES]
        if value["type"] == "relation":
            value["has_more"] = len(items) > MOST_REFERENCES
    source = world.sources[each.source]
    return {
        "object": "page",
        "id": each.id,
        **times(each.created_at, each.edited_at),
        "created_by": partial_user(each.user),
        "last_edited_by": partial_user(each.user),
        "cover": None,
        "icon": None,
        "parent": {
            "type": "data_source_id",
            "data_source_id": source.id,
            "database_id": source.database,
        },
        "archived": each.in_trash,
        "in_trash": each.in_trash,
        "is_archived": each.is_archived,
        "is_locked": False,
        "properties": shown,
        "url": page_url(each),
        "public_url": None,
    }


def properties(world: NotionWorld, each: Page) -> dict[str, Json]:
    """All of a page's properties, whole."""
    title: Json = {"id": "title", "type": "title", "title": rich(each.title)}
    others = {
        name: {"id": property_id(name), "type": kind, kind: _signed(world, kind, value)}
        for name, (kind, value) in each.properties.items()
    }
    return {"Name": title, **others}


def property_id(name: str) -> str:
    """An id as Notion makes them, encoded for URLs."""
    return f"%3A{name.encode().hex()[:8]}"


def property_item(kind: str, value: object, each: str) -> Json:
    """One item of a property that is listed in pages."""
    return {"object": "property_item", "id": each, "type": kind, kind: value}


def page_url(each: Page) -> str:
    """Where a person reads it."""
    words = "".join(sign if sign.isalnum() else " " for sign in each.title).split()
    return f"https://www.notion.so/{'-'.join([*words, each.id.replace('-', '')])}"


def block_url(world: NotionWorld, each: Block) -> str:
    """Where a person sees the block."""
    place = world.page_of(each.id).id.replace("-", "")
    return f"https://www.notion.so/{place}#{each.id.replace('-', '')}"


def block(world: NotionWorld, each: Block, parent: str) -> Json:
    """A block without those inside it. `parent` is where it was asked for."""
    on_page = parent in world.pages
    edited = world.page_of(each.id)
    kind = each.type if each.type not in UNSUPPORTED else "unsupported"
    value = _signed(world, kind, each.value) if kind != "unsupported" else {"block_type": each.type}
    return {
        "object": "block",
        "id": each.id,
        "parent": {"type": "page_id", "page_id": parent}
        if on_page
        else {"type": "block_id", "block_id": parent},
        **times(edited.created_at, edited.edited_at),
        "created_by": partial_user(edited.user),
        "last_edited_by": partial_user(edited.user),
        "has_children": bool(each.children) or each.origin is not None,
        "archived": False,
        "in_trash": False,
        "type": kind,
        kind: value,
    }


def comment(world: NotionWorld, each: Comment) -> Json:
    """A comment."""
    kind = "block_id" if each.on_block else "page_id"
    return {
        "object": "comment",
        "id": each.id,
        "parent": {"type": kind, kind: each.parent},
        "discussion_id": each.id,
        **times(each.created_at, each.edited_at),
        "created_by": partial_user(each.user),
        "rich_text": rich(each.words),
        "display_name": {"type": "user", "resolved_name": world.users[each.user].name},
    }


def user(each: User) -> Json:
    """Somebody, without the mail address, which is a capability of its own."""
    return {
        "object": "user",
        "id": each.id,
        "name": each.name,
        "avatar_url": None,
        "type": "person",
        "person": {},
    }


def partial_user(each: str) -> Json:
    """Somebody by id alone."""
    return {"object": "user", "id": each}


def _signed(world: NotionWorld, kind: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value, files of Notion's own signed anew."""
    if kind in MEDIA and "file" in value:
        return {**value, "file": _signed_file(world, value["file"])}
    if kind == "files":
        files: list[Json] = value
        return [
            {**each, "file": _signed_file(world, each["file"])} if "file" in each else each
            for each in files
        ]
    return value


def _signed_file(world: NotionWorld, place: Json) -> Json:
    return {"url": world.sign(place["url"]), "expiry_time": "2099-01-01T00:00:00.000Z"}


def times(created_at: datetime, edited_at: datetime) -> Json:
    """When something was made and last changed."""
    return {"created_time": minute(created_at), "last_edited_time": minute(edited_at)}
