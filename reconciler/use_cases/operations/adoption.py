"""`dnc pull --merge-request`: drift as a merge request, one at a time, without a working tree.

One branch a tenant. It only ever grows, so nobody's commits on it are lost and nothing is forced: while the
target stands still, new numbers are a commit on top; when it moved, a merge of both.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.model.entries import ReasonCode
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.finding import count_text
from reconciler.core.model.live import Live
from reconciler.core.planning.modifications import modification_of
from reconciler.git.repository import Repository
from reconciler.use_cases.edits.adopt import adopt, adopted_lists
from reconciler.use_cases.edits.pull import (
    PullResult,
    Scope,
    UnmanagedEntries,
    check_owners,
    open_unmanaged,
    pull_result,
)
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_project, open_repository
from reconciler.use_cases.workspace.tree import GitTree

MAX_ATTEMPTS = 5  # pushes that lose a race
_REASON_CODES = frozenset(ReasonCode)


@dataclass(frozen=True, slots=True)
class AdoptionRequest:
    """What was asked for: the branch, its new commit (None: nothing new), whether a merge request was opened.

    `is_waiting` tells whether the branch has numbers that the target lacks.
    """

    pull_result: PullResult
    branch: str
    target: str
    commit: str | None = None
    is_opened: bool = False
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class _CommitBase:
    """What a commit is put upon: its parents, and the tree that it changes."""

    parents: tuple[str, ...]
    tree: str


def branch_of(tenant: str) -> str:
    """Name the branch of a tenant's adopted numbers."""
    return f"dnc-adopt-{tenant}"


def request_adoption(ctx: CommandContext, scope: Scope) -> AdoptionRequest:
    """Adopt numbers on a branch, and ask GitLab for a merge request by push options.

    The configuration is the target's alone: a branch that anybody may push to must not say where the
    credentials go. Raises RepositoryProblem without a remote.
    """
    repository = open_repository(ctx)
    if repository is None or repository.remote() is None:
        raise RepositoryProblem("there is no remote to push a branch to", "run `dnc pull` without it")
    audit = open_project(ctx, repository).configuration.audit.branch
    hint = ctx.pipeline.get("CI_DEFAULT_BRANCH")
    target, base = repository.default_branch_tip(hint, besides=audit)
    with open_unmanaged(ctx, scope, tree=GitTree(repository, base)) as (inputs, unmanaged):
        branch = branch_of(inputs.tenant.name)
        for _ in range(MAX_ATTEMPTS):
            adoption_request = _try_push(_Attempt(ctx, inputs, unmanaged, repository, branch, target, base))
            if adoption_request is not None:
                return adoption_request
    raise RepositoryProblem(f"the branch {branch} moved {MAX_ATTEMPTS} times meanwhile", "run it again")


@dataclass(frozen=True, slots=True)
class _Attempt:
    ctx: CommandContext
    inputs: PlanInputs
    unmanaged: UnmanagedEntries
    repository: Repository
    branch: str
    target: str
    base: str


def _try_push(attempt: _Attempt) -> AdoptionRequest | None:
    """Commit and push; None where somebody else pushed first."""
    ctx, inputs, unmanaged, repository = attempt.ctx, attempt.inputs, attempt.unmanaged, attempt.repository
    start = _commit_base(attempt)
    adopt_result = adopt(
        adopted_lists(ctx, inputs.project, inputs.tenant, GitTree(repository, start.tree)), unmanaged.entries
    )
    check_owners(ctx, inputs, adopt_result.files)
    result = pull_result(inputs.tenant.name, unmanaged, adopt_result)
    waiting = adopt_result.present_count > 0
    if not adopt_result.files:
        return AdoptionRequest(result, attempt.branch, attempt.target, is_waiting=waiting)
    title, body = _commit_title(inputs.tenant.name, unmanaged), "; ".join(_description_lines(unmanaged))
    commit = repository.commit_files(
        {repository.prefix + path: data for path, data in adopt_result.files.items()},
        f"{title}\n\n{body}",
        parent=start.parents[0],
        further_parents=start.parents[1:],
        base_tree=start.tree,
        committed_at=ctx.clock(),
    )
    options = (
        "merge_request.create",
        f"merge_request.target={attempt.target}",
        f"merge_request.title={title}",
        # GitLab takes no line breaks here: one paragraph.
        f"merge_request.description={body}. Merging keeps them in git; they stay live either way.",
    )
    outcome = repository.push_branch(attempt.branch, commit, skip_ci=False, options=options)
    if outcome == "outrun":
        return None
    takes_options = repository.takes_push_options
    return AdoptionRequest(result, attempt.branch, attempt.target, commit, takes_options, waiting)


def _commit_base(attempt: _Attempt) -> _CommitBase:
    """Find what to build upon: the target, the branch where it has the target, or the merge of both."""
    repository, base = attempt.repository, attempt.base
    tip = repository.fetch_branch(attempt.branch)
    if tip is None or repository.is_ancestor(tip, base):
        return _CommitBase((base,), base)
    if repository.is_ancestor(base, tip):
        return _CommitBase((tip,), tip)
    try:
        tree = repository.merge_of(base, tip)
    except RepositoryProblem as problem:
        attempt.ctx.say(
            f"{attempt.branch} conflicts with {attempt.target}: it is built anew from there ({problem.fact})"
        )
        tree = base
    return _CommitBase((tip, base), tree)


def _commit_title(tenant: str, unmanaged: UnmanagedEntries) -> str:
    number = sum(map(len, unmanaged.entries.values()))
    return f"Adopt {count_text(number)} that only CXone has ({tenant})"


def _description_lines(unmanaged: UnmanagedEntries) -> Iterator[str]:
    """Say by list how many, why, and when; CXone does not tell who. No number is named."""
    for list_id, entries in sorted(unmanaged.entries.items()):
        if not entries:
            continue
        codes = Counter(
            terms.reason_code if terms.reason_code in _REASON_CODES else ReasonCode.UNKNOWN
            for terms in entries.values()
        )
        reasons = ", ".join(f"{count:,} {code}" for code, count in sorted(codes.items()))
        yield f"{list_id}: {len(entries):,} ({reasons}), {_time_range(unmanaged.live, list_id, entries)}"
    yield "by whom, CXone does not tell"


def _time_range(live: Live, list_id: str, phones: Mapping[str, object]) -> str:
    modifications = [modification_of(live.lists[list_id][phone]) for phone in phones]
    times = sorted(modification.at for modification in modifications if modification is not None)
    if not times:
        return "modified at an unknown time"
    first_text, last_text = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (times[0], times[-1]))
    return (
        f"modified {first_text}"
        if first_text == last_text
        else f"modified between {first_text} and {last_text}"
    )
