"""Merge requests: one and its automatic merge, and those that brought commits with the people behind each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.gitlab.client import GitLab, GitLabProblem

_RUNNING_STATUSES = ("created", "waiting_for_resource", "preparing", "pending", "running")


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
        if newest.get("id") != pipeline or newest.get("status") not in _RUNNING_STATUSES:
            raise GitLabProblem(
                "this is not the running pipeline of the merge request's last commit",
                "none needed: the newer pipeline decides",
            )
        fields = {"sha": sha, "auto_merge": True, "merge_when_pipeline_succeeds": True}
        self._gitlab.put(f"{self._path}/merge", fields)

    def cancel_merge(self) -> bool:
        """Take a merge back that waits for its pipeline; tell whether one did."""
        if not self._read().get("merge_when_pipeline_succeeds"):
            return False
        self._gitlab.post(f"{self._path}/cancel_merge_when_pipeline_succeeds", {})
        return True

    def _read(self) -> dict[str, Any]:
        answer = self._gitlab.get(self._path)
        if not isinstance(answer, dict):
            raise GitLabProblem("GitLab's answer is no merge request", "is CI_API_V4_URL its API?")
        return answer


LATE = "GitLab took too long: the rest was not asked"


@dataclass(frozen=True, slots=True)
class Person:
    """A user of GitLab. `name` is what the profile shows."""

    id: int
    login: str
    name: str


@dataclass(frozen=True, slots=True)
class MergedRequest:
    """A merged merge request: who wrote it, who approved it, who merged it and when, and its commits."""

    reference: str
    url: str
    author: Person | None
    approvers: tuple[Person, ...]
    merger: Person | None
    merged_at: str | None
    commits: frozenset[str]


class MergedRequests:
    """Asks one project, each thing once. GitLabProblem where it may not see, and once `over` is true."""

    def __init__(self, gitlab: GitLab, *, is_over: Callable[[], bool]) -> None:
        self._gitlab = gitlab
        self._is_over = is_over
        self._by_number: dict[int, MergedRequest] = {}
        self._by_commit: dict[str, tuple[MergedRequest, ...]] = {}

    def requests_of(self, sha: str) -> tuple[MergedRequest, ...]:
        """Find the merged merge requests that brought a commit."""
        requests = tuple(request for request in self._by_number.values() if sha in request.commits)
        if requests:
            return requests
        if sha not in self._by_commit:
            self._by_commit[sha] = tuple(
                self._read(row)
                for row in self._rows(f"/repository/commits/{sha}/merge_requests")
                if row.get("state") == "merged"
            )
        return self._by_commit[sha]

    def pipeline_starter(self, pipeline: str) -> Person | None:
        """Name the user who started a pipeline."""
        self._demand_time()
        pipeline_answer = self._gitlab.get(f"/pipelines/{int(pipeline)}")
        return parse_person(pipeline_answer.get("user")) if isinstance(pipeline_answer, dict) else None

    def _read(self, row: Mapping[str, Any]) -> MergedRequest:
        number = int(row["iid"])
        if number not in self._by_number:
            path = f"/merge_requests/{number}"
            self._demand_time()
            approvals = self._gitlab.get(f"{path}/approvals")
            approved = approvals.get("approved_by") or () if isinstance(approvals, dict) else ()
            commit_ids = {str(commit.get("id")) for commit in self._rows(f"{path}/commits")}
            merge_commit_ids = {
                str(row[key]) for key in ("merge_commit_sha", "squash_commit_sha") if row.get(key)
            }
            people = (parse_person(approver.get("user")) for approver in approved)
            self._by_number[number] = MergedRequest(
                reference=str((row.get("references") or {}).get("full") or f"!{number}"),
                url=str(row.get("web_url") or ""),
                author=parse_person(row.get("author")),
                approvers=tuple(approver for approver in people if approver),
                merger=parse_person(row.get("merge_user") or row.get("merged_by")),
                merged_at=row.get("merged_at"),
                commits=frozenset(commit_ids | merge_commit_ids),
            )
        return self._by_number[number]

    def _rows(self, path: str) -> list[Mapping[str, Any]]:
        self._demand_time()
        return [row for row in self._gitlab.pages(path) if isinstance(row, dict)]

    def _demand_time(self) -> None:
        if self._is_over():
            raise GitLabProblem(LATE, "the report says what was learnt until then", is_passing=True)


def parse_person(user: object) -> Person | None:
    """Read a user as GitLab's API gives one."""
    if not isinstance(user, dict) or not user.get("username"):
        return None
    return Person(int(user.get("id") or 0), str(user["username"]), str(user.get("name") or ""))
