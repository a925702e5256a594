"""Pure: the versions of Vercel's documents."""

import json
from collections.abc import Sequence

from sync_assets.connectors.vercel.payloads import Deployment, Variable
from sync_assets.models import digest


def deployment_version(deployment: Deployment) -> str:
    """Changes with all that changes in a deployment, and is the same from list and detail."""
    facts = [
        deployment.id,
        deployment.state,
        deployment.substate,
        deployment.target,
        deployment.ready_at,
        deployment.error_code,
        deployment.checks,
    ]
    return f"{deployment.state.lower()}:{digest(json.dumps(facts))[:16]}"


def variables_version(variables: Sequence[Variable]) -> str:
    """Changes with the names and where they hold."""
    facts = sorted((each.key, sorted(each.target), each.git_branch or "") for each in variables)
    return digest(json.dumps(facts))
