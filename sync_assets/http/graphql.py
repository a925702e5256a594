"""GraphQL over the governed client, through gql. Data that came with errors is a failed page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import httpx
from gql import GraphQLRequest, gql
from gql.transport.exceptions import TransportError, TransportProtocolError
from gql.transport.httpx import HTTPXTransport
from graphql import DocumentNode, OperationDefinitionNode, OperationType, print_ast

from sync_assets.errors import (
    PageTooLarge,
    UnexpectedPayload,
)
from sync_assets.http.dialect import Dialect
from sync_assets.http.payload import date_of, json_of


@dataclass(frozen=True, slots=True)
class GraphQLAnswer:
    """`data` is whole, unless `errors` holds some whose types the caller accepts.

    `date` is the server's clock.
    """

    data: dict[str, Any]
    date: datetime
    errors: Sequence[Mapping[str, Any]] = field(default=())


class _Kept(HTTPXTransport):
    """gql's transport over a client that is not gql's to open or close; keeps the response."""

    response: httpx.Response

    def __init__(self, url: str, client: httpx.Client) -> None:
        super().__init__(url)
        self.client = client

    def _prepare_result(self, response: httpx.Response) -> Any:  # noqa: ANN401 - as gql has it
        self.response = response
        if not isinstance(json_of(response), dict):
            raise TransportProtocolError("not an object")
        return super()._prepare_result(response)


class GraphQLClient:
    """The GraphQL endpoint at `path` of a client, or at an absolute URL of the same host."""

    def __init__(self, client: httpx.Client, path: str, dialect: Dialect) -> None:
        self._client = client
        self._path = path
        self._dialect = dialect

    def run(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        cost: int = 1,
        accept: Sequence[str] = (),
    ) -> GraphQLAnswer:
        """One request. Queries are safe to be sent again, mutations are not.

        Any error in the answer raises: RateLimited, PageTooLarge (also where only a part of the
        data came), SourceGone, SourceRejectedUs, UnexpectedPayload; those of the types in `accept`
        (GitHub's `NOT_FOUND`) come back instead, beside the data.
        """
        read = _read(document)
        extensions = {"safe": read.is_query, "cost": cost, "accept_errors": tuple(accept)}
        transport = _Kept(self._path, self._client)
        request = _Request(read, variables or {})
        what = f"{self._dialect.name} GraphQL"
        try:
            result = transport.execute(request, extra_args={"extensions": extensions})
        except TransportError as error:
            if error.__cause__ is not None:  # what our transport raised
                raise error.__cause__ from None
            raise UnexpectedPayload(f"{what}: the answer is not GraphQL's") from None
        errors = cast("list[dict[str, Any]]", result.errors or [])  # gql passes the JSON on
        refused = [error for error in errors if error.get("type") not in accept]
        if refused:
            message = str(refused[0].get("message", ""))[:300]
            kind = PageTooLarge if result.data else UnexpectedPayload
            raise kind(f"{what}: {message}")
        if not isinstance(result.data, dict):
            raise UnexpectedPayload(f"{what}: an answer without data")
        return GraphQLAnswer(result.data, date_of(transport.response), tuple(errors))


@dataclass(frozen=True, slots=True)
class _Read:
    document: DocumentNode
    text: str
    is_query: bool


class _Request(GraphQLRequest):
    """What is asked, with the document neither parsed nor printed again for each call."""

    def __init__(self, read: _Read, variables: Mapping[str, Any]) -> None:
        super().__init__(read.document, variable_values=dict(variables))
        self._text = read.text

    @property
    def payload(self) -> dict[str, Any]:
        variables = {"variables": self.variable_values} if self.variable_values else {}
        return {"query": self._text, **variables}


@lru_cache(maxsize=64)
def _read(document: str) -> _Read:
    parsed = gql(document).document
    is_query = all(
        definition.operation is OperationType.QUERY
        for definition in parsed.definitions
        if isinstance(definition, OperationDefinitionNode)
    )
    return _Read(parsed, print_ast(parsed), is_query)
