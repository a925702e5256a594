"""How GitHub's REST API answers: JSON with an ETag, and its shapes of failure."""

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_DOCUMENTATION = "https://docs.github.com/rest"


def failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as every endpoint shapes it."""
    body = {"message": message, "documentation_url": _DOCUMENTATION, "status": str(status)}
    return JSONResponse(body, status, headers)


def not_found() -> Response:
    """For what is not there, and for what may not be seen: the two look the same."""
    return failure(404, "Not Found")


def tagged(request: Request, response: Response, tag: str | None = None) -> Response:
    """The answer with its ETag; 304 without a body where the client has it already.

    https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """
    who = request.headers.get("authorization", "").encode()  # GitHub's are each token's own
    value = tag or hashlib.sha256(who + b"\n" + bytes(response.body)).hexdigest()
    etag = f'"{value}"'
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    if etag in [each.removeprefix("W/") for each in known]:
        return Response(status_code=304, headers={"etag": etag})
    response.headers["etag"] = etag
    return response


def base_url(request: Request) -> str:
    """The sandbox's address as the client knows it."""
    return f"{request.url.scheme}://{request.url.netloc}"


def api_url(request: Request, name: str) -> str:
    """The API's address of a repository `owner/name`."""
    return f"{base_url(request)}/api/v3/repos/{name}"
