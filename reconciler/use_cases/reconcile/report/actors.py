"""Who stands behind a run, and who authorised each removal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.apply.run import Run
from reconciler.core.model.entries import Release, terms_json
from reconciler.core.model.errors import DncError
from reconciler.core.planning.change import BlockedBy, Change, Reason
from reconciler.core.planning.state import HeldClaim
from reconciler.git.history import Commit
from reconciler.git.repository import Repository
from reconciler.lists.edit.changes import lines_of
from reconciler.use_cases.reconcile.prepared_plan import PlanCriteria, PreparedPlan
from reconciler.use_cases.reconcile.report.authors import ASSERTED, author_json, merge_request_in
from reconciler.use_cases.reconcile.report.people import VERIFIED, Witness, brought_json, witness
from reconciler.use_cases.reconcile.safety import Life, is_author
from reconciler.use_cases.workspace.context import CommandContext

LAPSES = 1_000  # whose lines are looked up, file by file
LARGEST_FILE = 16 * 1024 * 1024  # bytes: beyond, finding lines and their authors takes too long


def removal_authorizations(
    repository: Repository | None, criteria: PlanCriteria, run: Run, asked: Witness
) -> list[dict[str, Any]]:
    """Say who stands behind each exposing change that had permission, or that waits for an approval alone.

    What guards keep is there too, with what keeps it. Numbers that have all in common are one row.
    """
    record = _Record(repository, criteria, run, asked)
    rows: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for change in run.plan.changes:
        if change.exposing and (change.reason is not Reason.VANISHED or _waits(change)):
            for permit, phones in record.permits(change):
                row = {
                    "action": change.action.value,
                    "list_id": change.list_id,
                    "reason": change.reason.value,
                    "blocked_by": [blocked.value for blocked in change.blocked_by],
                    **permit,
                }
                rows.setdefault(repr(row), (row, []))[1].extend(phones)
    return [{**row, "count": len(phones), "phones": phones} for row, phones in rows.values()]


def _waits(change: Change) -> bool:
    return BlockedBy.APPROVAL in change.blocked_by


@dataclass
class _Record:
    """Looks permissions up, each commit and file once."""

    repository: Repository | None
    criteria: PlanCriteria
    run: Run
    asked: Witness
    _commits: dict[str, Commit | None] = field(default_factory=dict)
    _requests: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    _lives: dict[tuple[str, Release], Life | None] = field(default_factory=dict)

    def permits(self, change: Change) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Give each permission of a change with its numbers; a number may have several."""
        lapsed: dict[HeldClaim, list[str]] = {}
        for phone in change.phones:
            key = (change.list_id, phone)
            grant = self.run.plan.wanted.granted.get(key)
            waiting = self.criteria.setting.desired.releases.get(key, ())
            for release in grant.releases if grant else waiting:
                yield self._release(release), [phone]
            if grant and not grant.releases:
                for claim in grant.claims:
                    lapsed.setdefault(claim, []).append(phone)
        for claim, phones in lapsed.items():
            by_commit: dict[str | None, list[str]] = {}
            writers = self._writers(claim.path, phones)
            for phone in phones:
                by_commit.setdefault(writers.get(phone), []).append(phone)
            for sha, written in by_commit.items():
                yield self._lapse(claim, sha), written

    def _release(self, release: Release) -> dict[str, Any]:
        life = self._life(release)
        shas = [revision.sha for revision in life.brought] if life else []
        request = self._request(shas[0]) if shas else None
        needed = self.criteria.safety.in_force.approvals
        how = self.criteria.approval.how(release) if needed and life else None
        return {
            "permission": "release",
            "file": release.path,
            "release": release.reason.value,
            "released_on": release.released_on.isoformat(),
            "evidence": release.evidence,
            "commit": shas[0] if shas else None,
            "author": self._author(shas[0]) if shas else None,
            "approved_by": release.approved_by,
            "approval": (how.value if how else "none") if needed else "not asked for",
            "self_approved": _self_approved(release, life, request),
            "merge_request": request,
        }

    def _lapse(self, claim: HeldClaim, sha: str | None) -> dict[str, Any]:
        return {
            "permission": "lapse",
            "file": claim.path,
            "terms": terms_json(claim.terms),
            "commit": sha,
            "author": self._author(sha) if sha else None,
            "merge_request": self._request(sha) if sha else None,
        }

    def _life(self, release: Release) -> Life | None:
        key = (release.path, release)
        if key not in self._lives:
            try:
                self._lives[key] = self.criteria.approval.life(release)
            except DncError as problem:
                self._tell(problem.fact)
                self._lives[key] = None
        return self._lives[key]

    def _writers(self, path: str, phones: Iterable[str]) -> Mapping[str, str]:
        """Name the commit that wrote each number's line, as it stood at the held revision."""
        repository, held = self.repository, self.criteria.setting.held.revision
        wanted = list(phones)[:LAPSES]
        if repository is None or held is None:
            return {}
        try:
            data = repository.read_tree_files(held, lambda name: name == path).get(path)
            if data is None or len(data) > LARGEST_FILE:
                return {}
            lines = lines_of(path, data, wanted)
            by_line = repository.writers.of_lines(held, path, lines.values()) if lines else {}
        except DncError as problem:
            self._tell(problem.fact)
            return {}
        return {phone: by_line[line] for phone, line in lines.items() if line in by_line}

    def _author(self, sha: str) -> dict[str, str] | None:
        commit = self._commit(sha)
        return author_json(commit.author) if commit else None

    def _commit(self, sha: str) -> Commit | None:
        repository = self.repository
        if sha not in self._commits and repository is not None:
            try:
                self._commits[sha] = repository.describe(sha)
            except DncError as problem:
                self._tell(problem.fact)
                self._commits[sha] = None
        return self._commits.get(sha)

    def _request(self, sha: str) -> Mapping[str, Any] | None:
        """Name the merge request of a commit: by GitLab's word, else as a merge commit tells."""
        if sha not in self._requests:
            found = self.asked.requests_of(sha)
            self._requests[sha] = brought_json(found[0]) if found else self._named(sha)
        return self._requests[sha]

    def _named(self, sha: str) -> Mapping[str, Any] | None:
        repository, commit = self.repository, self._commit(sha)
        if repository is None or commit is None:
            return None
        try:
            merge = repository.merge_bringing(sha)
        except DncError as problem:
            self._tell(problem.fact)
            return None
        named = merge_request_in(merge.message if merge else commit.message)
        return {"reference": named, "how": ASSERTED} if named else None

    def _tell(self, fact: str) -> None:
        if fact not in self.asked.problems:
            self.asked.problems.append(fact)


