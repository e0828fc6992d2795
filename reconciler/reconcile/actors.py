"""Who stands behind a run: authors of the commits since held, merge requests, approvers, mergers, triggerer.

*verified*: GitLab says so, to a token or in a signed `id_token`. *asserted*: git or the environment says so,
and either is what somebody wrote there. What could not be learnt is said, and holds nothing up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.apply.run import Run
from reconciler.model.errors import DncError
from reconciler.reconcile.authors import ASSERTED, author_json, merge_request_in
from reconciler.reconcile.letting import let_off
from reconciler.reconcile.planned import Planned
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.witness import Witness, brought_json, witness
from reconciler.repository.history import Commit
from reconciler.repository.repository import Repository

COMMITS = 1_000  # read of those since held; the first run of an old repository has more
AUTHORS = 100  # named, those with most commits first
REQUESTS = 50  # commits of which GitLab is asked for the merge request


def actors_json(made: Planned, run: Run) -> dict[str, Any]:
    """Say who stands behind the run as a whole, and behind each number that came off or was to."""
    with witness(made.around) as asked:
        triggerer = asked.triggerer(made.repository)
        since = made.past.newest.report.revision if made.past.newest else None
        count, commits = _commits(made.repository, since, asked)
        requests = _requests(commits, asked)
        return {
            "triggerer": triggerer,
            "since": since,
            "commits": count,
            "authors": _authors(commits),
            "merge_requests": requests,
            "exposing": let_off(made, run, asked),
            "unknown": asked.problems,
        }


def triggerer_json(around: Surroundings, repository: Repository) -> dict[str, Any]:
    """Say who started a run that failed: what it would have applied is the next run's to say."""
    with witness(around) as asked:
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
