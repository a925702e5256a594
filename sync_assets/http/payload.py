"""From a response to checked data; what does not fit is named without its values."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from sync_assets.errors import SourceUnavailable, UnexpectedPayload
from sync_assets.http.public import called

T = TypeVar("T")
MODEL_T = TypeVar("MODEL_T")


def parsed(response: httpx.Response, shape: TypeAdapter[T]) -> T:
    """The JSON body as `shape` says: `TypeAdapter(list[Issue])`. Raises UnexpectedPayload."""
    try:
        return shape.validate_python(json_of(response))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise UnexpectedPayload(
            f"{called(response.request)}: {place}: {first['msg']}"
        ) from None  # its own text repeats the values


def checked(shape: type[MODEL_T] | TypeAdapter[MODEL_T], data: object, what: str) -> MODEL_T:
    """The data as that shape; UnexpectedPayload names the field of `what` that does not fit."""
    adapter = shape if isinstance(shape, TypeAdapter) else TypeAdapter(shape)
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnexpectedPayload(f"{what}: {place}: {first['msg']}") from None


def json_of(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON is anything
    """The JSON body. Raises SourceUnavailable where it is none: what came is broken."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise SourceUnavailable(
            f"{called(response.request)}: the body is not JSON: it is broken or another page"
        ) from None


def date_of(response: httpx.Response) -> datetime:
    """The server's clock when it answered: the header `Date`. Raises UnexpectedPayload."""
    try:
        return parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        raise UnexpectedPayload(f"{called(response.request)}: no header Date") from None
