"""Which repository an API request is about, and whether the client may see it."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.access import Tokens, api_token, refusal
from sync_assets.sandbox.github.answers import base_url, failure, not_found
from sync_assets.sandbox.repositories import Repositories, Repository

REST = "/api/v3"
Endpoint = Callable[[Request, Repository], Response]


@dataclass(frozen=True, slots=True)
class Gate:
    """Private repositories need a token that reads them; a wrong token opens nothing at all."""

    repositories: Repositories
    tokens: Tokens

    def routes(self, path: str, endpoint: Endpoint, *methods: str) -> list[Route]:
        """Routes to an endpoint below a repository, by its name and by its immutable number."""

        def enter(request: Request) -> Response:
            found = self.repository(request)
            return found if isinstance(found, Response) else endpoint(request, found)

        allowed = list(methods or ("GET",))
        places = (f"{REST}/repos/{{owner}}/{{name}}", f"{REST}/repositories/{{number:int}}")
        return [Route(place + path, enter, methods=allowed) for place in places]

    def repository(self, request: Request) -> Repository | Response:
        """The repository, or the answer that refuses it: 301 where it was renamed."""
        facts = request.path_params
        if "number" in facts:
            found = self.repositories.numbered(facts["number"])
            return self.admit(request, found, "" if found is None else found.name)
        name = f"{facts['owner']}/{facts['name']}"
        found = self.repositories.find(name)
        moved = None if found else self.repositories.moved(name)
        entered = self.admit(request, found or moved, name)
        return entered if moved is None or isinstance(entered, Response) else _moved(request, moved)

    def admit(self, request: Request, found: Repository | None, name: str) -> Repository | Response:
        """The repository if the client may read it, else 401 or 404."""
        token = api_token(request.headers.get("authorization"))
        if token is not None and token not in self.tokens:
            return failure(401, "Bad credentials")
        private = None if found is None else found.private
        refused = refusal(
            self.tokens, token, name if found is None else found.name, private=private
        )
        return not_found() if found is None or refused else found


def _moved(request: Request, repository: Repository) -> Response:
    path: str = request.scope["raw_path"].decode()
    _, _, _, rest = f"{path.removeprefix(REST)}/".removeprefix("/repos").split("/", 3)
    query = f"?{request.url.query}" if request.url.query else ""
    place = f"{base_url(request)}{REST}/repositories/{repository.number}"
    url = f"{place}/{rest}".rstrip("/") + query
    message = {
        "message": "Moved Permanently",
        "url": url,
        "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
    }
    return JSONResponse(message, 301, {"location": url})
