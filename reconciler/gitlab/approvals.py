"""Who approved the merge requests that brought a commit, and who pushed to them, as far as GitLab tells."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from reconciler.gitlab.client import GitLab, GitLabProblem, unknown_form_error

_PRIVATE = re.compile(r"([0-9]+)-[^@]+@users\.noreply\.")  # a commit address that GitLab makes of a user's id
_UNTOLD = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_SLACK = timedelta(days=2)  # `before` is a day, in a time zone of GitLab's choice


@dataclass(frozen=True, slots=True)
class Pushers:
    """Users by id, and names and logins in small letters. `is_complete`: GitLab told of every push."""

    users: frozenset[int]
    names: frozenset[str]
    is_complete: bool

    def includes(self, user: Mapping[str, Any]) -> bool:
        """Tell whether the user is among them."""
        return user["id"] in self.users or not self.names.isdisjoint(user_names(user))


def find_pushers(gitlab: GitLab, request: Mapping[str, Any]) -> Pushers:
    """Ask who pushed to a merge request's branch, and whose names its commits have.

    Raises GitLabProblem, but not where the token may not see the events: then it is not whole.
    """
    users: set[int] = set()
    names: set[str] = set()
    try:
        for commit in gitlab.pages(f"/merge_requests/{int(request['iid'])}/commits"):
            for role in ("author", "committer"):
                email = _normalise(commit.get(f"{role}_email"))
                users |= {int(match[1]) for match in [_PRIVATE.match(email)] if match}
                names |= {_normalise(commit.get(f"{role}_name")), email.partition("@")[0]} - {""}
        is_complete = _add_pushers(gitlab, request, users)
    except GitLabProblem as problem:
        if problem.status not in _UNTOLD:
            raise
        is_complete = False
    return Pushers(frozenset(users), frozenset(names), is_complete)


def _add_pushers(gitlab: GitLab, request: Mapping[str, Any], users: set[int]) -> bool:
    """Add those who pushed; tell whether the events go back to the push that made the branch."""
    branch, opened = request.get("source_branch"), parse_time(request.get("created_at"))
    if not branch or opened is None or request.get("source_project_id") != request.get("target_project_id"):
        return False  # a fork's events are its own project's
    for event in _pushes(gitlab, parse_time(request.get("merged_at"))):
        data = event.get("push_data") or {}
        if data.get("ref") != branch or data.get("ref_type") != "branch" or data.get("action") == "removed":
            continue
        users.add(int(event["author_id"]))
        when = parse_time(event.get("created_at"))
        if data.get("action") == "created" and when is not None and when <= opened:
            return True
    return False


def _pushes(gitlab: GitLab, until: datetime | None) -> Iterator[Mapping[str, Any]]:
    """Read the project's pushes, newest first."""
    before = {"before": (until + _SLACK).date().isoformat()} if until else {}
    return gitlab.pages("/events", action="pushed", sort="desc", **before)


def user_names(user: Mapping[str, Any]) -> set[str]:
    """Name a user as commits may: name and login, in small letters."""
    return {_normalise(user.get(key)) for key in ("name", "username")}


def parse_time(text: object) -> datetime | None:
    """Read a moment of GitLab's; None where it is none."""
    try:
        parsed = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None


def _normalise(text: object) -> str:
    return " ".join(str(text or "").split()).lower()


_APPROVED = "approved this merge request"
_BOT = re.compile(r"(project|group)_[0-9]+_bot")  # the users of access tokens


class Approvals:
    """The approvals of one project, seen by one token. Raises GitLabProblem where it may not see them.

    `incomplete_requests` are the merge requests of which GitLab did not tell all who pushed to them.
    """

    def __init__(self, gitlab: GitLab) -> None:
        self._gitlab = gitlab
        # Merge request pipelines have the token: what it approves, anybody may have approved with it.
        self._own_user_id = gitlab.user_id()
        self.incomplete_requests: set[str] = set()

    def approvers_of(self, sha: str, authors: Collection[str], target: str | None = None) -> list[str]:
        """Name those who approved a merge request of this commit as it was in the end.

        Not its author, no bot and not the token's own user, nobody who pushed to its branch as far as GitLab
        tells, nor anybody whose name or login is one of `authors`, in small letters. With `target`, only of
        merge requests into that branch.
        """
        path = f"/repository/commits/{sha}/merge_requests"
        try:
            approver_lists = [self._approvers(request, authors) for request in self._requests(path, target)]
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise unknown_form_error(path) from error
        return sorted({name for names_ in approver_lists for name in names_})

    def _requests(self, path: str, target: str | None) -> Iterator[Mapping[str, Any]]:
        for request in self._gitlab.pages(path):
            is_wanted = target is None or request.get("target_branch") == target
            if is_wanted and request.get("state") in {"opened", "locked", "merged"}:
                yield request

    def _approvers(self, request: Mapping[str, Any], authors: Collection[str]) -> list[str]:
        path = f"/merge_requests/{int(request['iid'])}"
        approvals = self._gitlab.get(f"{path}/approvals")
        users = [row["user"] for row in approvals["approved_by"] or ()]
        author = int(request["author"]["id"])
        candidates = {
            int(user["id"]): user
            for user in users
            if user["id"] not in {author, self._own_user_id}
            and not _BOT.match(str(user["username"]))
            and not user_names(user) & set(authors)
        }
        last = self._unchanged_since(path) if candidates else None
        if last is None:
            return []
        # What is pushed after an approval nobody has approved: GitLab keeps approvals where it is told to.
        approval_times = self._approval_times(path)
        late = [
            user
            for user_id, user in candidates.items()
            if user_id in approval_times and approval_times[user_id] >= last
        ]
        return self._without_pushers(request, late) if late else []

    def _without_pushers(self, request: Mapping[str, Any], users: list[Mapping[str, Any]]) -> list[str]:
        """Leave out who pushed to the branch."""
        pushers = find_pushers(self._gitlab, request)
        approvers = [str(user["username"]) for user in users if not pushers.includes(user)]
        if approvers and not pushers.is_complete:
            self.incomplete_requests.add(f"!{int(request['iid'])}")
        return approvers

    def _unchanged_since(self, path: str) -> datetime | None:
        """Tell since when it has been what it is: a rebase that leaves the patch as it is changes nothing."""
        versions = sorted(self._gitlab.pages(f"{path}/versions"), key=lambda row: -int(row.get("id", 0)))
        since = None
        for version in versions:
            patch = version.get("patch_id_sha")
            if version is not versions[0] and (not patch or patch != versions[0].get("patch_id_sha")):
                break
            since = parse_time(version.get("created_at"))
        return since

    def _approval_times(self, path: str) -> dict[int, datetime]:
        """Tell when each user approved last: GitLab notes it."""
        moments: dict[int, datetime] = {}
        for note in self._gitlab.pages(f"{path}/notes", sort="asc", order_by="created_at"):
            when = parse_time(note.get("created_at"))
            if note.get("system") and note.get("body") == _APPROVED and when is not None:
                moments[int((note.get("author") or {}).get("id", 0))] = when
        return moments
