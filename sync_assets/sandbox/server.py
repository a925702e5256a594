"""The sandbox on a loopback port, in a thread of this process: START HERE.

with running_sandbox(root) as sandbox:
    repository = sandbox.repositories.create("acme/storefront")
    repository.commit({"README.md": "# Storefront"})
    git clone {sandbox.url}/acme/storefront.git
    tracker = sandbox.trackers.of("acme/storefront")
    issue = tracker.open_issue("The cart forgets", "It is empty after a reload.", labels=["bug"])
    tracker.comment(issue.number, "Only in private windows.", author="tomas")
    sandbox.repositories.rename("acme/storefront", "acme/shop")
    sandbox.hooks.add(repository.number, "http://127.0.0.1:8901/webhooks/github", secret="s3cret")
    repository.delete_branch("main")    # each such change is a signed call, from now on
    sandbox.post.drain()                # until all of them were made; mishaps: `post.py`

GitHub's addresses are those of its Enterprise Server: REST at `{url}/api/v3`, GraphQL at
`{url}/api/graphql` (needs one of `tokens`), raw files at `{url}/raw`. What a client asked stands in
`sandbox.requests`: a GraphQL query by its operation's name in `service`, with its `cost` in points
and the `nodes` it may return. `github/tracker.py` tells which action bumps which time.
"""

import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from uvicorn import Config

from sync_assets.errors import InvalidSettings
from sync_assets.sandbox.access import Tokens
from sync_assets.sandbox.connection import ConnectionProtocol
from sync_assets.sandbox.date_header import DateLayer
from sync_assets.sandbox.faults import FaultLayer, Faults
from sync_assets.sandbox.git_http import GIT_MEDIA_TYPES, GitHttp
from sync_assets.sandbox.github.app_hooks import AppHooks
from sync_assets.sandbox.github.app_tokens import AppTokens
from sync_assets.sandbox.github.apps import Apps, LiveTokens, SuspendedLayer
from sync_assets.sandbox.github.contents import Contents
from sync_assets.sandbox.github.courier import Courier
from sync_assets.sandbox.github.gate import Gate
from sync_assets.sandbox.github.git_data import GitData, Sizes
from sync_assets.sandbox.github.graphql import GraphQL
from sync_assets.sandbox.github.hook_api import HookApi
from sync_assets.sandbox.github.hooks import Hooks
from sync_assets.sandbox.github.issues import Issues
from sync_assets.sandbox.github.limits import LimitLayer, Limits
from sync_assets.sandbox.github.objects import Objects
from sync_assets.sandbox.github.rate_limit import RateLimit
from sync_assets.sandbox.github.raw import RawHost
from sync_assets.sandbox.github.tarball import Archives
from sync_assets.sandbox.github.trackers import Trackers
from sync_assets.sandbox.linear import events as linear_events
from sync_assets.sandbox.linear.api import LinearApi
from sync_assets.sandbox.linear.world import LinearWorld
from sync_assets.sandbox.link import Link, LinkLayer
from sync_assets.sandbox.notion import events as notion_events
from sync_assets.sandbox.notion.api import NotionApi
from sync_assets.sandbox.notion.gate import Gate as NotionGate
from sync_assets.sandbox.notion.world import NotionWorld
from sync_assets.sandbox.pages import Pages
from sync_assets.sandbox.post import Post
from sync_assets.sandbox.repositories import Repositories
from sync_assets.sandbox.slack import events as slack_events
from sync_assets.sandbox.slack.api import SlackApi
from sync_assets.sandbox.slack.world import SlackWorld
from sync_assets.sandbox.subscriptions import Subscriptions
from sync_assets.sandbox.traffic import Recorder, Request
from sync_assets.sandbox.uvicorn_thread import serving
from sync_assets.sandbox.vercel import events as vercel_events
from sync_assets.sandbox.vercel.api import VercelApi
from sync_assets.sandbox.vercel.world import VercelWorld

LOOPBACK = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 60
_SHUTDOWN_SECONDS = 2
_COMPRESSION = 4
"""Of answers to clients that take gzip: close to the best, at half its price."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. `requests` is its log and may be cleared; `link`, `limits` and `sizes`
    may be changed.
    """

    url: str
    repositories: Repositories
    link: Link
    trackers: Trackers
    vercel: VercelWorld
    slack: SlackWorld
    linear: LinearWorld
    notion: NotionWorld
    limits: Limits
    apps: Apps
    post: Post
    hooks: Hooks
    vercel_webhooks: Subscriptions
    slack_events: Subscriptions
    linear_webhooks: Subscriptions
    notion_webhooks: Subscriptions
    sizes: Sizes = field(default_factory=Sizes)
    faults: Faults = field(default_factory=Faults)
    requests: list[Request] = field(default_factory=list[Request])


