"""The HTTP clients of one process: one a vendor, host and credential, made on demand."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from sync_assets.control.budgets import BudgetStore, MemoryBudgets
from sync_assets.control.database import Clock, utc_now
from sync_assets.http.kept import KeptAnswers
from sync_assets.http.policy import Priority, Rules
from sync_assets.http.usage import Usage

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.credentials import Credential
    from sync_assets.http.dialect import Dialect
    from sync_assets.http.rate_limit import Governor

TIMEOUT_SECONDS = 30.0
T = TypeVar("T")


class HttpClients:
    """Gives `httpx.Client`s whose every call passes the governor and raises typed errors.

    Without `budgets` the process knows of its own calls alone; without `kept` no answer is kept for
    conditional requests. Thread-safe; end with `close`.
    """

    def __init__(
        self,
        *,
        budgets: BudgetStore | None = None,
        rules: Rules | None = None,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        timeout_seconds: float = TIMEOUT_SECONDS,
        kept: KeptAnswers | None = None,
    ) -> None:
        self.clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._timeout_seconds = timeout_seconds
        self._answers = kept
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._clients: dict[tuple[str, str, str], httpx.Client] = {}
        self._budgets = budgets or MemoryBudgets()
        self._rules = rules or Rules()
        self._priority = Priority.SCHEDULE
        self._opened: Governor | None = None
        self._kept: dict[str, object] = {}

    def client(self, dialect: "Dialect", base_url: str, credential: "Credential") -> "httpx.Client":
        """The client of that vendor, address and credential; the same one every time."""
        from sync_assets.http.client import open_client

        key = (dialect.name, base_url, credential.key)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = open_client(
                    dialect,
                    base_url,
                    credential,
                    governor=self._governor(),
                    clock=self.clock,
                    monotonic=self._monotonic,
                    sleep=self._sleep,
                    timeout_seconds=self._timeout_seconds,
                    kept=self._answers,
                )
            return self._clients[key]

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What was made under that name for these clients, in this process; made now if nothing
        was. For what signs requests: it is to be one object, whoever asks.
        """
        with self._making:
            if name not in self._kept:
                self._kept[name] = make()
            return cast("T", self._kept[name])

    def forget(self, subject: str) -> None:
        """What is kept of answers about that subject, as `extensions["keep"]` named it: it moved,
        or is ours no more. Whoever asks next is sent the whole.
        """
        if self._answers is not None:
            self._answers.forget(subject)

    @property
    def priority(self) -> Priority:
        """For whom calls are made from now on."""
        return self._priority

    @priority.setter
    def priority(self, priority: Priority) -> None:
        with self._lock:
            self._priority = priority
            if self._opened is not None:
                self._opened.priority = priority

    def usage(self) -> list[Usage]:
        """Calls, points and bytes so far, by vendor and resource, and what is left."""
        with self._lock:
            return [] if self._opened is None else self._opened.usage()

    def close(self) -> None:
        """Close all connections, and give back what was granted and not used."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            if self._opened is not None:
                self._opened.close()

    def _governor(self) -> "Governor":
        from sync_assets.http.rate_limit import Governor

        if self._opened is None:
            self._opened = Governor(
                self._budgets, self._rules, clock=self.clock, monotonic=self._monotonic
            )
            self._opened.priority = self._priority
        return self._opened
