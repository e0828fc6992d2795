"""Who approved the merge requests that brought a commit: what GitLab says of people, not what git does.

Endpoints and fields as GitLab's API documentation has them (v4, read 2026-11-23).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.gitlab.client import GitLab, odd_answer
from reconciler.gitlab.pushed import moment, names, pushed

_APPROVED = "approved this merge request"
_BOT = re.compile(r"(project|group)_[0-9]+_bot")  # the users of access tokens


class Approvals:
    """The approvals of one project, seen by one token. Raises GitLabProblem where it may not see them.

    `untold` are the merge requests of which GitLab did not tell all who pushed to them.
    """

    def __init__(self, gitlab: GitLab) -> None:
        self._gitlab = gitlab
        # Merge request pipelines have the token: what it approves, anybody may have approved with it.
        self._me = gitlab.me()
        self.untold: set[str] = set()

    def of(self, sha: str, authors: Collection[str], target: str | None = None) -> list[str]:
        """Name those who approved a merge request of this commit as it was in the end.

        Not its author, no bot and not the token's own user, nobody who pushed to its branch as far as GitLab
        tells, nor anybody whose name or login is one of `authors`, in small letters. With `target`, only of
        merge requests into that branch.
        """
        path = f"/repository/commits/{sha}/merge_requests"
        try:
            found = [self._approvers(request, authors) for request in self._requests(path, target)]
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise odd_answer(path) from error
        return sorted({name for names_ in found for name in names_})

    def _requests(self, path: str, target: str | None) -> Iterator[Mapping[str, Any]]:
        for found in self._gitlab.pages(path):
            wanted = target is None or found.get("target_branch") == target
            if wanted and found.get("state") in {"opened", "locked", "merged"}:
                yield found

    def _approvers(self, request: Mapping[str, Any], authors: Collection[str]) -> list[str]:
        path = f"/merge_requests/{int(request['iid'])}"
        said = self._gitlab.get(f"{path}/approvals")
        users = [row["user"] for row in said["approved_by"] or ()]
        author = int(request["author"]["id"])
        others = {
            int(user["id"]): user
            for user in users
            if user["id"] not in {author, self._me}
            and not _BOT.match(str(user["username"]))
            and not names(user) & set(authors)
        }
        last = self._changed(path) if others else None
        if last is None:
            return []
        # What is pushed after an approval nobody has approved: GitLab keeps approvals where it is told to.
        moments = self._moments(path)
        late = [user for number, user in others.items() if number in moments and moments[number] >= last]
        return self._not_pushed(request, late) if late else []

    def _not_pushed(self, request: Mapping[str, Any], users: list[Mapping[str, Any]]) -> list[str]:
        """Leave out who pushed to the branch."""
        who = pushed(self._gitlab, request)
        left = [str(user["username"]) for user in users if not who.by(user)]
        if left and not who.whole:
            self.untold.add(f"!{int(request['iid'])}")
        return left

    def _changed(self, path: str) -> datetime | None:
        """Tell since when it has been what it is: a rebase that leaves the patch as it is changes nothing."""
        versions = sorted(self._gitlab.pages(f"{path}/versions"), key=lambda row: -int(row.get("id", 0)))
        since = None
        for version in versions:
            patch = version.get("patch_id_sha")
            if version is not versions[0] and (not patch or patch != versions[0].get("patch_id_sha")):
                break
            since = moment(version.get("created_at"))
        return since

    def _moments(self, path: str) -> dict[int, datetime]:
        """Tell when each user approved last: GitLab notes it."""
        moments: dict[int, datetime] = {}
        for note in self._gitlab.pages(f"{path}/notes", sort="asc", order_by="created_at"):
            when = moment(note.get("created_at"))
            if note.get("system") and note.get("body") == _APPROVED and when is not None:
                moments[int((note.get("author") or {}).get("id", 0))] = when
        return moments
