"""Pure: Vercel's JSON -> documents."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from sync_assets.connectors.vercel.facts import deployment_version, variables_version
from sync_assets.connectors.vercel.logs import excerpt
from sync_assets.connectors.vercel.payloads import Deployment, SourceFile, Variable
from sync_assets.models import Document, ListingEntry

MOST_FILES = 2_000
_STATES = {"BLOCKED": "blocked", "CANCELED": "cancelled", "ERROR": "failed"}


def deployment_document(
    entry: ListingEntry,
    deployment: Deployment,
    log: Sequence[str],
    files: Sequence[SourceFile],
) -> Document:
    """A deployment with its build log, an excerpt where that is long."""
    facts = _commit_facts(deployment.meta)
    commit, branch = facts["commit"], facts["branch"]
    target = deployment.target or "preview"
    names: list[JsonValue] = [deployment.id]
    names += [f"https://{host}" for host in (deployment.url, *deployment.aliases) if host]
    links: list[JsonValue] = [{"kind": "runs", "target": f"commit:{commit}"}] if commit else []
    return Document(
        document_id=entry.document_id,
        key=entry.key,
        version=deployment_version(deployment),
        title=f"{deployment.name}, {target}: {_state(deployment)}",
        url=deployment.inspector_url or f"https://{deployment.url}",
        text="\n".join(_lines(deployment, log, files)) + "\n",
        author=deployment.creator.shown,
        created_at=_time(deployment.created),
        updated_at=_time(_ended(deployment) or deployment.created),
        metadata={
            "id": deployment.id,
            "state": deployment.state.lower(),
            "substate": deployment.substate,
            "target": target,
            "branch": branch,
            "commit": commit,
            "url": deployment.url,
            "aliases": [*deployment.aliases],
            "build_seconds": _seconds(deployment),
            "log_lines": len(log),
            "links": links,
            "names": names,
        },
    )


def variables_document(
    entry: ListingEntry, project: str, variables: Sequence[Variable]
) -> Document:
    """The names of a project's environment variables; no value is known here."""
    ordered = sorted(variables, key=lambda each: (each.key, each.target, each.git_branch or ""))
    lines = [f"# Environment variables of {project}", ""]
    for each in ordered:
        where = ", ".join(sorted(each.target)) or "no environment"
        branch = f", branch {each.git_branch}" if each.git_branch else ""
        lines.append(f"- `{each.key}` ({where}{branch})")
    return Document(
        document_id=entry.document_id,
        key=entry.key,
        version=variables_version(project, variables),
        title=f"{project}: environment variables",
        url=f"https://vercel.com/d?to=%2F%5Bteam%5D%2F{project}%2Fsettings%2Fenvironment-variables",
        text="\n".join(lines) + "\n",
        metadata={"project": project, "keys": [each.key for each in ordered]},
    )


def _lines(
    deployment: Deployment, log: Sequence[str], files: Sequence[SourceFile]
) -> Iterator[str]:
    target = deployment.target or "preview"
    yield f"# Deployment of {deployment.name} to {target}: {_state(deployment)}"
    yield ""
    facts = {**_own_facts(deployment), **_commit_facts(deployment.meta)}
    yield from (f"- {label}: {' '.join(fact.split())}" for label, fact in facts.items() if fact)
    if files:
        paths = sorted(_paths(files))
        yield from ("", "## Source files", "", *(f"- {path}" for path in paths[:MOST_FILES]))
        if len(paths) > MOST_FILES:
            yield f"- ... {len(paths) - MOST_FILES} more"
    if log:
        yield from ("", "## Build log", "", "```", *excerpt([*log]), "```")


def _own_facts(deployment: Deployment) -> dict[str, str | None]:
    """Label -> fact, where there is one."""
    seconds = _seconds(deployment)
    by = f" by {deployment.creator.shown}" if deployment.creator.shown else ""
    error = f"{deployment.error_code or ''} {deployment.error_message or ''}".strip()
    step = f" (step {deployment.error_step})" if error and deployment.error_step else ""
    return {
        "id": deployment.id,
        "address": deployment.url and f"https://{deployment.url}",
        "created": f"{_time(deployment.created):%Y-%m-%d %H:%M:%S} UTC{by}",
        "build time": None if seconds is None else f"{seconds} s",
        "checks": deployment.checks,
        "error": error + step,
    }


def _commit_facts(meta: Mapping[str, str]) -> dict[str, str | None]:
    organization, repository = meta.get("githubOrg"), meta.get("githubRepo")
    source = f"{organization}/{repository}" if organization and repository else None
    number = meta.get("githubPrId")
    return {
        "branch": meta.get("githubCommitRef") or meta.get("gitlabCommitRef"),
        "commit": meta.get("githubCommitSha") or meta.get("gitlabCommitSha"),
        "commit message": meta.get("githubCommitMessage") or meta.get("gitlabCommitMessage"),
        "commit author": meta.get("githubCommitAuthorLogin"),
        "repository": source,
        "pull request": f"{source}#{number}" if source and number else None,
    }


def _paths(files: Sequence[SourceFile], folder: str = "") -> Iterator[str]:
    for file in files:
        path = f"{folder}{file.name}"
        if file.type == "directory":
            yield from _paths(file.children, f"{path}/")
        else:
            yield path


def _state(deployment: Deployment) -> str:
    state = _STATES.get(deployment.state, deployment.state.lower())
    return f"{state}, {deployment.substate.lower()}" if deployment.substate else state


def _ended(deployment: Deployment) -> int | None:
    return deployment.ready_at or deployment.failed_at or deployment.canceled_at


def _seconds(deployment: Deployment) -> int | None:
    """Of building, once it has ended."""
    ended = _ended(deployment)
    if deployment.building_at is None or ended is None or deployment.is_running:
        return None
    return round((ended - deployment.building_at) / 1000)


def _time(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
