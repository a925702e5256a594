"""A real tracker in the sandbox: years of `quicwg/load-balancers`, with a word planted in every
text; the corpus has neither files nor commits nor lines of threads, so those are made up.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from random import Random
from typing import Any

from sync_assets.sandbox.github.records import ChangedFile, Inline, PullCommit
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets_tests.shared import shared_file

PATHS = ("draft-ietf-quic-load-balancers.md", "README.md", "Makefile", "src/nonce.py")


def load_corpus(tracker: Tracker, *, some: int | None = None) -> dict[str, int]:
    """Planted word -> number of its item. `some`: the first of each kind alone."""
    data = json.loads(shared_file("corpora/quicwg-load-balancers.json").read_text())
    for label in data["labels"]:
        tracker.create_label(label["name"], color=label["color"])
    loading = _Loading(tracker)
    for issue in data["issues"][:some]:
        loading.issue(issue)
    for pull in data["pulls"][:some]:
        loading.pull(pull)
    return loading.planted


class _Loading:
    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._random = Random(7)
        self._words = count(1)
        self.planted: dict[str, int] = {}

    def issue(self, row: Mapping[str, Any]) -> None:
        number, at = row["number"], _at(row["createdAt"])
        body = self._body(row, number)
        self._tracker.open_issue(
            row["title"], body, author=row["author"], labels=row["labels"], number=number, at=at
        )
        self._comments(row)
        self._finish(row)
        if row["state"] == "CLOSED":
            self._tracker.close(number, at=_at(row["closedAt"]))

    def pull(self, row: Mapping[str, Any]) -> None:
        number, at = row["number"], _at(row["createdAt"])
        body = self._body(row, number)
        commits = [
            PullCommit(f"{number:036x}{index:04x}", f"{row['title']}, {index}\n\nWith reasons.",
                       "Mara", "mara@example.com", at)
            for index in range(self._random.randint(1, 4))
        ]  # fmt: skip
        self._tracker.open_pull(
            row["title"], body, author=row["author"], labels=row["labels"], number=number, at=at,
            files=[*self._files()], commits=commits,
        )  # fmt: skip
        self._comments(row)
        for review in row["reviews"]:
            inline = [
                Inline(self._random.choice(PATHS), each["originalPosition"] or 1,
                       self._body(each, number))
                for each in review["comments"]
            ]  # fmt: skip
            given = self._body(review, number) if review["body"] else ""
            self._tracker.review(
                number, given, state=review["state"], author=review["author"], inline=inline,
                at=_at(review["createdAt"]),
            )  # fmt: skip
        self._finish(row)
        if row["state"] == "MERGED":
            merged = row["mergeCommit"]
            self._tracker.merge(
                number, oid=merged and merged["oid"], by=row["mergedBy"], at=_at(row["mergedAt"])
            )
        elif row["state"] == "CLOSED":
            self._tracker.close(number, at=_at(row["closedAt"]))

    def _comments(self, row: Mapping[str, Any]) -> None:
        for each in row["comments"]:
            body = self._body(each, row["number"])
            at = _at(each["createdAt"])
            self._tracker.comment(row["number"], body, author=each["author"], at=at)

    def _finish(self, row: Mapping[str, Any]) -> None:
        if row["assignees"]:
            at = _at(row["updatedAt"])
            self._tracker.assign(row["number"], *row["assignees"], at=at)

    def _files(self) -> Iterator[ChangedFile]:
        for path in self._random.sample(PATHS, self._random.randint(1, len(PATHS))):
            yield ChangedFile(path, self._random.randint(0, 99), self._random.randint(0, 99))

    def _body(self, row: Mapping[str, Any], number: int) -> str:
        word = f"planted{next(self._words)}"
        self.planted[word] = number
        return f"{row['body']}\n\n{word}"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
