"""Has a vendor call us: by its API where that is allowed, else in steps for the operator."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from sync_assets.connectors.webhook import EVERYWHERE
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.errors import InvalidSettings, SourceError, SourceGone, SourceRejectedUs
from sync_assets.models import Answer
from sync_assets.stores import Stores
from sync_assets.webhooks.addresses import address_of
from sync_assets.webhooks.missed import APP_FORBIDDEN, FORBIDDEN, THE_APP
from sync_assets.webhooks.repositories import GITHUB, Repository, hook_client, repositories
from sync_assets.webhooks.steps import steps_of

if TYPE_CHECKING:
    from sync_assets.connectors.github.app import GitHubApp
    from sync_assets.connectors.github.hooks import Hook

LINEAR, NOTION = "linear", "notion"
SetupOutcome = Literal["created", "updated", "by_hand", "failed"]


class WebhookSetup(Answer):
    """What was done so that a vendor calls `url`. `place` is where: a repository, an App, or all of
    the vendor's. `steps` are left to the operator; `problem` is why our own way failed.
    """

    connector: str
    place: str
    url: str
    outcome: SetupOutcome
    hook: int | None
    steps: list[str]
    problem: str | None


def set_up(stores: Stores, wanted: str | None) -> list[WebhookSetup]:
    """For a connector or a source, without one for all that have sources; safe to repeat.

    Raises InvalidSettings where a setting is missing, and UnknownSource.
    """
    connectors, only = _wanted(stores, wanted)
    done: list[WebhookSetup] = []
    for connector in connectors:
        if connector == GITHUB:
            done += _github(stores, only)
        else:
            done.append(_linear(stores) if connector == LINEAR else _by_hand(stores, connector))
    return done


def _wanted(stores: Stores, wanted: str | None) -> tuple[Sequence[str], frozenset[str] | None]:
    """Connectors, and the source that is meant, None for all."""
    if wanted is None:
        used = {source.connector for source in stores.registry.all()}
        known = [name for name in WEBHOOKS if name in used]
        if not known:
            raise InvalidSettings(
                "No source of a vendor with webhooks is registered: name a connector"
                f" ({', '.join(WEBHOOKS)}), or register a source first"
            )
        return known, None
    if wanted in WEBHOOKS:
        return [wanted], None
    source = stores.registry.get(wanted)
    if source.connector not in WEBHOOKS:
        raise InvalidSettings(f"{wanted}: {source.connector} has no webhooks")
    return [source.connector], frozenset({source.source_id})


def _github(stores: Stores, only: frozenset[str] | None) -> Iterator[WebhookSetup]:
    """The App's hook, where we are one and it calls us; a hook for every repository that it is not
    told of.
    """
    from sync_assets.connectors.github.access import github_app

    url, settings = address_of(stores.settings, GITHUB), stores.settings
    if not settings.github_webhook_secret.get_secret_value():
        raise InvalidSettings(
            "SYNC_ASSETS_GITHUB_WEBHOOK_SECRET is empty: choose one (`openssl rand -hex 32`), set"
            " it, and start the receiver again"
        )
    app = github_app(settings, stores.http)
    by_app = None if app is None else _by_the_app(stores, app, url)
    if by_app is not None:
        yield by_app
    for repository in repositories(stores.registry.all()):
        if only is None or not only.isdisjoint(repository.source_ids):
            done = _hooked(stores, repository, url, None if by_app is None else app)
            if done is not None:
                yield done


def _by_the_app(stores: Stores, app: "GitHubApp", url: str) -> WebhookSetup | None:
    """None where its hook calls another address, or none: that is not ours to change."""
    from sync_assets.connectors.github.hooks import AppHookClient

    client = AppHookClient(app.client)
    try:
        if client.hook_at(url) is None:
            return None
        client.update_hook(url, stores.settings.github_webhook_secret)
    except (SourceGone, SourceRejectedUs):
        return _answer(GITHUB, THE_APP, url, "failed", problem=APP_FORBIDDEN)
    except SourceError as error:
        return _answer(GITHUB, THE_APP, url, "failed", problem=str(error))
    return _answer(GITHUB, THE_APP, url, "updated")


def _hooked(
    stores: Stores, repository: Repository, url: str, app: "GitHubApp | None"
) -> WebhookSetup | None:
    """None where the App's hook is told of the repository."""
    try:
        if app is not None and app.is_installed_on(repository.name):
            return None
        hook, outcome = _ensure(stores, repository, url)
    except (SourceGone, SourceRejectedUs):
        return _answer(GITHUB, repository.name, url, "failed", problem=FORBIDDEN)
    except SourceError as error:
        return _answer(GITHUB, repository.name, url, "failed", problem=str(error))
    return _answer(GITHUB, repository.name, url, outcome, hook=hook.id)


def _ensure(stores: Stores, repository: Repository, url: str) -> "tuple[Hook, SetupOutcome]":
    """The hook at our address, as we want it. What we cannot see is its secret: it is set anew."""
    from sync_assets.connectors.github.webhook import HOOK_EVENTS

    client, secret = hook_client(stores, repository), stores.settings.github_webhook_secret
    hook = client.hook_at(url)
    if hook is None:
        return client.create_hook(url, secret, HOOK_EVENTS), "created"
    return client.update_hook(hook.id, url, secret, HOOK_EVENTS), "updated"


def _linear(stores: Stores) -> WebhookSetup:
    """One webhook for all public teams, where the operator chose a secret; else in steps."""
    settings, url = stores.settings, address_of(stores.settings, LINEAR)
    secret = settings.linear_webhook_secret
    if not secret.get_secret_value() or not settings.linear_api_key.get_secret_value():
        return _by_hand(stores, LINEAR)
    from sync_assets.connectors.linear.client import graphql_client
    from sync_assets.connectors.linear.hooks import LinearHookClient

    client = LinearHookClient(graphql_client(settings, stores.http))
    try:
        hook = client.hook_at(url)
        if hook is None:
            client.create_hook(url, secret)
        else:
            client.update_hook(hook, secret)
    except SourceError as error:
        return _answer(LINEAR, EVERYWHERE, url, "failed", problem=str(error))
    return _answer(LINEAR, EVERYWHERE, url, "created" if hook is None else "updated")


def _by_hand(stores: Stores, connector: str) -> WebhookSetup:
    url = address_of(stores.settings, connector)
    waits = connector == NOTION and not stores.settings.webhook_secrets(NOTION)
    tells = waits and stores.handshakes.key(NOTION) is None
    closes_at = stores.handshakes.open(NOTION) if tells else None
    steps = steps_of(connector, url, closes_at=closes_at)
    return _answer(connector, EVERYWHERE, url, "by_hand", steps=steps)


def _answer(
    connector: str,
    place: str,
    url: str,
    outcome: SetupOutcome,
    *,
    hook: int | None = None,
    problem: str | None = None,
    steps: Sequence[str] = (),
) -> WebhookSetup:
    if outcome == "failed":
        steps = steps_of(connector, url)
    return WebhookSetup(
        connector=connector,
        place=place,
        url=url,
        outcome=outcome,
        hook=hook,
        steps=[*steps],
        problem=problem,
    )
