"""`dnc pull --merge-request`: drift as a merge request, one at a time, without a working tree.

One branch a tenant. It only ever grows, so nobody's commits on it are lost and nothing is forced: while the
target stands still, new numbers are a commit on top; when it moved, a merge of both.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.model.entries import ReasonCode
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.live import Live
from reconciler.core.planning.modifications import touch_of
from reconciler.git.repository import Repository
from reconciler.use_cases.edits.adopt import adopt, desk_of
from reconciler.use_cases.edits.pull import Found, Pulled, Scope, check_owners, looked, told
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_project, open_repository
from reconciler.use_cases.workspace.tree import GitTree

TRIES = 5  # pushes that lose a race
_KNOWN = frozenset(ReasonCode)


@dataclass(frozen=True, slots=True)
class Requested:
    """What was asked for: the branch, its new commit (None: nothing new), whether a merge request was opened.

    `waiting` tells whether the branch has numbers that the target lacks.
    """

    pulled: Pulled
    branch: str
    target: str
    commit: str | None = None
    opened: bool = False
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class _Start:
    """What a commit is put upon: its parents, and the tree that it changes."""

    parents: tuple[str, ...]
    tree: str


def branch_of(tenant: str) -> str:
    """Name the branch of a tenant's adopted numbers."""
    return f"dnc-adopt-{tenant}"


def request(ctx: CommandContext, scope: Scope) -> Requested:
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
    with looked(ctx, scope, tree=GitTree(repository, base)) as (inputs, found):
        branch = branch_of(inputs.tenant.name)
        for _ in range(TRIES):
            done = _pushed(_Attempt(ctx, inputs, found, repository, branch, target, base))
            if done is not None:
                return done
    raise RepositoryProblem(f"the branch {branch} moved {TRIES} times meanwhile", "run it again")


@dataclass(frozen=True, slots=True)
class _Attempt:
    ctx: CommandContext
    inputs: PlanInputs
    found: Found
    repository: Repository
    branch: str
    target: str
    base: str


def _pushed(attempt: _Attempt) -> Requested | None:
    """Commit and push; None where somebody else pushed first."""
    ctx, inputs, found, repository = attempt.ctx, attempt.inputs, attempt.found, attempt.repository
    start = _start(attempt)
    done = adopt(desk_of(ctx, inputs.project, inputs.tenant, GitTree(repository, start.tree)), found.entries)
    check_owners(ctx, inputs, done.files)
    pulled = told(inputs.tenant.name, found, done)
    waiting = done.present > 0
    if not done.files:
        return Requested(pulled, attempt.branch, attempt.target, waiting=waiting)
    title, body = _title(inputs.tenant.name, found), "; ".join(_told(found))
    commit = repository.commit_files(
        {repository.prefix + path: data for path, data in done.files.items()},
        f"{title}\n\n{body}",
        parent=start.parents[0],
        merged=start.parents[1:],
        onto=start.tree,
        when=ctx.clock(),
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
    opened = repository.takes_push_options
    return Requested(pulled, attempt.branch, attempt.target, commit, opened, waiting)


def _start(attempt: _Attempt) -> _Start:
    """Find what to build upon: the target, the branch where it has the target, or the merge of both."""
    repository, base = attempt.repository, attempt.base
    tip = repository.fetch_branch(attempt.branch)
    if tip is None or repository.is_ancestor(tip, base):
        return _Start((base,), base)
    if repository.is_ancestor(base, tip):
        return _Start((tip,), tip)
    try:
        tree = repository.merge_of(base, tip)
    except RepositoryProblem as problem:
        attempt.ctx.say(
            f"{attempt.branch} conflicts with {attempt.target}: it is built anew from there ({problem.fact})"
        )
        tree = base
    return _Start((tip, base), tree)


def _title(tenant: str, found: Found) -> str:
    number = sum(map(len, found.entries.values()))
    return f"Adopt {number:,} number{'s' * (number != 1)} that only CXone has ({tenant})"


def _told(found: Found) -> Iterator[str]:
    """Say by list how many, why, and when; CXone does not tell who. No number is named."""
    for list_id, entries in sorted(found.entries.items()):
        if not entries:
            continue
        codes = Counter(
            t.reason_code if t.reason_code in _KNOWN else ReasonCode.UNKNOWN for t in entries.values()
        )
        reasons = ", ".join(f"{count:,} {code}" for code, count in sorted(codes.items()))
        yield f"{list_id}: {len(entries):,} ({reasons}), {_when(found.live, list_id, entries)}"
    yield "by whom, CXone does not tell"


def _when(live: Live, list_id: str, phones: Mapping[str, object]) -> str:
    touches = [touch_of(live.lists[list_id][phone]) for phone in phones]
    times = sorted(touch.at for touch in touches if touch is not None)
    if not times:
        return "touched nobody knows when"
    first, last = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (times[0], times[-1]))
    return f"touched {first}" if first == last else f"touched between {first} and {last}"
