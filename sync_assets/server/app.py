"""The receiver of webhooks: START HERE. Routes and what stands behind each.

POST /webhooks/{connector}   a vendor's call: `receiver.py`
GET  /healthz                this process answers
GET  /readyz                 so does the control database
GET  /metrics                for Prometheus: `metrics.py`
GET  /openapi.json           all of this, for programs: `openapi.py`
"""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import SecretStr
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.control.database import Clock, ControlDatabase, utc_now
from sync_assets.control.handshakes import Handshakes
from sync_assets.control.inbox import Inbox
from sync_assets.control.intake import Intake
from sync_assets.control.schema import instance
from sync_assets.errors import StoreUnavailable
from sync_assets.server.answers import HealthAnswer
from sync_assets.server.bodies import Bodies
from sync_assets.server.metrics import DeliveryCounts, StateCollector
from sync_assets.server.openapi import document
from sync_assets.server.receiver import UNKNOWN, Receiver
from sync_assets.settings import Settings

BUSY_SECONDS = 2.5
"""How long to wait for another process's write: Slack wants its answer within 3 s."""


def create_app(
    settings: Settings,
    database: ControlDatabase,
    *,
    clock: Clock = utc_now,
    bodies: Bodies | None = None,
) -> Starlette:
    """The app over an open control database, which it closes when it ends."""
    registry = CollectorRegistry()
    counts = DeliveryCounts(registry, (*WEBHOOKS, UNKNOWN))
    registry.register(StateCollector(database, clock))
    intake = Intake(Inbox(database, clock))
    handshakes = Handshakes(database, settings.home, clock)
    receiver = Receiver(settings, handshakes, intake, bodies or Bodies(), counts, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        await asyncio.to_thread(intake.close)
        database.close()

    app = Starlette(
        routes=[
            Route("/webhooks/{connector}", receiver.receive, methods=["POST"]),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz(database)),
            Route("/metrics", _metrics(registry, settings.server_token)),
            Route("/openapi.json", _openapi),
        ],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # no vendor follows a redirect
    return app


async def _healthz(_: Request) -> Response:
    return _health(HealthAnswer(status="alive"), 200)


def _readyz(database: ControlDatabase) -> Callable[[Request], Response]:
    def readyz(_: Request) -> Response:  # not async: Starlette calls it in a thread
        try:
            with database.read() as connection:
                connection.execute(select(instance.c.instance_id))
        except StoreUnavailable:
            return _health(HealthAnswer(status="unavailable"), 503)
        return _health(HealthAnswer(status="ready"), 200)

    return readyz


def _metrics(registry: CollectorRegistry, token: SecretStr) -> Callable[[Request], Response]:
    expected = f"Bearer {token.get_secret_value()}".encode()

    def metrics(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if token.get_secret_value() and not hmac.compare_digest(given, expected):
            return PlainTextResponse("Unauthorized", 401, {"www-authenticate": "Bearer"})
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return metrics


async def _openapi(_: Request) -> Response:
    return JSONResponse(document())


def _health(answer: HealthAnswer, status: int) -> Response:
    return JSONResponse(answer.model_dump(), status)
