"""Pure: data sources and their databases as Notion's REST API writes them."""

from collections.abc import Sequence

from sync_assets.sandbox.notion.content import Json, rich
from sync_assets.sandbox.notion.records import DataSource
from sync_assets.sandbox.notion.shapes import minute, partial_user, property_id, times


def data_source(each: DataSource) -> Json:
    """A data source with its schema."""
    schema = {"Name": "title", **each.schema}
    author = partial_user("00000000-0000-4000-8000-000000000000")
    return {
        "object": "data_source",
        "id": each.id,
        "title": rich(each.title),
        "description": [],
        "parent": {"type": "database_id", "database_id": each.database},
        "database_parent": {"type": "workspace", "workspace": True},
        "is_inline": False,
        "archived": each.in_trash,
        "in_trash": each.in_trash,
        **times(each.created_at, each.created_at),
        "created_by": author,
        "last_edited_by": author,
        "properties": {
            name: {"id": property_id(name), "name": name, "description": None, "type": kind}
            | {kind: {"options": []} if kind in {"select", "multi_select"} else {}}
            for name, kind in schema.items()
        },
        "icon": None,
        "cover": None,
        "url": f"https://www.notion.so/{each.database.replace('-', '')}",
        "public_url": None,
    }


def database(each: str, sources: Sequence[DataSource]) -> Json:
    """A database: where its data sources hang."""
    first = sources[0]
    return {
        "object": "database",
        "id": each,
        "title": rich(first.title),
        "description": [],
        "parent": {"type": "workspace", "workspace": True},
        "is_inline": False,
        "in_trash": False,
        "is_locked": False,
        "created_time": minute(first.created_at),
        "last_edited_time": minute(first.created_at),
        "data_sources": [{"id": source.id, "name": source.title} for source in sources],
        "icon": None,
        "cover": None,
        "url": f"https://www.notion.so/{each.replace('-', '')}",
        "public_url": None,
    }
