"""What GitLab vouches for: asked after the writes, for a short time, and never a reason to fail."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from reconciler.git.repository import Repository
from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.gitlab.merge_requests import MergedRequest, MergedRequests
from reconciler.use_cases.reconcile.report.authors import ASSERTED
from reconciler.use_cases.reconcile.safety import TOKEN
from reconciler.use_cases.workspace.context import CommandContext

ID_TOKEN = "DNC_ID_TOKEN"  # noqa: S105  (the variable's name)
TIME_LIMIT = timedelta(seconds=30)  # what a report waits for GitLab, and one answer longer
VERIFIED = "verified"


class PeopleLookup:
    """One run's questions to GitLab. The first that goes wrong ends them, and `problems` says why."""

    def __init__(self, ctx: CommandContext, bringer: MergedRequests | None) -> None:
        self._ctx = ctx
        self._bringer = bringer
        self.problems: list[str] = []

    @property
    def is_complete(self) -> bool:
        """Tell whether GitLab could be asked until the end."""
        return self._bringer is not None

    def requests_of(self, sha: str) -> tuple[MergedRequest, ...] | None:
        """Find the merge requests that brought a commit; None where GitLab cannot be asked."""
        if self._bringer is None:
            return None
        try:
            return self._bringer.requests_of(sha)
        except (GitLabProblem, OverflowError, ValueError, KeyError, TypeError) as problem:
            self._stop(problem)
            return None

    def triggerer(self, repository: Repository | None) -> dict[str, Any]:
        """Say who started this run, by the best word there is for it."""
        gitlab_user = self._by_id_token() or self._by_api()
        if gitlab_user is not None:
            return gitlab_user
        pipeline = self._ctx.pipeline
        if login := pipeline.get("GITLAB_USER_LOGIN"):
            return _person_json(login, pipeline.get("GITLAB_USER_EMAIL"), ASSERTED, "environment")
        user = repository.user_email() if repository else None
        name = user or self._ctx.environ.get("USER") or "unknown"
        return _person_json(name, user, ASSERTED, "git" if user else "environment")

    def _by_id_token(self) -> dict[str, Any] | None:
        from reconciler.gitlab.id_token import verify_claims  # noqa: PLC0415  (its cryptography, where it is needed)

        pipeline = self._ctx.pipeline
        token, server = pipeline.get(ID_TOKEN), pipeline.get("CI_SERVER_URL")
        if not token or not server:
            return None
        try:
            claims = verify_claims(token, server, self._ctx.clock())
        except GitLabProblem as problem:
            self.problems.append(str(problem))
            return None
        for name in ("pipeline_id", "project_id"):
            if str(claims.get(name)) != pipeline.get(f"CI_{name.upper()}"):
                self.problems.append(f"the id_token is of another {name.removesuffix('_id')} than this job")
                return None
        return {
            **_person_json(
                str(claims.get("user_login")),
                claims.get("user_email"),
                VERIFIED,
                f"id_token of {urlsplit(server).netloc}",
            ),
            "ref": claims.get("ref"),
            "ref_protected": str(claims.get("ref_protected")) == "true",
        }

    def _by_api(self) -> dict[str, Any] | None:
        pipeline = self._ctx.pipeline.get("CI_PIPELINE_ID")
        if self._bringer is None or pipeline is None:
            return None
        try:
            starter = self._bringer.pipeline_starter(pipeline)
        except (GitLabProblem, ValueError, TypeError) as problem:
            self._stop(problem)
            return None
        host = urlsplit(self._ctx.pipeline.get("CI_API_V4_URL") or "").netloc
        return _person_json(starter.login, None, VERIFIED, host) if starter else None

    def _stop(self, problem: Exception) -> None:
        message = (
            str(problem) if isinstance(problem, GitLabProblem) else "GitLab's answer is not as documented"
        )
        self.problems.append(message)
        self._bringer = None


@contextmanager
def open_people_lookup(ctx: CommandContext) -> Iterator[PeopleLookup]:
    """Open GitLab where there is a token, and nobody asked us to stop."""
    pipeline = ctx.pipeline
    url, project, token = (pipeline.get(variable) for variable in ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN))
    with ExitStack() as stack:
        if not (url and project and token):
            without_gitlab = PeopleLookup(ctx, None)
            if pipeline.is_running:
                without_gitlab.problems.append(f"{TOKEN} is not set: GitLab was not asked")
            yield without_gitlab
            return
        until = ctx.clock() + TIME_LIMIT
        try:
            gitlab = stack.enter_context(GitLab(url, project, token))
        except GitLabProblem as problem:
            unsafe = PeopleLookup(ctx, None)
            unsafe.problems.append(str(problem))
            yield unsafe
            return
        yield PeopleLookup(
            ctx, MergedRequests(gitlab, is_over=lambda: ctx.run.stop.is_set() or ctx.clock() > until)
        )


def _person_json(login: str, email: object, how: str, by: str) -> dict[str, Any]:
    return {"login": login, "email": email if isinstance(email, str) else None, "how": how, "by": by}


def brought_json(merge_request: MergedRequest) -> Mapping[str, Any]:
    """Say who stands behind a merge request, in GitLab's words."""
    author = merge_request.author.login if merge_request.author else None
    approvers = [person.login for person in merge_request.approvers]
    return {
        "reference": merge_request.reference,
        "url": merge_request.url or None,
        "author": author,
        "approvers": approvers,
        "merger": merge_request.merger.login if merge_request.merger else None,
        "merged_at": merge_request.merged_at,
        "self_approved": bool(
            merge_request.author
            and any(merge_request.author.id == approver.id for approver in merge_request.approvers)
        ),
        "how": VERIFIED,
    }
