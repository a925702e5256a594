"""Pure: whose deployments a source is about."""

import re
from dataclasses import dataclass

from sync_assets.errors import InvalidSettings

SCOPE_FORMAT = "PROJECT, TEAM/PROJECT, or TEAM/* for all of a team's projects"
_SCOPE = re.compile(r"(?:(?P<team>[A-Za-z0-9_-]{1,100})/)?(?P<project>[A-Za-z0-9._-]{1,100}|\*)")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose deployments: of one project, or of all projects of a team (`project` None).

    `team` is a slug or a `team_...` id; None is the token's own account.
    """

    team: str | None
    project: str | None

    @property
    def params(self) -> dict[str, str]:
        """The query parameters that say which team."""
        if self.team is None:
            return {}
        return {"teamId" if self.team.startswith("team_") else "slug": self.team}

    def is_of(self, *project: str | None) -> bool:
        """Whether something of the project of that name and id is in it."""
        return self.project is None or self.project in project

    def __str__(self) -> str:
        """As `scope_of` reads it."""
        return "/".join(part for part in (self.team, self.project or "*") if part)


def scope_of(text: str) -> Scope:
    """The parts of a scope. Raises InvalidSettings."""
    found = _SCOPE.fullmatch(text.strip())
    project = found["project"] if found else None
    if found is None or (project == "*" and found["team"] is None):
        raise InvalidSettings(f"scope {text!r}: vercel needs {SCOPE_FORMAT}")
    return Scope(found["team"], None if project == "*" else project)
