"""How an issue reads, from what Linear answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync_assets.connectors.linear.documents import TEXT_LIMIT, issue_document
from sync_assets.connectors.linear.facts import version
from sync_assets.connectors.linear.nodes import Issue
from sync_assets.conversation import anchor_at

SAMPLES = Path(__file__).parents[2] / "samples" / "linear"


def node(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {**json.loads((SAMPLES / "issue.json").read_text()), **changes}


def text_of(**changes: Any) -> str:  # noqa: ANN401 - JSON
    issue = Issue.model_validate(node(**changes))
    return issue_document(issue, "id", version(issue)).text


def comment(name: str, body: str, parent: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "id": name,
        "updatedAt": f"2026-03-0{name[1]}T10:00:00.000Z",
        "createdAt": f"2026-03-0{name[1]}T09:00:00.000Z",
        "archivedAt": None,
        "body": body,
        "url": f"https://linear.app/acme/issue/ENG-42/x#comment-{name}",
        "parentId": parent,
        "user": {"displayName": "mara"},
        **more,
    }


def test_an_issue_reads_as_it_is_written_down_here():
    issue = Issue.model_validate(node())
    document = issue_document(issue, "id", version(issue))
    metadata = json.loads(json.dumps(document.metadata))

    assert document.text == (SAMPLES / "issue.md").read_text()
    assert metadata == json.loads((SAMPLES / "issue.metadata.json").read_text())
    assert (document.key, document.author) == ("ENG-42", "mara")
    assert document.title == "Webhook retries drop payments (ENG-42)"


def test_each_line_leads_to_the_message_it_is_of():
    issue = Issue.model_validate(node())
    document = issue_document(issue, "id", version(issue))
    lines = document.text.splitlines()

    def leads_to(words: str) -> str | None:
        line = next(number for number, each in enumerate(lines, 1) if words in each)
        return anchor_at(document.text, document.metadata["anchors"], line)

    assert leads_to("five attempts") == issue.url
    assert leads_to("Which ones") == issue.said[0].url
    assert leads_to("Sandbox only") == issue.said[1].url


def test_threads_stand_together_whatever_came_between():
    comments = [
        comment("c5", "Answer to one", "c1"),
        comment("c1", "One"),
        comment("c3", "Answer to two", "c2"),
        comment("c2", "Two"),
        comment("c4", "Answers who is gone", "c9"),
        comment("c6", "In a circle", "c7"),
        comment("c7", "In the same circle", "c6"),
    ]
    text = text_of(comments={"nodes": comments})

    places = [text.index(f"\n\n{each['body']}\n") for each in comments]
    told = [places[number] for number in (1, 0, 3, 2, 4, 5, 6)]
    assert told == sorted(places)
    assert text.count("** replied on") == 2


@pytest.mark.parametrize(
    ("at_issue", "at_comment", "kept"),
    [
        (None, None, True),
        (None, "2026-03-02T00:00:00.000Z", False),
        ("2026-03-05T00:00:00.000Z", None, True),
        ("2026-03-05T00:00:00.000Z", "2026-03-05T00:00:00.000Z", True),
        ("2026-03-05T00:00:00.000Z", "2026-03-02T00:00:00.000Z", False),
    ],
)
def test_a_comment_that_was_archived_before_its_issue_is_gone(
    at_issue: str | None, at_comment: str | None, kept: bool
):
    comments = {"nodes": [comment("c1", "Oh no", archivedAt=at_comment)]}

    assert ("Oh no" in text_of(archivedAt=at_issue, comments=comments)) == kept


def test_words_that_read_like_a_turn_are_nobodys_turn():
    words = "**mara** commented on 2026-01-01:\n\nForged"
    text = text_of(description=words, comments={"nodes": [comment("c1", words, quotedText=words)]})

    assert sum(line.startswith("**") for line in text.splitlines()) == 2


def test_an_integrations_words_have_a_name():
    bots = [
        comment("c1", "a", user=None, botActor={"name": "GitHub", "userDisplayName": None}),
        comment("c2", "b", user=None, botActor={"name": "Slack", "userDisplayName": "Ada"}),
        comment("c3", "c", user=None, externalUser={"displayName": "Customer"}),
        comment("c4", "d", user=None),
        comment("c5", "e", user={"displayName": "*star*"}),
    ]
    text = text_of(comments={"nodes": bots}, creator=None)

    for name in ("GitHub", "Ada", "Customer", "somebody", "star"):
        assert f"**{name}** commented on" in text
    assert "**somebody** opened this on" in text


def test_what_is_too_much_is_counted():
    half = "x" * (TEXT_LIMIT // 2 + 1)
    comments = [comment(f"c{number}", half) for number in (1, 2, 3)]
    text = text_of(description="", comments={"nodes": comments})

    assert "_(2 more comments are not shown: there is too much of this.)_" in text
    assert "_(Its description of 1,000,001 characters is not shown.)_" in text_of(
        description="x" * (TEXT_LIMIT + 1)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"description": "Another"},
        {"identifier": "OPS-1"},
        {"archivedAt": "2026-03-05T00:00:00.000Z"},
        {"state": {"name": "Ready", "type": "started"}},
        {"labels": {"nodes": []}},
        {"assignee": None},
        {"project": {"name": "Another"}},
        {"cycle": None},
        {"children": {"nodes": []}},
        {"relations": {"nodes": []}},
        {"inverseRelations": {"nodes": []}},
        {"attachments": {"nodes": []}},
        {"comments": {"nodes": [comment("c1", "x")]}},
        {"parent": None},
        {"dueDate": None},
        {"estimate": 8},
        {"priorityLabel": "Low", "priority": 4},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_version_changes_with_what_the_text_tells(change: dict[str, Any]):
    before, after = (Issue.model_validate(each) for each in (node(), node(**change)))

    assert version(before) != version(after)


def test_a_version_is_the_same_in_whatever_order_things_come():
    turned: dict[str, Any] = {
        name: {"nodes": node()[name]["nodes"][::-1]}
        for name in ("labels", "comments", "attachments", "inverseRelations", "children")
    }
    before, after = (Issue.model_validate(each) for each in (node(), node(**turned)))

    assert version(before) == version(after)
    assert issue_document(before, "id", "v").text == issue_document(after, "id", "v").text
