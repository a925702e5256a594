"""What an App's hook is told of its installations. Pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation
"""

from collections.abc import Sequence

from sync_assets.sandbox.github.apps import PERMISSIONS, AppNews, Installation
from sync_assets.sandbox.github.node_ids import account_node_id
from sync_assets.sandbox.github.records import Account
from sync_assets.sandbox.github.repository_shape import user_shape
from sync_assets.sandbox.github.shapes import Shape
from sync_assets.sandbox.github.times import maybe_time, time_text
from sync_assets.sandbox.repositories import Repository

_NUMBER = 5725
"""Of every App: what names it to its API is another id."""


def installation_payload(
    news: AppNews, web: str, owner: Account, about: Sequence[Repository]
) -> Shape:
    """Of an event of an installation; `about` are the repositories that it is about."""
    listed, account = [_named(each) for each in about], user_shape(web, owner)
    shown: Shape = {
        "action": news.action,
        "installation": _installation(news.installation, web, owner),
        "requester": account if news.action == "created" else None,
        "sender": account,
    }
    if news.event == "installation":
        return shown | {"repositories": listed}
    return shown | {
        "repository_selection": _selection(news.installation),
        "repositories_added": [],
        "repositories_removed": [],
        f"repositories_{news.action}": listed,
    }


def part_of(installation: Installation) -> Shape:
    """What every other event says of the installation by which the App is told."""
    node = account_node_id("IN", installation.number)
    return {"installation": {"id": installation.number, "node_id": node}}


def _installation(installation: Installation, web: str, owner: Account) -> Shape:
    api, number = f"{web}/api/v3", installation.number
    account = user_shape(web, owner)
    return {
        "id": number,
        "account": account,
        "repository_selection": _selection(installation),
        "access_tokens_url": f"{api}/app/installations/{number}/access_tokens",
        "repositories_url": f"{api}/installation/repositories",
        "html_url": f"{web}/settings/installations/{number}",
        "app_id": _NUMBER,
        "app_slug": "sync-assets",
        "target_id": owner.database_id,
        "target_type": owner.kind,
        "permissions": PERMISSIONS,
        "events": [],
        "created_at": time_text(installation.made_at),
        "updated_at": time_text(installation.suspended_at or installation.made_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": account if installation.suspended else None,
        "suspended_at": maybe_time(installation.suspended_at),
    }


def _selection(installation: Installation) -> str:
    return "all" if f"{installation.owner}/*" in installation.repositories else "selected"


def _named(repository: Repository) -> Shape:
    return {
        "id": repository.number,
        "node_id": account_node_id("R", repository.number),
        "name": repository.name.partition("/")[2],
        "full_name": repository.name,
        "private": repository.private,
    }
