"""Safety limits in force, and whether somebody other than its author approved a release."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.config.configuration import Safety, Tenant
from reconciler.core.model.entries import Release
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.planning.guards import RemovalBudget
from reconciler.core.planning.inputs import Limits
from reconciler.core.planning.plan import budget_to_json
from reconciler.git.history import Revision
from reconciler.git.repository import Repository
from reconciler.gitlab.approvals import Approvals
from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.lists.releases_holds import releases_in_file
from reconciler.use_cases.workspace.context import CommandContext

GITLAB_RULE = "GITLAB"
TOKEN = "GITLAB_TOKEN"  # noqa: S105  (the variable's name)


class ApprovalSource(StrEnum):
    """How an approval is known."""

    VERIFIED = "verified"
    ASSERTED = "asserted"


@dataclass(frozen=True, slots=True)
class ReleaseCommits:
    """A release in history: the commits that brought it, and those that said who approved it."""

    brought: tuple[Revision, ...]
    approved: tuple[Revision, ...]


@dataclass
class ApprovalLookup:
    """Answers for one plan. `revs` are the commits whose history counts: what is planned, and its target."""

    ctx: CommandContext
    repository: Repository | None
    revs: tuple[str, ...]
    _source_by_release: dict[tuple[str, Release], ApprovalSource | None] = field(default_factory=dict)
    _files: dict[str, list[tuple[Revision, dict[Release, str | None]]]] = field(default_factory=dict)
    _verified: dict[str, bool | None] = field(default_factory=dict)
    _problem: GitLabProblem | None = None
    _unanswered_commits: set[str] = field(default_factory=set)

    def __call__(self, release: Release) -> bool:
        """Tell whether somebody else approved it."""
        key = (release.path, release)
        if key not in self._source_by_release:
            self._source_by_release[key] = self._find_source(release)
        return self._source_by_release[key] is not None

    def source_of(self, release: Release) -> ApprovalSource | None:
        """Say how its approval is known; None where nobody approved it."""
        return self._source_by_release.get((release.path, release)) if self(release) else None

    def json(self) -> dict[str, Any]:
        """Say how the releases were approved that were asked about, as a report keeps it; {} if none was."""
        counts = {
            how.value: sum(source is how for source in self._source_by_release.values())
            for how in ApprovalSource
        }
        return {"approved": counts} if any(counts.values()) else {}

    def findings(self) -> Iterator[Finding]:
        """Say, once for all releases, what GitLab did not tell."""
        if self._problem is not None:
            message = (
                f"approvals were not read from GitLab, so no release that depends on them counts: "
                f"{self._problem.fact}; {self._problem.fix}"
            )
            yield Finding("", 0, 0, "", GITLAB_RULE, Severity.WARNING, message)
        if self._unanswered_commits:
            message = (
                f"GitLab does not list all pushes to {', '.join(sorted(self._unanswered_commits))}, "
                'so an approver may have pushed to it; turn on "Prevent approvals by users who add commits" '
                "(docs/how-to/gitlab.md)"
            )
            yield Finding("", 0, 0, "", GITLAB_RULE, Severity.WARNING, message)

    def _find_source(self, release: Release) -> ApprovalSource | None:
        if self.repository is None or not self.revs:
            return None
        life = self.commits_of(release)
        if not life.brought:
            return None  # not committed yet
        verdicts = [self._is_approved_in_gitlab(commit) for commit in life.brought]
        if None not in verdicts:
            return ApprovalSource.VERIFIED if all(verdicts) else None
        return ApprovalSource.ASSERTED if self._is_approved_by_commit(life) else None

    def commits_of(self, release: Release) -> ReleaseCommits:
        """Find the commits that brought a release, and those that said who approved it."""
        revisions = self._revisions(release.path)
        has = {commit.sha: releases for commit, releases in revisions}
        brought, approved = [], []
        for commit, releases in revisions:
            if release not in releases:
                continue
            parent_releases = [has[parent] for parent in commit.parents if parent in has]
            if not any(release in releases_before for releases_before in parent_releases):
                brought.append(commit)
            elif releases[release] and not any(
                releases_before.get(release) == releases[release] for releases_before in parent_releases
            ):
                approved.append(commit)
        return ReleaseCommits(tuple(brought), tuple(approved))

    def _revisions(self, path: str) -> list[tuple[Revision, dict[Release, str | None]]]:
        if path not in self._files and self.repository is not None:
            commits = self.repository.list_file_revisions(path, *self.revs)
            blobs = self.repository.read_blobs([commit.blob for commit in commits if commit.blob])
            releases_by_commit = {
                sha: {release: release.approved_by for release in releases_in_file(path, data)}
                for sha, data in blobs.items()
            }
            self._files[path] = [
                (commit, releases_by_commit.get(commit.blob or "", {})) for commit in commits
            ]
        return self._files[path]

    def _is_approved_by_commit(self, life: ReleaseCommits) -> bool:
        """Tell whether somebody who did not bring it signed it, after all who did."""
        authors = {word for commit in life.brought for word in _words(commit)}
        return any(
            authors.isdisjoint(_words(commit)) and self._is_after(commit, life.brought)
            for commit in life.approved
        )

    def _is_after(self, commit: Revision, others: Iterable[Revision]) -> bool:
        return self.repository is not None and all(
            self.repository.is_ancestor(other.sha, commit.sha) for other in others
        )

    def _is_approved_in_gitlab(self, commit: Revision) -> bool | None:
        """Ask GitLab; None where no token is there to ask with."""
        if commit.sha not in self._verified:
            self._verified[commit.sha] = self._ask_gitlab(commit)
        return self._verified[commit.sha]

    def _ask_gitlab(self, commit: Revision) -> bool | None:
        pipeline = self.ctx.pipeline
        if not pipeline.get(TOKEN):
            return None
        if self._problem is not None and self._problem.is_passing:
            return False  # each request more would wait as long as the one before
        target = pipeline.merge_target or pipeline.get("CI_DEFAULT_BRANCH")
        try:
            with self._gitlab() as gitlab:
                approvals = Approvals(gitlab)
                is_approved = approvals.approvers_of(commit.sha, _words(commit) | {_login(commit)}, target)
                self._unanswered_commits |= approvals.incomplete_requests
                return bool(is_approved)
        except GitLabProblem as problem:
            self._problem = problem
            return False

    def _gitlab(self) -> GitLab:
        pipeline = self.ctx.pipeline
        url, project, token = (pipeline.get(name) for name in ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN))
        if not (url and project and token):
            fact = f"{TOKEN} is set, and CI_API_V4_URL or CI_PROJECT_ID is not"
            raise GitLabProblem(fact, f"run it in a GitLab pipeline, or without {TOKEN}")
        return GitLab(url, project, token)


def approval_of(ctx: CommandContext, repository: Repository | None, onto: str | None) -> ApprovalLookup:
    """Ask of the history of HEAD, and of what it is merged with."""
    revs: list[str] = []
    if repository is not None:
        head = repository.head()
        revs = [head] if head else []
        if onto is not None:
            try:
                revs.append(repository.describe(onto).sha)
            except RepositoryProblem:
                ctx.say(f"warning: the history of {onto} is not here: releases there count as not approved")
    return ApprovalLookup(ctx, repository, tuple(revs))


def is_author(word: str, commit: Revision) -> bool:
    """Tell whether a login, name or mail address is that of a commit's author, as far as words can tell."""
    return " ".join(word.split()).lower() in _words(commit) | {_login(commit)}


