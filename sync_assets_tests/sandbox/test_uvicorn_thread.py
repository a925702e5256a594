import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from uvicorn import Config

from sync_assets.sandbox.uvicorn_thread import serving


def config(application: Starlette) -> Config:
    return Config(application, ws="none", lifespan="on", log_config=None)


def test_a_server_answers_until_its_block_ends_whoever_is_still_connected():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, trust_env=False) as client:
            with serving(config(Starlette()), listener, name="server"):
                assert client.get("/").status_code == 404
            with pytest.raises(httpx.TransportError):
                client.get("/")


def test_a_server_that_cannot_start_is_an_error():
    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncGenerator[None]:
        if application.routes == []:
            raise OSError("no such database")
        yield

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(RuntimeError, match="The server did not start"),
        serving(config(Starlette(lifespan=lifespan)), listener, name="server"),
    ):
        pass
