"""What GitLab vouches for: asked after the writes, for a short time, and never a reason to fail."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from reconciler.git.repository import Repository
from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.gitlab.merge_requests import Bringer, Brought
from reconciler.use_cases.reconcile.report.authors import ASSERTED
from reconciler.use_cases.reconcile.safety import TOKEN
from reconciler.use_cases.workspace.context import CommandContext

ID_TOKEN = "DNC_ID_TOKEN"  # noqa: S105  (the variable's name)
TIME = timedelta(seconds=30)  # what a report waits for GitLab, and one answer longer
VERIFIED = "verified"


class Witness:
    """One run's questions to GitLab. The first that goes wrong ends them, and `problems` says why."""

    def __init__(self, ctx: CommandContext, bringer: Bringer | None) -> None:
        self._ctx = ctx
        self._bringer = bringer
        self.problems: list[str] = []

    @property
    def asked(self) -> bool:
        """Tell whether GitLab could be asked until the end."""
        return self._bringer is not None

    def requests_of(self, sha: str) -> tuple[Brought, ...] | None:
        """Find the merge requests that brought a commit; None where GitLab cannot be asked."""
        if self._bringer is None:
            return None
        try:
            return self._bringer.of(sha)
        except (GitLabProblem, OverflowError, ValueError, KeyError, TypeError) as problem:
            self._end(problem)
            return None

    def triggerer(self, repository: Repository | None) -> dict[str, Any]:
        """Say who started this run, by the best word there is for it."""
        found = self._by_id_token() or self._by_api()
        if found is not None:
            return found
        told = self._ctx.pipeline
        if login := told.get("GITLAB_USER_LOGIN"):
            return _person(login, told.get("GITLAB_USER_EMAIL"), ASSERTED, "environment")
        user = repository.user() if repository else None
        name = user or self._ctx.environ.get("USER") or "unknown"
        return _person(name, user, ASSERTED, "git" if user else "environment")

    def _by_id_token(self) -> dict[str, Any] | None:
        from reconciler.gitlab.id_token import claims_of  # noqa: PLC0415  (its cryptography, where it is needed)

        told = self._ctx.pipeline
        token, server = told.get(ID_TOKEN), told.get("CI_SERVER_URL")
        if not token or not server:
            return None
        try:
            claims = claims_of(token, server, self._ctx.clock())
        except GitLabProblem as problem:
            self.problems.append(str(problem))
            return None
        for name in ("pipeline_id", "project_id"):
            if str(claims.get(name)) != told.get(f"CI_{name.upper()}"):
                self.problems.append(f"the id_token is of another {name.removesuffix('_id')} than this job")
                return None
        return {
            **_person(
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
            found = self._bringer.starter(pipeline)
        except (GitLabProblem, ValueError, TypeError) as problem:
            self._end(problem)
            return None
        host = urlsplit(self._ctx.pipeline.get("CI_API_V4_URL") or "").netloc
        return _person(found.login, None, VERIFIED, host) if found else None

    def _end(self, problem: Exception) -> None:
        told = str(problem) if isinstance(problem, GitLabProblem) else "GitLab's answer is not as documented"
        self.problems.append(told)
        self._bringer = None


@contextmanager
def witness(ctx: CommandContext) -> Iterator[Witness]:
    """Open GitLab where there is a token, and nobody asked us to stop."""
    told = ctx.pipeline
    url, project, token = (told.get(n) for n in ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN))
    with ExitStack() as stack:
        if not (url and project and token):
            missing = Witness(ctx, None)
            if told.running:
                missing.problems.append(f"{TOKEN} is not set: GitLab was not asked")
            yield missing
            return
        until = ctx.clock() + TIME
        try:
            gitlab = stack.enter_context(GitLab(url, project, token))
        except GitLabProblem as problem:
            unsafe = Witness(ctx, None)
            unsafe.problems.append(str(problem))
            yield unsafe
            return
        yield Witness(ctx, Bringer(gitlab, over=lambda: ctx.run.stop.is_set() or ctx.clock() > until))


def _person(login: str, email: object, how: str, by: str) -> dict[str, Any]:
    return {"login": login, "email": email if isinstance(email, str) else None, "how": how, "by": by}


def brought_json(one: Brought) -> Mapping[str, Any]:
    """Say who stands behind a merge request, in GitLab's words."""
    author = one.author.login if one.author else None
    approvers = [person.login for person in one.approvers]
    return {
        "reference": one.reference,
        "url": one.url or None,
        "author": author,
        "approvers": approvers,
        "merger": one.merger.login if one.merger else None,
        "merged_at": one.merged_at,
        "self_approved": bool(one.author and any(one.author.id == p.id for p in one.approvers)),
        "how": VERIFIED,
    }
