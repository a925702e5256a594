"""Slack's Web API over the world: cursors, limits a method, failures with status 200.

https://docs.slack.dev/reference/methods: conversations.history, conversations.replies,
conversations.info, users.list, users.info, auth.test; by GET or POST, as clients like.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.slack import shapes
from sync_assets.sandbox.slack.world import TEAM, TEAM_URL, Channel, SlackWorld
from sync_assets.sandbox.traffic import request_of

PREFIX = "/slack/api"
_MINUTE = 60
Asked = Mapping[str, str]
Method = Callable[[Asked], shapes.Json]


class _Failed(Exception):
    """The `error` of an answer that is not `ok`."""


@dataclass(slots=True)
class _Window:
    begun: float = 0.0
    used: int = 0


@dataclass(frozen=True, slots=True)
class SlackApi:
    """`/slack/api/...` of the sandbox."""

    world: SlackWorld
    _windows: dict[str, _Window] = field(default_factory=dict[str, _Window])

    def routes(self) -> list[Route]:
        """Every method that we call."""
        methods: dict[str, Method] = {
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.info": lambda asked: {"channel": shapes.channel(self._channel(asked))},
            "users.list": self._users,
            "users.info": self._user,
            "auth.test": lambda _: {
                "url": TEAM_URL,
                "team": "Acme",
                "team_id": TEAM,
                "user": "sync",
                "user_id": "USYNC",
                "bot_id": "BSYNC",
            },
        }
        return [
            Route(f"{PREFIX}/{name}", self._served(name, each), methods=["GET", "POST"])
            for name, each in methods.items()
        ]

    def _served(self, name: str, method: Method) -> Callable[[Request], object]:
        async def served(request: Request) -> Response:
            request_of(request.scope).service = f"slack {name}"
            wait = self._charge(name)
            if wait:
                body = {"ok": False, "error": "ratelimited"}
                return JSONResponse(body, 429, {"retry-after": str(wait)})
            asked = dict(request.query_params)
            if request.method == "POST":
                asked |= dict(parse_qsl((await request.body()).decode()))
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            try:
                if token not in self.world.tokens:
                    raise _Failed("invalid_auth" if token else "not_authed")  # noqa: TRY301 - one place answers
                if self.world.error:
                    raise _Failed(self.world.error)  # noqa: TRY301 - as above
                return JSONResponse({"ok": True, **method(asked)})
            except _Failed as failed:
                return JSONResponse({"ok": False, "error": str(failed)})

        return served

    def _charge(self, name: str) -> int:
        """Seconds to wait, 0 where the method may be called."""
        most = self.world.calls_a_minute.get(name)
        if most is None:
            return 0
        now, window = self.world.now.timestamp(), self._windows.setdefault(name, _Window())
        if now >= window.begun + _MINUTE:
            window.begun, window.used = now, 0
        window.used += 1
        return 0 if window.used <= most else max(1, round(window.begun + _MINUTE - now))

    def _channel(self, asked: Asked) -> Channel:
        found = self.world.channels.get(asked.get("channel", ""))
        if found is None:
            raise _Failed("channel_not_found")
        return found

    def _readable(self, asked: Asked) -> Channel:
        found = self._channel(asked)
        if not found.has_bot:
            raise _Failed("not_in_channel")
        return found

    def _history(self, asked: Asked) -> shapes.Json:
        channel = self._readable(asked)
        shown = [each for each in channel.messages.values() if self.world.is_visible(each)]
        hidden = len(shown) < len(channel.messages)
        items = sorted(
            (each for each in shown if each.thread is None or each.is_broadcast),
            key=lambda each: each.ts,
            reverse=True,
        )
        wanted = [each for each in items if _within(each.ts, asked)]
        position = _position(asked)
        if position:
            wanted = [each for each in wanted if each.ts < position]
        size = self._size(asked)
        page, rest = wanted[:size], wanted[size:]
        answer: shapes.Json = {"messages": [shapes.message(channel, each) for each in page]}
        if hidden:
            answer["is_limited"] = True
        return answer | self._more(page[-1].ts if page else "", has_more=bool(rest))

    def _replies(self, asked: Asked) -> shapes.Json:
        channel = self._readable(asked)
        parent = channel.messages.get(asked.get("ts", ""))
        if parent is None or not self.world.is_visible(parent):
            raise _Failed("thread_not_found")
        if parent.thread:
            parent = channel.messages[parent.thread]
        position = _position(asked)
        wanted = [
            each
            for each in channel.replies(parent.ts)
            if _within(each.ts, asked) and each.ts > position
        ]
        size = max(1, self._size(asked) - 1)
        page, rest = wanted[:size], wanted[size:]
        shown = [shapes.message(channel, each) for each in (parent, *page)]
        return {"messages": shown} | self._more(page[-1].ts if page else "", has_more=bool(rest))

    def _users(self, asked: Asked) -> shapes.Json:
        position, size = _position(asked), self._size(asked)
        names = [each for each in sorted(self.world.members) if each > position]
        page = names[:size]
        members = [shapes.member(self.world.members[each]) for each in page]
        cursor = _cursor(page[-1]) if len(names) > size else ""
        return {"members": members, "cache_ts": 1, "response_metadata": {"next_cursor": cursor}}

    def _user(self, asked: Asked) -> shapes.Json:
        found = self.world.members.get(asked.get("user", ""))
        if found is None:
            raise _Failed("user_not_found")
        return {"user": shapes.member(found)}

    def _more(self, last: str, *, has_more: bool) -> shapes.Json:
        if has_more and self.world.lies > 0:
            self.world.lies -= 1
            has_more = False
        told: shapes.Json = {"has_more": has_more}
        if has_more:
            told["response_metadata"] = {"next_cursor": _cursor(last)}
        return told

    def _size(self, asked: Asked) -> int:
        try:
            size = int(asked.get("limit", "100"))
        except ValueError:
            raise _Failed("invalid_limit") from None
        return max(1, min(size, self.world.most_a_page))


def _within(ts: str, asked: Asked) -> bool:
    oldest, latest = asked.get("oldest"), asked.get("latest")
    if asked.get("inclusive") in {"1", "true", "True"}:
        return (not oldest or ts >= oldest) and (not latest or ts <= latest)
    return (not oldest or ts > oldest) and (not latest or ts < latest)


def _cursor(last: str) -> str:
    return base64.b64encode(f"next:{last}".encode()).decode()


def _position(asked: Asked) -> str:
    """The last item of the page before; empty at the first."""
    cursor = asked.get("cursor", "")
    if not cursor:
        return ""
    try:
        return base64.b64decode(cursor, validate=True).decode().removeprefix("next:")
    except ValueError:
        raise _Failed("invalid_cursor") from None
