"""Pure: the versions of Vercel's documents, and what is told of those that are done."""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sync_assets.connectors.vercel.payloads import Deployment, Variable
from sync_assets.models import digest

_TOLD = ("state", "substate", "target", "branch", "commit", "url")
_ENDS = {"ready", "error", "canceled"}


def ended(metadata: Mapping[str, JsonValue]) -> Mapping[str, str] | None:
    """What is told of a deployment that came to an end, by its document's metadata."""
    if metadata.get("state") not in _ENDS:
        return None
    facts = {name: metadata.get(name) for name in _TOLD}
    if facts["url"]:
        facts["url"] = f"https://{facts['url']}"
    told = {name: str(fact) for name, fact in facts.items() if fact}
    return {"deployment": str(metadata["id"]), **told}


def deployment_version(deployment: Deployment) -> str:
    """Changes with all that changes in a deployment, and is the same from list and detail. While
    the log may grow it is another, so that the deployment is read once more when that is whole.
    """
    facts = [
        deployment.id,
        deployment.state,
        deployment.substate,
        deployment.target,
        deployment.ready_at,
        deployment.error_code,
        deployment.checks,
    ]
    log = ":log grows" if deployment.log_grows else ""
    return f"{deployment.state.lower()}:{digest(json.dumps(facts))[:16]}{log}"


def variables_version(project: str, variables: Sequence[Variable]) -> str:
    """Changes with the names and where they hold, and with the project's own."""
    facts = sorted((each.key, sorted(each.target), each.git_branch or "") for each in variables)
    return digest(json.dumps([project, facts]))
