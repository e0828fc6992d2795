"""Who approved the merge requests that brought a commit: what GitLab says of people, not what git does.

Endpoints and fields as GitLab's API documentation has them (v4, read 2026-11-23).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.gitlab.client import GitLab, GitLabProblem

_APPROVED = "approved this merge request"
_BOT = re.compile(r"(project|group)_[0-9]+_bot")  # the users of access tokens


class Approvals:
    """The approvals of one project, seen by one token. Raises GitLabProblem where it may not see them."""

    def __init__(self, gitlab: GitLab) -> None:
        self._gitlab = gitlab
        self._me = gitlab.me()
        if self._me is None:
            # Merge request pipelines have the token: what it approves, anybody may have approved with it.
            raise GitLabProblem("the token does not tell whose it is", "give it the scope api or read_api")

    def of(self, sha: str, authors: Collection[str], target: str | None = None) -> list[str]:
        """Name those who approved a merge request of this commit as it was in the end.

        Not its author, no bot and not the token's own user, nor anybody whose name or login is one of
        `authors`, in small letters. With `target`, only of merge requests into that branch.
        """
        found = (self._approvers(request, authors) for request in self._requests(sha, target))
        return sorted({name for names in found for name in names})

    def _requests(self, sha: str, target: str | None) -> Iterator[Mapping[str, Any]]:
        for found in self._gitlab.pages(f"/repository/commits/{sha}/merge_requests"):
            wanted = target is None or found.get("target_branch") == target
            if wanted and found.get("state") in {"opened", "locked", "merged"}:
                yield found

    def _approvers(self, request: Mapping[str, Any], authors: Collection[str]) -> Iterator[str]:
        path = f"/merge_requests/{int(request['iid'])}"
        said = self._gitlab.get(f"{path}/approvals")
        if not isinstance(said, dict):
            raise GitLabProblem("GitLab's answer is no approvals", "is CI_API_V4_URL its API?")
        users = [row.get("user") or {} for row in said.get("approved_by") or ()]
        author = (request.get("author") or {}).get("id")
        others = {
            user.get("id"): str(user.get("username"))
            for user in users
            if user.get("id") not in {author, self._me}
            and not _BOT.match(str(user.get("username")))
            and not _names(user) & set(authors)
        }
        if not others:
            return
        last = self._changed(path)
        # What is pushed after an approval nobody has approved: GitLab keeps approvals where it is told to.
        for user, when in self._moments(path).items():
            if user in others and last is not None and when >= last:
                yield others[user]

    def _changed(self, path: str) -> datetime | None:
        """Tell since when it has been what it is: a rebase that leaves the patch as it is changes nothing."""
        versions = sorted(self._gitlab.pages(f"{path}/versions"), key=lambda row: -int(row.get("id", 0)))
        since = None
        for version in versions:
            patch = version.get("patch_id_sha")
            if version is not versions[0] and (not patch or patch != versions[0].get("patch_id_sha")):
                break
            since = _moment(version.get("created_at"))
        return since

    def _moments(self, path: str) -> dict[int, datetime]:
        """Tell when each user approved last: GitLab notes it."""
        moments: dict[int, datetime] = {}
        for note in self._gitlab.pages(f"{path}/notes", sort="asc", order_by="created_at"):
            when = _moment(note.get("created_at"))
            if note.get("system") and note.get("body") == _APPROVED and when is not None:
                moments[int((note.get("author") or {}).get("id", 0))] = when
        return moments


def _names(user: Mapping[str, Any]) -> set[str]:
    return {" ".join(str(user.get(key) or "").split()).lower() for key in ("name", "username")}


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None