def _self_approved(release: Release, life: Life | None, request: Mapping[str, Any] | None) -> bool:
    """Tell whether its author is among those who approved it, as far as that is known."""
    if life is None:
        return False
    if request is not None and request["how"] == VERIFIED:
        own = any(is_author(login, commit) for login in request["approvers"] for commit in life.brought)
        return own or bool(request["self_approved"])
    if release.approved_by is None:
        return False
    # Whoever wrote the name wrote it: a commit of somebody else is what makes it another's.
    others = (one for one in life.signed if not any(is_author(one.mail, own) for own in life.brought))
    return any(is_author(release.approved_by, own) for own in life.brought) or not any(others)


COMMITS = 1_000  # read of those since held; the first run of an old repository has more
AUTHORS = 100  # named, those with most commits first
REQUESTS = 50  # commits of which GitLab is asked for the merge request


def actors_json(prepared: PreparedPlan, run: Run) -> dict[str, Any]:
    """Say who stands behind the run as a whole, and behind each number that came off or was to."""
    repository, newest = prepared.inputs.repository, prepared.state.last_applied.newest
    with witness(prepared.ctx) as asked:
        triggerer = asked.triggerer(repository)
        since = newest.report.revision if newest else None
        count, commits = _commits(repository, since, asked)
        requests = _requests(commits, asked)
        return {
            "triggerer": triggerer,
            "since": since,
            "commits": count,
            "authors": _authors(commits),
            "merge_requests": requests,
            "exposing": removal_authorizations(repository, prepared.criteria, run, asked),
            "unknown": asked.problems,
        }


def triggerer_json(ctx: CommandContext, repository: Repository) -> dict[str, Any]:
    """Say who started a run that failed: what it would have applied is the next run's to say."""
    with witness(ctx) as asked:
        return {"triggerer": asked.triggerer(repository), "unknown": asked.problems}


def _commits(
    repository: Repository | None, since: str | None, asked: Witness
) -> tuple[int | None, Sequence[Commit]]:
    if repository is None:
        return None, ()
    try:
        return repository.writers.since(since, limit=COMMITS)
    except DncError as problem:
        asked.problems.append(problem.fact)
        return None, ()


def _authors(commits: Sequence[Commit]) -> list[dict[str, Any]]:
    """Name the authors, each with the newest of their commits."""
    counts = Counter(commit.author for commit in commits)
    newest = {commit.author: commit.sha for commit in reversed(commits)}
    return [
        {**author_json(author), "commits": count, "newest": newest[author]}
        for author, count in sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:AUTHORS]
    ]


def _requests(commits: Sequence[Commit], asked: Witness) -> list[Mapping[str, Any]]:
    """Name the merge requests: by GitLab's word where it gives it, else as merge commits tell."""
    verified: dict[str, dict[str, Any]] = {}
    for commit in commits[:REQUESTS]:
        for one in asked.requests_of(commit.sha) or ():
            verified.setdefault(one.reference, {**brought_json(one), "commits": []})["commits"].append(
                commit.sha
            )
    told: dict[str, dict[str, Any]] = {}
    for commit in commits:
        named = merge_request_in(commit.message)
        if named and named not in verified:
            said = {"reference": named, "merger": author_json(commit.author)["name"], "how": ASSERTED}
            told.setdefault(named, {**said, "commits": []})["commits"].append(commit.sha)
    return [*verified.values(), *told.values()]
