"""From what happens in repositories and trackers to the hooks that hear of it."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from sync_assets.sandbox.github.app_payloads import installation_payload, part_of
from sync_assets.sandbox.github.apps import AppNews, Apps
from sync_assets.sandbox.github.hook_shapes import HookShapes
from sync_assets.sandbox.github.hooks import Hook, Hooks, app_place
from sync_assets.sandbox.github.payloads import (
    ping_payload,
    ref_payloads,
    repository_payload,
    tracker_payload,
)
from sync_assets.sandbox.github.push_commits import is_forced, pushed_commits
from sync_assets.sandbox.github.shapes import Shape, Shapes
from sync_assets.sandbox.github.tracker_news import TrackerNews
from sync_assets.sandbox.github.trackers import Trackers
from sync_assets.sandbox.news import RefMoved, RepositoryChanged, RepositoryNews
from sync_assets.sandbox.repositories import Repository

_REF_EVENTS = ("push", "create", "delete")


class Courier:
    """Hears all news from its making on. A payload is made where somebody subscribed to it, of
    what is true at the moment of the event.
    """

    def __init__(self, web: str, trackers: Trackers, hooks: Hooks, apps: Apps) -> None:
        self._web = web
        self._trackers = trackers
        self._hooks = hooks
        self._apps = apps
        trackers.watchers.append(self._tracker)
        trackers.repositories.watchers.append(self._repository)
        apps.watchers.append(self._installation)

    def ping(self, hook: Hook, repository: Repository, shown: Shape) -> None:
        """What a hook hears when it is made, or on demand; `shown` is its shape in REST."""
        with self._trackers.lock:
            payload = ping_payload(shown, hook.number, self._shapes(repository))
        self._hooks.send([hook], "ping", payload)

    def _tracker(self, news: TrackerNews) -> None:
        repository = self._trackers.repositories.numbered(news.repository)
        if repository is None:
            return
        apps = self._told(repository.name)
        places = (repository.number, _owner(repository.name), *apps)
        hooks = self._hooks.hearing(news.event, *places)
        if not hooks:
            return
        other = None
        if news.moved is not None:
            there = self._trackers.repositories.numbered(news.moved[0])
            other = None if there is None else self._shapes(there)
        payload = tracker_payload(news, self._shapes(repository), other)
        self._hooks.send(hooks, news.event, payload, apps)

    def _repository(self, news: RepositoryNews) -> None:
        if isinstance(news, RefMoved):
            self._ref(news)
        else:
            self._changed(news)

    def _ref(self, moved: RefMoved) -> None:
        repository = self._trackers.repositories.numbered(moved.repository)
        if repository is None:
            return
        apps = self._told(repository.name)
        places = (repository.number, _owner(repository.name), *apps)
        if not any(self._hooks.hearing(event, *places) for event in _REF_EVENTS):
            return
        commits, forced = pushed_commits(repository, moved), is_forced(repository, moved)
        with self._trackers.lock:
            payloads = ref_payloads(moved, self._shapes(repository), commits, forced=forced)
        for event, payload in payloads.items():
            self._hooks.send(self._hooks.hearing(event, *places), event, payload, apps)

    def _changed(self, changed: RepositoryChanged) -> None:
        """A deletion is told to organizations only, and a repository's own hooks are gone."""
        owner = _owner(changed.name)
        is_deleted = changed.action == "deleted"
        apps = self._told(changed.name)
        places = (owner,) if is_deleted else (changed.repository, owner, *apps)
        hooks = self._hooks.hearing("repository", *places)
        if hooks:
            repository = Repository(changed.name, changed.place, self._trackers.clock)
            former_owner = None
            if changed.action == "transferred" and changed.former is not None:
                former_owner = self._trackers.accounts.owner(changed.former)
            with self._trackers.lock:
                payload = repository_payload(changed, self._shapes(repository), former_owner)
            self._hooks.send(hooks, "repository", payload, apps)
        if is_deleted:
            for hook in self._hooks.of(changed.repository):
                self._hooks.remove(hook)

    def _installation(self, news: AppNews) -> None:
        """Told to the App alone, whatever it subscribed to."""
        hooks = [hook for hook in self._hooks.of(app_place(news.installation.app)) if hook.active]
        if not hooks:
            return
        about = [
            repository
            for repository in self._trackers.repositories.all()
            if any(fnmatchcase(repository.name, pattern) for pattern in news.patterns)
        ]
        with self._trackers.lock:
            owner = self._trackers.accounts.owner(news.installation.owner)
            payload = installation_payload(news, self._web, owner, about)
        self._hooks.send(hooks, news.event, payload)

    def _told(self, name: str) -> Mapping[int | str, Shape]:
        """The places of Apps that hear of a repository, with what they alone are told."""
        there = [each for each in self._apps.on(name) if not each.suspended]
        return {app_place(each.app): part_of(each) for each in there}

    def _shapes(self, repository: Repository) -> HookShapes:
        owner = self._trackers.accounts.owner(_owner(repository.name))
        tracker = self._trackers.of(repository)
        shapes = Shapes(self._web, repository, tracker, owner)
        return HookShapes(shapes, self._hooks.now.replace(microsecond=0))


def _owner(name: str) -> str:
    return name.partition("/")[0]
