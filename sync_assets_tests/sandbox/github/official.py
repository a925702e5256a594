"""Judges answers by GitHub's own OpenAPI description."""

import json
from functools import cache
from typing import Any, cast

import httpx
from jsonschema import Draft202012Validator
from pydantic import JsonValue
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from sync_assets_tests.shared import shared_file

_NO_BODY = (301, 302, 304)


def assert_official(response: httpx.Response, template: str, *, method: str = "get") -> None:
    """The answer's status is one that the endpoint has, and its body is what is promised there.

    `template` is the path as the description writes it: `/repos/{owner}/{repo}/issues`.
    """
    description = _description()
    promised = description["paths"][template][method]["responses"]
    status = str(response.status_code)
    assert status in promised, f"{template} never answers {status}: {response.text[:200]}"
    answer = promised[status]
    if "$ref" in answer:
        answer = description["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    media_type = response.headers.get("content-type", "").partition(";")[0]
    schema = answer.get("content", {}).get(media_type, {}).get("schema")
    if schema is None:
        assert int(status) in _NO_BODY, f"{template} never answers {status} as {media_type}"
        return
    check(response.json(), schema, template)


def described(value: JsonValue, name: str) -> None:
    """A value, by the schema of that name."""
    check(value, _description()["components"]["schemas"][name], name)


def endpoints() -> set[tuple[str, str]]:
    """Method and template of every endpoint that the description has."""
    paths: dict[str, dict[str, Any]] = _description()["paths"]
    return {
        (method.upper(), template)
        for template, endpoint in paths.items()
        for method in endpoint
        if method in ("get", "post", "patch", "put", "delete")
    }


def check(value: JsonValue, schema: dict[str, Any], what: str) -> None:
    """A value, by a schema of the description."""
    resource = Resource(contents=_description(), specification=DRAFT202012)
    registry = Registry[Any]().with_resource("github", resource)
    absolute = _absolute(schema)
    errors = Draft202012Validator(absolute, registry=registry).iter_errors(value)
    worst = [f"{error.json_path}: {error.message[:300]}" for error in errors]
    assert not worst, f"{what}: {worst[:5]}"


@cache
def _description() -> dict[str, Any]:
    return _nullable(json.loads(shared_file("specs/github-openapi.json").read_text()))


def _nullable(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """OpenAPI 3.0's `nullable`, as JSON Schema says it; references made absolute."""
    if isinstance(node, list):
        return [_nullable(each) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    known = cast("dict[str, Any]", node)
    made = {name: _nullable(value) for name, value in known.items() if name != "nullable"}
    return {"anyOf": [{"type": "null"}, made]} if known.get("nullable") is True else made


def _absolute(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """`#/...` within the description, for a schema that stands alone."""
    if isinstance(node, list):
        return [_absolute(each) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    return {
        name: f"github{value}" if name == "$ref" else _absolute(value)
        for name, value in cast("dict[str, Any]", node).items()
    }
