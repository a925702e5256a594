"""Records in the shapes of REST. https://docs.github.com/en/rest/issues and /pulls."""

from dataclasses import dataclass

from sync_assets.sandbox.github.node_ids import account_node_id
from sync_assets.sandbox.github.records import (
    Account,
    ChangedFile,
    Comment,
    Entry,
    InlineComment,
    Item,
    Label,
    Milestone,
    Pull,
    PullCommit,
    Review,
)
from sync_assets.sandbox.github.repository_shape import repository_shape, user_shape
from sync_assets.sandbox.github.times import maybe_time, time_text
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.repositories import Repository

Shape = dict[str, object]
GHOST = Account("ghost", 10_137, account_node_id("U", 10_137))
_CHANGES = {"DELETED": "removed"}
_LOCKS = {
    "OFF_TOPIC": "off-topic",
    "RESOLVED": "resolved",
    "SPAM": "spam",
    "TOO_HEATED": "too heated",
}


@dataclass(frozen=True, slots=True)
class Shapes:
    """Of one repository, for one client: `web` is the address that it knows the sandbox by."""

    web: str
    repository: Repository
    tracker: Tracker
    owner: Account

    @property
    def api(self) -> str:
        """The repository's address in the API."""
        return f"{self.web}/api/v3/repos/{self.repository.name}"

    @property
    def page(self) -> str:
        """The repository's page."""
        return f"{self.web}/{self.repository.name}"

    def full_repository(self) -> Shape:
        """The repository."""
        items = self.tracker.items.values()
        return repository_shape(
            self.web,
            self.repository,
            self.owner,
            created_at=self.tracker.created_at,
            open_items=sum(item.closed_at is None for item in items),
        )

    def issue(self, item: Item) -> Shape:
        """An issue; a pull request is one too, and says so by the key `pull_request`."""
        url, pull = f"{self.api}/issues/{item.number}", item.pull
        shown = self._item(item) | {
            "id": item.issue_id,
            "url": url,
            "repository_url": self.api,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": self._html(item),
            "updated_at": time_text(item.updated_at),
            "comments": len(item.comments),
            "closed_by": self._user(item.closed_by),
            "state_reason": item.state_reason and item.state_reason.lower(),
        }
        if pull is not None:
            shown["draft"] = pull.draft
            shown["pull_request"] = {
                "url": f"{self.api}/pulls/{item.number}",
                "html_url": self._html(item),
                "diff_url": f"{self._html(item)}.diff",
                "patch_url": f"{self._html(item)}.patch",
                "merged_at": maybe_time(pull.merged_at),
            }
        return shown

    def comment(self, comment: Comment) -> Shape:
        """A comment."""
        item = comment.item
        return self._entry(comment) | {
            "url": f"{self.api}/issues/comments/{comment.database_id}",
            "html_url": f"{self._html(item)}#issuecomment-{comment.database_id}",
            "issue_url": f"{self.api}/issues/{item.number}",
        }

    def pull(self, item: Item) -> Shape:
        """A pull request as lists show it."""
        url, pull = f"{self.api}/pulls/{item.number}", _pull(item)
        issue = f"{self.api}/issues/{item.number}"
        urls = {
            "url": url,
            "html_url": self._html(item),
            "issue_url": issue,
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self.api}/pulls/comments{{/number}}",
            "comments_url": f"{issue}/comments",
            "statuses_url": f"{self.api}/statuses/{pull.head_oid}",
        }
        links = {
            name.removesuffix("_url"): {"href": target}
            for name, target in urls.items()
            if name != "url"
        }
        more: Shape = {
            "diff_url": f"{self._html(item)}.diff",
            "patch_url": f"{self._html(item)}.patch",
            "updated_at": time_text(item.touched_at),
            "merged_at": maybe_time(pull.merged_at),
            "merge_commit_sha": pull.merge_oid,
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._end(pull.head, pull.head_oid),
            "base": self._end(pull.base, pull.base_oid),
            "_links": links | {"self": {"href": url}},
            "auto_merge": None,
            "draft": pull.draft,
        }
        return self._item(item) | urls | more

    def full_pull(self, item: Item) -> Shape:
        """A pull request alone."""
        pull = _pull(item)
        return self.pull(item) | {
            "user": user_shape(self.web, item.author or GHOST),
            "merged": pull.merged_at is not None,
            "mergeable": None if item.closed_at else True,
            "mergeable_state": "unknown" if item.closed_at else "clean",
            "merged_by": self._user(pull.merged_by),
            "comments": len(item.comments),
            "review_comments": sum(len(thread.comments) for thread in pull.threads),
            "maintainer_can_modify": False,
            "commits": len(pull.commits),
            "additions": sum(file.additions for file in pull.files),
            "deletions": sum(file.deletions for file in pull.files),
            "changed_files": len(pull.files),
        }

    def review(self, review: Review) -> Shape:
        """A review: it tells when it was submitted and not when it was edited."""
        url = f"{self.api}/pulls/{review.item.number}"
        page = f"{self._html(review.item)}#pullrequestreview-{review.database_id}"
        shown = self._entry(review) | {
            "state": review.state,
            "html_url": page,
            "pull_request_url": url,
            "_links": {"html": {"href": page}, "pull_request": {"href": url}},
            "submitted_at": time_text(review.submitted_at),
            "commit_id": review.commit,
        }
        del shown["created_at"], shown["updated_at"]
        return shown

    def inline(self, comment: InlineComment) -> Shape:
        """An inline comment."""
        thread = comment.thread
        url = f"{self.api}/pulls/comments/{comment.database_id}"
        page = f"{self._html(thread.item)}#discussion_r{comment.database_id}"
        pull = f"{self.api}/pulls/{thread.item.number}"
        shown = self._entry(comment) | {
            "url": url,
            "html_url": page,
            "pull_request_url": pull,
            "pull_request_review_id": comment.review.database_id,
            "diff_hunk": thread.diff_hunk,
            "path": thread.path,
            "commit_id": comment.commit,
            "original_commit_id": comment.commit,
            "original_line": thread.original_line,
            "start_line": thread.start_line,
            "original_start_line": thread.start_line,
            "side": "RIGHT",
            "subject_type": "line",
            "_links": {
                "self": {"href": url},
                "html": {"href": page},
                "pull_request": {"href": pull},
            },
        }
        if thread.line is not None:
            shown["line"] = thread.line
        if comment.reply_to is not None:
            shown["in_reply_to_id"] = comment.reply_to.database_id
        return shown

    def file(self, pull: Pull, file: ChangedFile) -> Shape:
        """A changed file."""
        place = f"{pull.head_oid}/{file.path}"
        shown: Shape = {
            "sha": file.blob,
            "filename": file.path,
            "status": _CHANGES.get(file.change, file.change.lower()),
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": f"{self.page}/blob/{place}",
            "raw_url": f"{self.page}/raw/{place}",
            "contents_url": f"{self.api}/contents/{file.path}?ref={pull.head_oid}",
        }
        if file.patch is not None:
            shown["patch"] = file.patch
        if file.previous_path is not None:
            shown["previous_filename"] = file.previous_path
        return shown

    def commit(self, commit: PullCommit) -> Shape:
        """A commit of a pull request."""
        who = {
            "name": commit.author_name,
            "email": commit.author_email,
            "date": time_text(commit.committed_at),
        }
        url = f"{self.api}/commits/{commit.oid}"
        return {
            "sha": commit.oid,
            "url": url,
            "html_url": f"{self.page}/commit/{commit.oid}",
            "commit": {
                "author": who,
                "committer": who,
                "message": commit.message,
                "url": f"{self.api}/git/commits/{commit.oid}",
                "comment_count": 0,
            },
            "author": None,
            "committer": None,
            "parents": [],
        }

    def label(self, label: Label) -> Shape:
        """A label."""
        return {
            "id": label.database_id,
            "node_id": label.node_id,
            "url": f"{self.api}/labels/{label.name}",
            "name": label.name,
            "description": label.description or "",
            "color": label.color,
            "default": False,
        }

    def milestone(self, milestone: Milestone) -> Shape:
        """A milestone."""
        url = f"{self.api}/milestones/{milestone.number}"
        under = [item for item in self.tracker.items.values() if item.milestone is milestone]
        closed = sum(item.closed_at is not None for item in under)
        return {
            "url": url,
            "html_url": f"{self.page}/milestone/{milestone.number}",
            "labels_url": f"{url}/labels",
            "id": milestone.database_id,
            "node_id": milestone.node_id,
            "number": milestone.number,
            "state": "open" if milestone.closed_at is None else "closed",
            "title": milestone.title,
            "description": milestone.description,
            "creator": self._user(milestone.creator),
            "open_issues": len(under) - closed,
            "closed_issues": closed,
            "created_at": time_text(milestone.created_at),
            "updated_at": time_text(milestone.updated_at),
            "closed_at": maybe_time(milestone.closed_at),
            "due_on": maybe_time(milestone.due_on),
        }

    def _item(self, item: Item) -> Shape:
        assignees = [self._user(account) for account in item.assignees if not account.deleted]
        return self._entry(item) | {
            "number": item.number,
            "title": item.title,
            "state": "open" if item.closed_at is None else "closed",
            "locked": item.locked,
            "active_lock_reason": item.lock_reason and _LOCKS[item.lock_reason],
            "labels": [self.label(label) for label in item.labels],
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": item.milestone and self.milestone(item.milestone),
            "closed_at": maybe_time(item.closed_at),
        }

    def _entry(self, entry: Entry) -> Shape:
        return {
            "id": entry.database_id,
            "node_id": entry.node_id,
            "user": self._user(entry.author),
            "body": entry.body,
            "created_at": time_text(entry.created_at),
            "updated_at": time_text(entry.updated_at),
            "author_association": entry.association,
        }

    def _user(self, account: Account | None) -> Shape | None:
        if account is None or account.deleted:
            return None
        return user_shape(self.web, account)

    def _end(self, branch: str, oid: str) -> Shape:
        return {
            "label": f"{self.owner.login}:{branch}",
            "ref": branch,
            "sha": oid,
            "user": user_shape(self.web, self.owner),
            "repo": self.full_repository(),
        }

    def _html(self, item: Item) -> str:
        return f"{self.page}/{'issues' if item.pull is None else 'pull'}/{item.number}"


def _pull(item: Item) -> Pull:
    assert item.pull is not None  # noqa: S101 - lists of pull requests hold nothing else
    return item.pull
