"""Repositories and accounts in the shapes of REST: mostly addresses."""

from datetime import datetime

from sync_assets.sandbox.github.node_ids import account_node_id
from sync_assets.sandbox.github.records import Account
from sync_assets.sandbox.github.times import time_text
from sync_assets.sandbox.repositories import Repository

_PLACES = [
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
]
_USER_PLACES = [
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
]


def user_shape(web: str, account: Account) -> dict[str, object]:
    """An account."""
    url = f"{web}/api/v3/users/{account.login}"
    return {
        "login": account.login,
        "id": account.database_id,
        "node_id": account.node_id,
        "avatar_url": f"{web}/avatars/u/{account.database_id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{web}/{account.login}",
        **{f"{place}_url": f"{url}/{place}" for place in _USER_PLACES},
        "type": account.kind,
        "site_admin": False,
    }


def repository_shape(
    web: str, repository: Repository, owner: Account, *, created_at: datetime, open_items: int
) -> dict[str, object]:
    """A repository."""
    url, page = f"{web}/api/v3/repos/{repository.name}", f"{web}/{repository.name}"
    at = time_text(created_at)
    counts = ("forks", "stargazers", "watchers", "subscribers", "network")
    return {
        "id": repository.number,
        "node_id": account_node_id("R", repository.number),
        "name": repository.name.partition("/")[2],
        "full_name": repository.name,
        "owner": user_shape(web, owner),
        "private": repository.private,
        "visibility": "private" if repository.private else "public",
        "html_url": page,
        "description": None,
        "fork": False,
        "url": url,
        **{f"{place}_url": f"{url}/{place.replace('git_', 'git/')}" for place in _PLACES},
        "git_url": f"{page}.git",
        "ssh_url": f"{page}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "default_branch": repository.default_branch,
        "archived": repository.archived,
        "disabled": False,
        "size": 0,
        **{f"{count}_count": 0 for count in counts},
        "forks": 0,
        "watchers": 0,
        "open_issues_count": open_items,
        "open_issues": open_items,
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "pushed_at": at,
        "created_at": at,
        "updated_at": at,
    }