@contextmanager
def running_sandbox(
    root: Path,
    *,
    port: int = 0,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    tokens: Tokens | None = None,
    link: Link | None = None,
    limits: Limits | None = None,
    partial_clone: bool = True,
) -> Generator[Sandbox]:
    """Serve the repositories under `root` until the context ends; port 0 takes a free one.

    `tokens` maps a token to patterns of the private repositories it may read. On leaving, open
    connections are cut and the thread has ended. InvalidSettings: the port is taken.
    """
    with (
        _listener(port) as listener,
        closing(Objects()) as objects,
        closing(Post()) as post,
    ):
        url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        repositories = Repositories(root, clock)
        limits = limits or Limits()
        apps = Apps(clock, limits)
        sandbox = Sandbox(
            url,
            repositories,
            link or Link(),
            Trackers(repositories),
            VercelWorld(clock),
            SlackWorld(clock),
            LinearWorld(clock),
            NotionWorld(clock),
            limits,
            apps,
            post,
            Hooks(clock, post),
            Subscriptions(post, clock, vercel_events.sign, vercel_events.SIGNATURE),
            Subscriptions(post, clock, slack_events.sign, slack_events.SIGNATURE),
            Subscriptions(post, clock, linear_events.sign, linear_events.SIGNATURE),
            Subscriptions(post, clock, notion_events.sign, notion_events.SIGNATURE),
        )
        known = LiveTokens(dict(tokens or {}), apps)
        git = GitHttp(sandbox.repositories, known, partial_clone)
        vercel_events.tell_events(sandbox.vercel, sandbox.vercel_webhooks)
        slack_events.tell_events(sandbox.slack, sandbox.slack_events)
        linear_events.tell_events(sandbox.linear, sandbox.linear_webhooks)
        notion_events.tell_events(sandbox.notion, sandbox.notion_webhooks)
        vercel = VercelApi(sandbox.vercel)
        slack = SlackApi(sandbox.slack)
        linear = LinearApi(sandbox.linear)
        notion = NotionApi(sandbox.notion, NotionGate(sandbox.notion))
        apis = [*slack.routes(), *linear.routes(), *notion.routes()]
        vendors = [*vercel.routes(), *apis]
        routes = [*git.routes(), *github_routes(sandbox, known, objects), *vendors]
        config = _config(_application(sandbox, routes, known))
        with serving(config, listener, name="sandbox"):
            yield sandbox


def serve(root: Path, port: int, ready: Callable[[Sandbox], object]) -> None:
    """Serve until interrupted (Ctrl-C); `ready` is called once the sandbox answers."""
    with suppress(KeyboardInterrupt), running_sandbox(root, port=port) as sandbox:
        ready(sandbox)
        threading.Event().wait()


@contextmanager
def _listener(port: int) -> Generator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Else the body of each answer waits 40 ms for an acknowledgement of its head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind((LOOPBACK, port))
            listener.listen()
        except OSError as error:
            raise InvalidSettings(f"the sandbox cannot use port {port}: {error.strerror}") from None
        yield listener


def github_routes(sandbox: Sandbox, tokens: Tokens, objects: Objects) -> list[Route]:
    """GitHub's API, raw host, archives and pages."""
    gate = Gate(sandbox.repositories, tokens)
    courier = Courier(sandbox.url, sandbox.trackers, sandbox.hooks, sandbox.apps)
    data = GitData(gate, objects, sandbox.sizes)
    return [
        *AppTokens(sandbox.apps).routes(),
        *AppHooks(sandbox.apps, sandbox.hooks).routes(),
        *RateLimit(sandbox.limits, tokens).routes(),
        *GraphQL(sandbox.trackers, objects, tokens, sandbox.sizes, sandbox.limits).routes(),
        *Issues(gate, sandbox.trackers).routes(),
        *HookApi(sandbox.repositories, tokens, sandbox.hooks, courier).routes(),
        *data.routes(),
        *Contents(data).routes(),
        *RawHost(gate, objects).routes(),
        *Archives(gate, objects).routes(),
        *Pages(sandbox.trackers).routes(),
    ]


def _application(sandbox: Sandbox, routes: Sequence[Route], tokens: Tokens) -> Starlette:
    middleware = [
        Middleware(Recorder, requests=sandbox.requests),
        Middleware(DateLayer, clock=sandbox.repositories.clock),
        Middleware(LinkLayer, link=sandbox.link),
        Middleware(
            GZipMiddleware,
            compresslevel=_COMPRESSION,
            exclude_content_types=("application/x-gzip", *GIT_MEDIA_TYPES),
        ),
        Middleware(FaultLayer, faults=sandbox.faults),
        Middleware(LimitLayer, limits=sandbox.limits, tokens=tokens),
        Middleware(SuspendedLayer, apps=sandbox.apps),
    ]
    return Starlette(routes=routes, middleware=middleware)


def _config(application: Starlette) -> Config:
    return Config(
        application,
        loop="asyncio",
        http=ConnectionProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
