"""Answers of the REST API that both paths read. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sync_assets.connectors.github.nodes import checked, field_of
from sync_assets.connectors.github.queries import Kind
from sync_assets.connectors.github.watermark import Mark
from sync_assets.errors import UnexpectedPayload
from sync_assets.http.payload import json_of

if TYPE_CHECKING:
    import httpx

_NUMBER = re.compile(r"/(?:issues|pulls)/(\d+)$")


def comment_mark(row: Mapping[str, Any]) -> Mark:
    """Which item the comment is below, and when it was written or edited last."""
    found = _NUMBER.search(str(row.get("issue_url") or row.get("pull_request_url")))
    if found is None:
        raise UnexpectedPayload("GitHub's comment names no issue")
    updated_at = checked(datetime, row.get("updated_at"), "comment's updated_at")
    return Mark(int(found[1]), f"c{row.get('id')}", updated_at)


def comment_kind(row: Mapping[str, Any]) -> Kind:
    """Whether an issue comment is one below a pull request; the feed holds both."""
    return "PullRequest" if "/pull/" in str(row.get("html_url")) else "Issue"


def looked(response: "httpx.Response") -> tuple[int, str | None]:
    """Status and, of an item that is there, its node id."""
    if response.status_code != HTTPStatus.OK:
        return response.status_code, None
    return HTTPStatus.OK, str(field_of(json_of(response), "node_id"))
