"""Who stands behind a run, and who authorised each removal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.apply.run import Run
from reconciler.core.model.entries import Release, terms_to_json
from reconciler.core.model.errors import DncError
from reconciler.core.planning.change import BlockedBy, Change, Reason
from reconciler.core.planning.state import AppliedEntry
from reconciler.git.history import Commit
from reconciler.git.repository import Repository
from reconciler.lists.edit.changes import lines_of
from reconciler.use_cases.reconcile.plan_criteria import PlanCriteria
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan
from reconciler.use_cases.reconcile.report.authors import ASSERTED, author_json, merge_request_in
from reconciler.use_cases.reconcile.report.people import (
    VERIFIED,
    PeopleLookup,
    brought_json,
    open_people_lookup,
)
from reconciler.use_cases.reconcile.safety import ReleaseCommits, is_author
from reconciler.use_cases.workspace.context import CommandContext

MAX_LAPSES = 1_000  # whose lines are looked up, file by file
MAX_FILE_BYTES = 16 * 1024 * 1024  # bytes: beyond, finding lines and their authors takes too long


def removal_authorizations(
    repository: Repository | None, criteria: PlanCriteria, run: Run, asked: PeopleLookup
) -> list[dict[str, Any]]:
    """Say who stands behind each exposing change that had permission, or that waits for an approval alone.

    What guards keep is there too, with what keeps it. Numbers that have all in common are one row.
    """
    record = _AuthorizationLookup(repository, criteria, run, asked)
    blocks = {key: change.blocked_by for change in run.blocked for key in change.keys}
    rows: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for change in run.plan.changes:
        if change.is_exposing and (change.reason is not Reason.VANISHED or _waits_for_approval(change)):
            for permit, phones in record.authorizations(change):
                by_blocks: dict[tuple[BlockedBy, ...], list[str]] = {}
                for phone in phones:  # what the plan let go the run may have kept
                    kept_by = change.blocked_by or blocks.get((change.list_id, phone), ())
                    by_blocks.setdefault(kept_by, []).append(phone)
                for blocked_by, kept_phones in by_blocks.items():
                    row = {
                        "action": change.action.value,
                        "list_id": change.list_id,
                        "reason": change.reason.value,
                        "blocked_by": [blocked.value for blocked in blocked_by],
                        **permit,
                    }
                    rows.setdefault(repr(row), (row, []))[1].extend(kept_phones)
    return [{**row, "count": len(phones), "phones": phones} for row, phones in rows.values()]


def _waits_for_approval(change: Change) -> bool:
    return BlockedBy.APPROVAL in change.blocked_by


@dataclass
class _AuthorizationLookup:
    """Looks permissions up, each commit and file once."""

    repository: Repository | None
    criteria: PlanCriteria
    run: Run
    people: PeopleLookup
    _commits: dict[str, Commit | None] = field(default_factory=dict)
    _requests: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    _lives: dict[tuple[str, Release], ReleaseCommits | None] = field(default_factory=dict)

    def authorizations(self, change: Change) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Give each permission of a change with its numbers; a number may have several."""
        lapsed_phones: dict[AppliedEntry, list[str]] = {}
        for phone in change.phones:
            key = (change.list_id, phone)
            authorization = self.run.plan.target_state.authorizations.get(key)
            waiting = self.criteria.setting.declared.releases.get(key, ())
            for release in authorization.releases if authorization else waiting:
                yield self._release_json(release), [phone]
            if authorization and not authorization.releases:
                for entry in authorization.entries:
                    lapsed_phones.setdefault(entry, []).append(phone)
        for entry, phones in lapsed_phones.items():
            by_commit: dict[str | None, list[str]] = {}
            writers = self._writers(entry.path, phones)
            for phone in phones:
                by_commit.setdefault(writers.get(phone), []).append(phone)
            for sha, commit_phones in by_commit.items():
                yield self._lapse_json(entry, sha), commit_phones

    def _release_json(self, release: Release) -> dict[str, Any]:
        life = self._life(release)
        shas = [revision.sha for revision in life.brought] if life else []
        request = self._merge_request(shas[0]) if shas else None
        required_approvals = self.criteria.safety.in_force.approvals
        approval_source = self.criteria.approval.source_of(release) if required_approvals and life else None
        return {
            "permission": "release",
            "file": release.path,
            "release": release.reason.value,
            "released_on": release.released_on.isoformat(),
            "evidence": release.evidence,
            "commit": shas[0] if shas else None,
            "author": self._author_json(shas[0]) if shas else None,
            "approved_by": release.approved_by,
            "approval": (approval_source.value if approval_source else "none")
            if required_approvals
            else "not asked for",
            "self_approved": _is_self_approved(release, life, request),
            "merge_request": request,
        }

    def _lapse_json(self, entry: AppliedEntry, sha: str | None) -> dict[str, Any]:
        return {
            "permission": "lapse",
            "file": entry.path,
            "terms": terms_to_json(entry.terms),
            "commit": sha,
            "author": self._author_json(sha) if sha else None,
            "merge_request": self._merge_request(sha) if sha else None,
        }

    def _life(self, release: Release) -> ReleaseCommits | None:
        key = (release.path, release)
        if key not in self._lives:
            try:
                self._lives[key] = self.criteria.approval.commits_of(release)
            except DncError as problem:
                self._add_person_facts(problem.fact)
                self._lives[key] = None
        return self._lives[key]

    def _writers(self, path: str, phones: Iterable[str]) -> Mapping[str, str]:
        """Name the commit that wrote each number's line, as it stood at the held revision."""
        repository, held_revision = self.repository, self.criteria.setting.last_applied.revision
        limited_phones = list(phones)[:MAX_LAPSES]
        if repository is None or held_revision is None:
            return {}
        try:
            data = repository.read_tree_files(held_revision, lambda name: name == path).get(path)
            if data is None or len(data) > MAX_FILE_BYTES:
                return {}
            lines = lines_of(path, data, limited_phones)
            by_line = (
                repository.writers.commits_of_lines(held_revision, path, lines.values()) if lines else {}
            )
        except DncError as problem:
            self._add_person_facts(problem.fact)
            return {}
        return {phone: by_line[line] for phone, line in lines.items() if line in by_line}

    def _author_json(self, sha: str) -> dict[str, str] | None:
        commit = self._commit(sha)
        return author_json(commit.author) if commit else None

    def _commit(self, sha: str) -> Commit | None:
        repository = self.repository
        if sha not in self._commits and repository is not None:
            try:
                self._commits[sha] = repository.describe(sha)
            except DncError as problem:
                self._add_person_facts(problem.fact)
                self._commits[sha] = None
        return self._commits.get(sha)

    def _merge_request(self, sha: str) -> Mapping[str, Any] | None:
        """Name the merge request of a commit: by GitLab's word, else as a merge commit tells."""
        if sha not in self._requests:
            known_requests = self.people.requests_of(sha)
            self._requests[sha] = (
                brought_json(known_requests[0]) if known_requests else self._request_in_message(sha)
            )
        return self._requests[sha]

    def _request_in_message(self, sha: str) -> Mapping[str, Any] | None:
        repository, commit = self.repository, self._commit(sha)
        if repository is None or commit is None:
            return None
        try:
            merge = repository.merge_bringing(sha)
        except DncError as problem:
            self._add_person_facts(problem.fact)
            return None
        reference = merge_request_in(merge.message if merge else commit.message)
        return {"reference": reference, "how": ASSERTED} if reference else None

    def _add_person_facts(self, fact: str) -> None:
        if fact not in self.people.problems:
            self.people.problems.append(fact)


