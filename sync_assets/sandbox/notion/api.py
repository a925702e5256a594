"""Notion's REST API over the world: cursors, a budget a minute, errors in Notion's own form.

https://developers.notion.com/reference/intro, version 2026-03-11: data sources and their query,
databases, pages, their markdown and properties, block children, comments, users.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.notion import shapes, tables
from sync_assets.sandbox.notion.content import Json
from sync_assets.sandbox.notion.enhanced import Rendering
from sync_assets.sandbox.notion.gate import Failed, Gate
from sync_assets.sandbox.notion.query import chosen
from sync_assets.sandbox.notion.records import Page
from sync_assets.sandbox.notion.world import NotionWorld
from sync_assets.sandbox.traffic import request_of

PREFIX = "/notion/v1"
Endpoint = Callable[[Mapping[str, str], Mapping[str, object]], Json]
"""From the path's and query's parameters and the body."""


@dataclass(frozen=True, slots=True)
class NotionApi:
    """`/notion/v1/...` of the sandbox."""

    world: NotionWorld
    gate: Gate

    def routes(self) -> list[Route]:
        """Every endpoint that we call, and those that its own client needs to get there."""
        gets: dict[str, Endpoint] = {
            "/data_sources/{id}": self._data_source,
            "/databases/{id}": self._database,
            "/pages/{id}": lambda asked, _: shapes.page(self.world, self._page(asked["id"])),
            "/pages/{id}/markdown": self._markdown,
            "/pages/{id}/properties/{property}": self._property,
            "/blocks/{id}": self._block,
            "/blocks/{id}/children": self._children,
            "/comments": self._comments,
            "/users": self._users,
            "/users/{id}": self._user,
        }
        routes = [
            Route(PREFIX + path, self._served(path, each), methods=["GET"])
            for path, each in gets.items()
        ]
        query = "/data_sources/{id}/query"
        return [*routes, Route(PREFIX + query, self._served(query, self._query), methods=["POST"])]

    def _served(self, path: str, endpoint: Endpoint) -> Callable[[Request], object]:
        async def served(request: Request) -> Response:
            request_of(request.scope).service = f"notion {path}"
            with self.world.lock:
                refusal = self.gate.refusal()
                if refusal is not None:
                    return refusal
                try:
                    self.gate.admit(request)
                    content = await request.body()
                    body: object = json.loads(content) if content else {}
                    given = cast("Mapping[str, object]", body)
                    asked = dict(request.query_params) | dict(request.path_params)
                    return JSONResponse(endpoint(asked, given))
                except Failed as failed:
                    shown = shapes.failure(failed.status, failed.code, str(failed))
                    return JSONResponse(shown, failed.status)

        return served

    def _data_source(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        found = self.world.sources.get(_id(asked["id"]))
        if found is None or found.id in self.world.unshared:
            raise _missing("data source", asked["id"])
        return tables.data_source(found)

    def _database(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        wanted = _id(asked["id"])
        found = [each for each in self.world.sources.values() if each.database == wanted]
        if not found:
            raise _missing("database", asked["id"])
        return tables.database(wanted, found)

    def _query(self, asked: Mapping[str, str], body: Mapping[str, object]) -> Json:
        self._data_source(asked, body)
        found = chosen(self.world.listed(_id(asked["id"])), body)
        capped = found[: self.world.most_rows]
        answer = self.gate.listed(
            [shapes.page(self.world, page) for page in capped],
            "page_or_data_source",
            {name: str(body[name]) for name in ("start_cursor", "page_size") if name in body},
        )
        status: Json = {"type": "complete"}
        if len(capped) < len(found):
            status = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
        return answer | {"request_status": status}

    def _markdown(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        wanted, rendering = _id(asked["id"]), Rendering(self.world)
        if wanted in self.world.unrendered:
            raise Failed(400, "validation_error", "This page cannot be rendered as markdown.")
        block = self.world.blocks.get(wanted)
        if block is not None and wanted not in self.world.unshared:
            markdown = rendering.subtree(block)
        else:
            markdown = rendering.page(self._page(wanted))
        return {
            "object": "page_markdown",
            "id": wanted,
            "markdown": markdown,
            "truncated": bool(rendering.missing),
            "unknown_block_ids": rendering.missing,
        }

    def _property(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        page = self._page(asked["id"])
        # The path is decoded on its way here, and ids are encoded ones.
        wanted = asked["property"].replace(":", "%3A")
        for value in shapes.properties(self.world, page).values():
            if value["id"] != wanted:
                continue
            kind = value["type"]
            if kind not in shapes.TRUNCATED:
                return shapes.property_item(kind, value[kind], wanted)
            items = [shapes.property_item(kind, each, wanted) for each in value[kind]]
            return self.gate.listed(items, "property_item", asked) | {
                "property_item": {"id": wanted, "type": kind, kind: {}, "next_url": None}
            }
        raise _missing("property", asked["property"])

    def _block(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        found = self.world.blocks.get(_id(asked["id"]))
        if found is None or found.id in self.world.unshared:
            raise _missing("block", asked["id"])
        return shapes.block(self.world, found, found.parent)

    def _children(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        place = _id(asked["id"])
        found = self.world.children(place)
        if found is None:
            raise _missing("block", asked["id"])
        shown = [shapes.block(self.world, each, place) for each in found]
        return self.gate.listed(shown, "block", asked)

    def _comments(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        if "comments" in self.world.lacks:
            raise Failed(403, "restricted_resource", "Insufficient permissions: read comments.")
        found = self.world.comments_on(_id(asked.get("block_id", "")))
        return self.gate.listed(
            [shapes.comment(self.world, each) for each in found], "comment", asked
        )

    def _users(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        return self.gate.listed(
            [shapes.user(each) for each in self.world.users.values()], "user", asked
        )

    def _user(self, asked: Mapping[str, str], _: Mapping[str, object]) -> Json:
        if "users" in self.world.lacks:
            raise Failed(403, "restricted_resource", "Insufficient permissions: read users.")
        if asked["id"] == "me":
            return shapes.user(self.world.user) | {"type": "bot", "bot": {}}
        found = self.world.users.get(_id(asked["id"]))
        if found is None:
            raise _missing("user", asked["id"])
        return shapes.user(found)

    def _page(self, each: str) -> Page:
        found = self.world.pages.get(_id(each))
        if found is None or found.id in self.world.unshared:
            raise _missing("page", each)
        return found


def _missing(kind: str, each: str) -> Failed:
    text = f"Could not find {kind} with ID: {each}. Share it with your connection."
    return Failed(404, "object_not_found", text)


def _id(text: str) -> str:
    """With its dashes, as the world has it."""
    each = text.replace("-", "").lower()
    return f"{each[:8]}-{each[8:12]}-{each[12:16]}-{each[16:20]}-{each[20:]}"
