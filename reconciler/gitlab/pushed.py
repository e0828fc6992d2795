"""Who pushed to a merge request's branch, as far as GitLab tells: a commit's author is what its maker wrote.

Endpoints and fields as GitLab's API documentation has them (v4, read 2026-11-30; never run on a GitLab
server): a project's events with `action=pushed`, and a merge request's commits. GitLab keeps events for three
years, and one push of very many branches has no event for each.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from reconciler.gitlab.client import GitLab, GitLabProblem

_PRIVATE = re.compile(r"([0-9]+)-[^@]+@users\.noreply\.")  # a commit address that GitLab makes of a user's id
_UNTOLD = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_SLACK = timedelta(days=2)  # `before` is a day, in a time zone of GitLab's choice


@dataclass(frozen=True, slots=True)
class Pushed:
    """Users by id, and names and logins in small letters. `whole`: GitLab told of every push."""

    users: frozenset[int]
    words: frozenset[str]
    whole: bool

    def by(self, user: Mapping[str, Any]) -> bool:
        """Tell whether the user is among them."""
        return user["id"] in self.users or not self.words.isdisjoint(names(user))


def pushed(gitlab: GitLab, request: Mapping[str, Any]) -> Pushed:
    """Ask who pushed to a merge request's branch, and whose names its commits have.

    Raises GitLabProblem, but not where the token may not see the events: then it is not whole.
    """
    users: set[int] = set()
    words: set[str] = set()
    try:
        for commit in gitlab.pages(f"/merge_requests/{int(request['iid'])}/commits"):
            for role in ("author", "committer"):
                mail = _plain(commit.get(f"{role}_email"))
                users |= {int(found[1]) for found in [_PRIVATE.match(mail)] if found}
                words |= {_plain(commit.get(f"{role}_name")), mail.partition("@")[0]} - {""}
        whole = _add_pushers(gitlab, request, users)
    except GitLabProblem as problem:
        if problem.status not in _UNTOLD:
            raise
        whole = False
    return Pushed(frozenset(users), frozenset(words), whole)


def _add_pushers(gitlab: GitLab, request: Mapping[str, Any], users: set[int]) -> bool:
    """Add those who pushed; tell whether the events go back to the push that made the branch."""
    branch, opened = request.get("source_branch"), moment(request.get("created_at"))
    if not branch or opened is None or request.get("source_project_id") != request.get("target_project_id"):
        return False  # a fork's events are its own project's
    for event in _pushes(gitlab, moment(request.get("merged_at"))):
        data = event.get("push_data") or {}
        if data.get("ref") != branch or data.get("ref_type") != "branch" or data.get("action") == "removed":
            continue
        users.add(int(event["author_id"]))
        when = moment(event.get("created_at"))
        if data.get("action") == "created" and when is not None and when <= opened:
            return True
    return False


def _pushes(gitlab: GitLab, until: datetime | None) -> Iterator[Mapping[str, Any]]:
    """Read the project's pushes, newest first."""
    before = {"before": (until + _SLACK).date().isoformat()} if until else {}
    return gitlab.pages("/events", action="pushed", sort="desc", **before)


def names(user: Mapping[str, Any]) -> set[str]:
    """Name a user as commits may: name and login, in small letters."""
    return {_plain(user.get(key)) for key in ("name", "username")}


def moment(text: object) -> datetime | None:
    """Read a moment of GitLab's; None where it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _plain(text: object) -> str:
    return " ".join(str(text or "").split()).lower()
