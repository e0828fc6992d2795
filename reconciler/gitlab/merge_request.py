"""One merge request: what it is, and merging it by itself."""

from typing import Any

from reconciler.gitlab.client import GitLab, GitLabProblem

_UNDER_WAY = ("created", "waiting_for_resource", "preparing", "pending", "running")


class MergeRequest:
    """A merge request of the project, by its number there."""

    def __init__(self, gitlab: GitLab, number: int) -> None:
        self._gitlab = gitlab
        self._path = f"/merge_requests/{number}"

    def merge_when_green(self, sha: str, pipeline: int) -> None:
        """Have it merged once this pipeline succeeds, if its branch is still at `sha` then.

        GitLab refuses a draft, a conflict, and what approvals or open threads hold. It merges at once where
        no pipeline runs, so ours must be the newest, and run. `auto_merge` is the name since 17.11, the
        longer one the name before; each version leaves the other aside.
        """
        newest = self._read().get("head_pipeline") or {}
        if newest.get("id") != pipeline or newest.get("status") not in _UNDER_WAY:
            raise GitLabProblem(
                "this is not the running pipeline of the merge request's last commit",
                "none needed: the newer pipeline decides",
            )
        said = {"sha": sha, "auto_merge": True, "merge_when_pipeline_succeeds": True}
        self._gitlab.put(f"{self._path}/merge", said)

    def call_off(self) -> bool:
        """Take a merge back that waits for its pipeline; tell whether one did."""
        if not self._read().get("merge_when_pipeline_succeeds"):
            return False
        self._gitlab.post(f"{self._path}/cancel_merge_when_pipeline_succeeds", {})
        return True

    def _read(self) -> dict[str, Any]:
        found = self._gitlab.get(self._path)
        if not isinstance(found, dict):
            raise GitLabProblem("GitLab's answer is no merge request", "is CI_API_V4_URL its API?")
        return found
