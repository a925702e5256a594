"""git's smart HTTP protocol, read-only, over real repositories and the real `git upload-pack`.

https://git-scm.com/docs/gitprotocol-http and https://git-scm.com/docs/gitprotocol-v2
"""

import asyncio
import re
import tempfile
import zlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from starlette.datastructures import Headers, QueryParams
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sync_assets.sandbox.access import Tokens, basic_token, refusal
from sync_assets.sandbox.repositories import Repositories, Repository, git_environment
from sync_assets.sandbox.traffic import connection_of, request_of

_PARTIAL_CLONE = {"uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true"}
_V2_COMMAND = re.compile(rb"[0-9a-f]{4}command=([a-z-]+)")
_ADVERTISEMENT = b"001e# service=git-upload-pack\n0000"
_READ_BYTES = 64 * 1024
GIT_MEDIA_TYPES = (
    "application/x-git-upload-pack-advertisement",
    "application/x-git-upload-pack-result",
)
"""Never compressed on the way: packs are already."""


@dataclass(frozen=True, slots=True)
class GitHttp:
    """The two requests of a fetch. `partial_clone` False acts as a server without filters."""

    repositories: Repositories
    tokens: Tokens
    partial_clone: bool = True

    def routes(self) -> list[Route]:
        """`/owner/name.git/...`, and the same without `.git`, as GitHub has it."""
        return [
            Route("/{owner}/{name}/info/refs", _Endpoint(self, advertise=True), methods=["GET"]),
            Route(
                "/{owner}/{name}/git-upload-pack",
                _Endpoint(self, advertise=False),
                methods=["POST"],
            ),
        ]


@dataclass(frozen=True, slots=True)
class _Endpoint:
    git: GitHttp
    advertise: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_of(scope).service = "info/refs" if self.advertise else "fetch"
        with tempfile.TemporaryFile(buffering=0) as body:
            await _read_body(scope, receive, body)
            if not self.advertise:
                request_of(scope).service = _service(body)
            answer = self._open(scope)
            if isinstance(answer, Response):
                await answer(scope, receive, send)
            else:
                await self._upload_pack(answer, scope, body, send)

    def _open(self, scope: Scope) -> Repository | Response:
        """The repository that was asked for, or the answer that refuses it."""
        parameters = scope["path_params"]
        name = f"{parameters['owner']}/{parameters['name'].removesuffix('.git')}"
        repository = self.git.repositories.find(name)
        token = basic_token(Headers(scope=scope).get("authorization"))
        private = None if repository is None else repository.private
        status = refusal(self.git.tokens, token, name, private=private)
        if repository is None or status is not None:
            return _refuse(status or 404)
        service = QueryParams(scope["query_string"]).get("service")
        if self.advertise and service != "git-upload-pack":
            return PlainTextResponse("This sandbox serves git fetch only.", 403)
        return repository

    async def _upload_pack(
        self, repository: Repository, scope: Scope, body: IO[bytes], send: Send
    ) -> None:
        protocol = Headers(scope=scope).get("git-protocol", "")
        config = _PARTIAL_CLONE if self.git.partial_clone else {}
        environment = git_environment(config) | {"GIT_PROTOCOL": protocol}
        options = ("--advertise-refs",) if self.advertise else ()
        command = ("upload-pack", "--stateless-rpc", *options, str(repository.path))
        media_type = GIT_MEDIA_TYPES[0 if self.advertise else 1]
        headers = [
            (b"content-type", media_type.encode()),
            (b"cache-control", b"no-cache"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if self.advertise and "version=2" not in protocol:
            await send(_body(_ADVERTISEMENT))
        connection = connection_of(scope)
        async with _git(command, environment, body) as output:
            while data := await output.read(_READ_BYTES):
                await send(_body(data))
                if connection.closed.is_set():
                    return
        await send(_body(b"", more=False))


@asynccontextmanager
async def _git(
    arguments: tuple[str, ...], environment: Mapping[str, str], body: IO[bytes]
) -> AsyncGenerator[asyncio.StreamReader]:
    """A git process's output; the process has ended when the context does.

    Its messages are dropped: what concerns the client is in the output (`ERR` and side-band 3).
    """
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        stdin=body,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        yield process.stdout
    finally:
        if process.returncode is None and not process.stdout.at_eof():
            process.kill()
        while await process.stdout.read(_READ_BYTES):
            pass
        await process.wait()


async def _read_body(scope: Scope, receive: Receive, body: IO[bytes]) -> None:
    """Write the request's body, gunzipped if need be, to a file: git reads it as it likes."""
    zipped = Headers(scope=scope).get("content-encoding") in ("gzip", "x-gzip")
    gunzip = zlib.decompressobj(wbits=31)
    more = True
    while more:
        message = await receive()
        data: bytes = message.get("body", b"")
        body.write(gunzip.decompress(data) if zipped else data)
        more = message.get("more_body", False)
    body.seek(0)


def _service(body: IO[bytes]) -> str:
    """The command of protocol v2; before it every POST was a fetch."""
    command = _V2_COMMAND.match(body.read(64))
    body.seek(0)
    return command[1].decode() if command else "fetch"


def _refuse(status: int) -> Response:
    if status == 401:  # noqa: PLR2004 - HTTP's own number
        headers = {"www-authenticate": 'Basic realm="GitHub"'}
        return PlainTextResponse("Authentication required.", status, headers)
    return PlainTextResponse("Repository not found.", status)


def _body(data: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": more}