def _login(commit: Revision) -> str:
    """Give the first part of the mail address: most often it is the login."""
    return commit.mail.strip().lower().partition("@")[0]


def _words(commit: Revision) -> set[str]:
    """Name the author in every way that two commits of one person have in common."""
    return {commit.mail.strip().lower(), " ".join(commit.name.split()).lower()}


LIMITS_RULE = "CONF-08"


@dataclass(frozen=True, slots=True)
class SafetyLimits:
    """The limits as configured today, and as they hold in this run: the tighter of today's and the last's.

    So nobody raises a limit and uses it in one merge request: between the two there is a report that says so.
    """

    configured_limits: Safety
    last_seen: Safety

    @classmethod
    def of(cls, configured: Safety, newest: StoredReport | None) -> "SafetyLimits":
        """Compare today's limits with those that the newest report saw; without a report today's hold."""
        if newest is None:
            return cls(configured, configured)
        seen = newest.report.seen_limits
        return cls(configured, Safety(seen.max_removals, seen.max_removal_percent, approvals=seen.approvals))

    @property
    def in_force(self) -> Safety:
        """Give the limits of this run."""
        return Safety(
            min(self.configured_limits.max_removals, self.last_seen.max_removals),
            min(self.configured_limits.max_removal_percent, self.last_seen.max_removal_percent),
            self.configured_limits.confirm_additions,
            max(self.configured_limits.approvals, self.last_seen.approvals),
        )

    def json(self) -> dict[str, Any]:
        """Say both as a report keeps them."""
        return {**_limits_to_json(self.in_force), "configured": _limits_to_json(self.configured_limits)}

    def findings(self, path: str) -> Iterator[Finding]:
        """Say which limits are looser than the last run saw them."""
        for change in limit_changes(self.last_seen, self.configured_limits, looser_only=True):
            message = f"{change}: the tighter one holds in this run, the looser from the next on"
            yield Finding(path, 0, 0, "/safety", LIMITS_RULE, Severity.WARNING, message)


def limit_changes(limits_before: Safety, limits_after: Safety, *, looser_only: bool = False) -> Iterator[str]:
    """Say which limits differ: `maxRemovals 500 → 5000`."""
    pairs = (
        ("maxRemovals", limits_before.max_removals, limits_after.max_removals),
        ("maxRemovalPercent", limits_before.max_removal_percent, limits_after.max_removal_percent),
    )
    for name, old_value, new_value in pairs:
        if new_value > old_value or (new_value != old_value and not looser_only):
            yield f"{name} {old_value:g} → {new_value:g}"
    if limits_after.approvals < limits_before.approvals or (
        limits_after.approvals != limits_before.approvals and not looser_only
    ):
        yield f"approvals {limits_before.approvals} → {limits_after.approvals}"


def _limits_to_json(safety: Safety) -> dict[str, Any]:
    limits_json = {"max_removals": safety.max_removals, "max_removal_percent": safety.max_removal_percent}
    return {**limits_json, **({"approvals": safety.approvals} if safety.approvals else {})}


def limits_of(safety: SafetyLimits, tenant: Tenant, allow: int | None) -> Limits:
    """Give the limits of a plan. `allow` is `--allow-removals`."""
    limits = safety.in_force
    return Limits(limits.max_removals, limits.max_removal_percent, allow, tenant.removal != "none")


def budget_json(ctx: CommandContext, budget: RemovalBudget) -> dict[str, Any]:
    """Say what would be removed against the limits, with the command that removes it all."""
    tenant = f" --tenant {ctx.options.tenant}" if ctx.options.tenant else ""
    command = f"dnc apply --allow-removals {budget.wanted}{tenant}" if budget.wanted else None
    return budget_to_json(budget, command)