def _is_self_approved(
    release: Release, life: ReleaseCommits | None, request: Mapping[str, Any] | None
) -> bool:
    """Tell whether its author is among those who approved it, as far as that is known."""
    if life is None:
        return False
    if request is not None and request["how"] == VERIFIED:
        own_commit = any(
            is_author(login, commit) for login in request["approvers"] for commit in life.brought
        )
        return own_commit or bool(request["self_approved"])
    if release.approved_by is None:
        return False
    # Whoever wrote the name wrote it: a commit of somebody else is what makes it another's.
    other_signers = (
        signer
        for signer in life.approved
        if not any(is_author(signer.mail, own_commit) for own_commit in life.brought)
    )
    return any(is_author(release.approved_by, own_commit) for own_commit in life.brought) or not any(
        other_signers
    )


MAX_COMMITS = 1_000  # read of those since held; the first run of an old repository has more
MAX_AUTHORS = 100  # named, those with most commits first
MAX_REQUESTS = 50  # commits of which GitLab is asked for the merge request


def actors_json(prepared: PreparedPlan, run: Run) -> dict[str, Any]:
    """Say who stands behind the run as a whole, and behind each number that came off or was to."""
    repository, newest = prepared.inputs.repository, prepared.state.last_applied.newest
    with open_people_lookup(prepared.ctx) as people:
        triggerer = people.triggerer(repository)
        since = newest.report.revision if newest else None
        count, commits = _applied_commits(repository, since, people)
        requests = _merge_requests_json(commits, people)
        return {
            "triggerer": triggerer,
            "since": since,
            "commits": count,
            "authors": _authors_json(commits),
            "merge_requests": requests,
            "exposing": removal_authorizations(repository, prepared.criteria, run, people),
            "unknown": people.problems,
        }


def triggerer_json(ctx: CommandContext, repository: Repository) -> dict[str, Any]:
    """Say who started a run that failed: what it would have applied is the next run's to say."""
    with open_people_lookup(ctx) as people:
        return {"triggerer": people.triggerer(repository), "unknown": people.problems}


def _applied_commits(
    repository: Repository | None, since: str | None, people: PeopleLookup
) -> tuple[int | None, Sequence[Commit]]:
    if repository is None:
        return None, ()
    try:
        return repository.writers.commits_since(since, limit=MAX_COMMITS)
    except DncError as problem:
        people.problems.append(problem.fact)
        return None, ()


def _authors_json(commits: Sequence[Commit]) -> list[dict[str, Any]]:
    """Name the authors, each with the newest of their commits."""
    counts = Counter(commit.author for commit in commits)
    newest = {commit.author: commit.sha for commit in reversed(commits)}
    return [
        {**author_json(author), "commits": count, "newest": newest[author]}
        for author, count in sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:MAX_AUTHORS]
    ]


def _merge_requests_json(commits: Sequence[Commit], people: PeopleLookup) -> list[Mapping[str, Any]]:
    """Name the merge requests: by GitLab's word where it gives it, else as merge commits tell."""
    verified_requests: dict[str, dict[str, Any]] = {}
    for commit in commits[:MAX_REQUESTS]:
        for brought in people.requests_of(commit.sha) or ():
            verified_requests.setdefault(brought.reference, {**brought_json(brought), "commits": []})[
                "commits"
            ].append(commit.sha)
    asserted_requests: dict[str, dict[str, Any]] = {}
    for commit in commits:
        reference = merge_request_in(commit.message)
        if reference and reference not in verified_requests:
            request_json = {
                "reference": reference,
                "merger": author_json(commit.author)["name"],
                "how": ASSERTED,
            }
            asserted_requests.setdefault(reference, {**request_json, "commits": []})["commits"].append(
                commit.sha
            )
    return [*verified_requests.values(), *asserted_requests.values()]
