"""Vercel's endpoints, by their names.

https://vercel.com/docs/rest-api
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from sync_assets.connectors.vercel import payloads
from sync_assets.connectors.vercel.dialect import VERCEL
from sync_assets.connectors.vercel.scope import Scope
from sync_assets.errors import UnexpectedPayload
from sync_assets.http.credentials import token_credential
from sync_assets.http.payload import date_of, parsed

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.clients import HttpClients
    from sync_assets.settings import Settings


class VercelClient:
    """Calls about one scope."""

    def __init__(self, client: "httpx.Client", scope: Scope) -> None:
        self._client = client
        self.scope = scope

    def list_deployments(self, limit: int, until: int | None = None) -> payloads.DeploymentPage:
        """Newest first, those created before `until` (ms)."""
        params: dict[str, str | int] = {**self.scope.params, "limit": limit}
        if self.scope.project is not None:
            params["projectId"] = self.scope.project
        if until is not None:
            params["until"] = until
        response = self._client.get("v7/deployments", params=params)
        page, at = parsed(response, payloads.PAGE), date_of(response)
        told = [each.as_told(at) for each in page.deployments]
        return page.model_copy(update={"deployments": told})

    def get_deployment(self, deployment: str) -> payloads.Deployment | None:
        """None where there is none for us: deleted, or no access."""
        response = self._client.get(
            f"v13/deployments/{deployment}",
            params=self.scope.params,
            extensions={"accept": (HTTPStatus.NOT_FOUND,)},
        )
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        return parsed(response, payloads.DETAIL).as_told(date_of(response))

    def get_deployment_events(self, deployment: str) -> list[payloads.BuildEvent]:
        """The whole build log, oldest first."""
        asked = {"builds": 1, "direction": "forward", "follow": 0, "limit": -1}
        response = self._client.get(
            f"v3/deployments/{deployment}/events", params={**self.scope.params, **asked}
        )
        return parsed(response, payloads.EVENTS) or []

    def list_deployment_files(self, deployment: str) -> list[payloads.SourceFile]:
        """The uploaded tree; empty where the source is a repository."""
        response = self._client.get(
            f"v6/deployments/{deployment}/files",
            params=self.scope.params,
            extensions={"accept": (HTTPStatus.NOT_FOUND,)},
        )
        if response.status_code == HTTPStatus.NOT_FOUND:
            return []
        return parsed(response, payloads.FILES)

    def get_project(self, project: str) -> payloads.Project:
        """By id or name."""
        return parsed(
            self._client.get(f"v9/projects/{project}", params=self.scope.params), payloads.PROJECT
        )

    def list_projects(self) -> Iterator[payloads.Project]:
        """All of the scope's team or account, to the last page."""
        until: int | None = None
        while True:
            params: dict[str, str | int] = {**self.scope.params, "limit": 100}
            if until is not None:
                params["until"] = until
            page = parsed(self._client.get("v10/projects", params=params), payloads.PROJECTS)
            yield from page.projects
            until = earlier(page.pagination.next, until)
            if until is None:
                return

    def list_project_env(self, project: str) -> list[payloads.Variable]:
        """Names of variables. `decrypt` is never asked for, and values have no field to be in."""
        found, until = list[payloads.Variable](), None
        while True:
            params: dict[str, str | int] = {**self.scope.params}
            if until is not None:
                params["until"] = until
            response = self._client.get(f"v10/projects/{project}/env", params=params)
            page = parsed(response, payloads.VARIABLES)
            found += page.envs
            until = earlier(page.pagination.next, until)
            if until is None:
                return found

    def post_deploy_hook(self, url: str, *, build_cache: bool) -> payloads.Job:
        """Start a deployment; `url` is itself the secret."""
        response = self._client.post(
            url,
            params=None if build_cache else {"buildCache": "false"},
            extensions={"secret_path": True},
        )
        return parsed(response, payloads.HOOKED).job


def earlier(following: int | None, now: int | None) -> int | None:
    """The `until` of the next page, None at the end. Raises UnexpectedPayload where pages do not
    go back in time: they would never end.
    """
    if following is not None and now is not None and following >= now:
        raise UnexpectedPayload("Vercel: the next page begins where this one did")
    return following


def open_client(settings: "Settings", http: "HttpClients", scope: Scope) -> VercelClient:
    """The client of the settings' account."""
    url = str(settings.vercel_api_url)
    credential = token_credential(settings.vercel_token)
    return VercelClient(http.client(VERCEL, url, credential), scope)
