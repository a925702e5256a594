"""The version of an issue: a digest of facts that change when its text does. Pure.

The same function serves sweep, probe and fetch. Not among the facts: what people who commented are
called.
"""

import json

from sync_assets.connectors.linear.nodes import Issue, Touched
from sync_assets.models import digest


def version(issue: Issue) -> str:
    """32 hex digits. The connections of `issue` were read to their ends."""
    return digest(json.dumps(_facts(issue), separators=(",", ":")))


def _facts(issue: Issue) -> list[object]:
    return [
        issue.identifier,
        issue.previous_identifiers,
        issue.url,
        issue.title,
        digest(issue.description or ""),
        str(issue.updated_at),
        str(issue.archived_at),
        issue.speaker,
        issue.assignee.display_name if issue.assignee else None,
        [issue.state.name, issue.state.type, issue.priority_label],
        [issue.estimate, str(issue.due_date)],
        issue.project.name if issue.project else None,
        issue.project_milestone.name if issue.project_milestone else None,
        issue.cycle.title if issue.cycle else None,
        issue.parent.identifier if issue.parent else None,
        sorted(label.name for label in issue.labels.nodes),
        sorted(child.identifier for child in issue.children.nodes if not child.trashed),
        sorted([each.type, _name(each.related_issue)] for each in issue.relations.nodes),
        sorted([each.type, _name(each.issue)] for each in issue.inverse_relations.nodes),
        sorted(_touched(each) for each in issue.comments.nodes if issue.has(each)),
        sorted(_touched(each) for each in issue.attachments.nodes if issue.has(each)),
    ]


def _touched(part: Touched) -> list[str]:
    return [part.id, str(part.updated_at)]


def _name(other: object) -> str:
    return str(getattr(other, "identifier", ""))
