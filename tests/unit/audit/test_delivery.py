"""Delivery to the remote: races, links made anew, and remotes that say no."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from reconciler.audit.ledger import Ledger
from reconciler.core.model.errors import BrokenChain, NotDelivered, RepositoryProblem
from reconciler.git.repository import Repository
from tests.support.git import bare_origin
from tests.unit.audit.builders import AT, content, fill, open_ledger, plan, seqs


@pytest.fixture
def other(origin, clone, tmp_path):
    """Another clone, as another pipeline's job has it."""
    return origin.job(tmp_path / "other")


def test_without_push_only_the_local_branch_moves(origin, clone):
    ledger = open_ledger(clone)
    fill(ledger, 1)
    ledger.deliver(push=False)
    assert origin.git("for-each-ref", "refs/heads/dnc-audit") == ""
    assert clone.git("rev-parse", "dnc-audit") == ledger.tip


@pytest.mark.parametrize("options", [False, True])
def test_a_job_delivers_and_the_next_one_reads_it(tmp_path, options):
    origin = bare_origin(tmp_path / "o.git", push_options=options)
    clone = origin.clone(tmp_path / "c")
    clone.commit({"dnc.yaml": "x"})
    clone.push("HEAD:refs/heads/main")
    first = open_ledger(origin.job(tmp_path / "one"))
    (stored,) = fill(first, 1)
    first.deliver(push=True)
    first.deliver(push=True)  # nothing is left to do
    second = open_ledger(origin.job(tmp_path / "two"))
    assert second.newest("production") == stored
    assert second.plan_bytes(stored) == plan(0)
    fill(second, 1)
    second.deliver(push=True)
    assert first.refresh() == second.tip
    assert seqs(first) == [2, 1]


def test_reports_that_waited_are_delivered_later(origin, clone, other):
    fill(open_ledger(clone), 2)
    ledger = open_ledger(clone)
    assert seqs(ledger) == [2, 1]
    ledger.deliver(push=True)
    assert seqs(open_ledger(other)) == [2, 1]


def test_a_race_is_resolved_by_linking_anew(origin, clone, other):
    ours, theirs = open_ledger(clone), open_ledger(other)
    mine = ours.append(content(status="partial"), plan(7), at=AT)
    mine_too = ours.append(content("eu"), plan(8), at=AT)
    (won,) = fill(theirs, 1)
    theirs.deliver(push=True)
    ours.deliver(push=True)
    assert origin.git("rev-parse", "dnc-audit") == ours.tip == clone.git("rev-parse", "dnc-audit")
    two, one = ours.reports("production")
    assert one == won
    assert (two.path, two.report.seq) == (mine.path, 2)
    assert two.report.previous.sha256 == won.sha256
    changed = {"seq": 2, "previous": {"path": won.path, "sha256": won.sha256}}
    assert two.report.fields == {**mine.report.fields, **changed}
    assert ours.plan_bytes(two) == plan(7)
    assert ours.newest("eu") == mine_too
    assert ours.verify().problems == ()
    assert origin.git("rev-list", "--count", "--merges", "dnc-audit") == "0"


def test_reading_a_branch_that_went_apart_moves_nothing(clone, other):
    ours, theirs = open_ledger(clone), open_ledger(other)
    fill(ours, 2)
    fill(theirs, 1)
    theirs.deliver(push=True)
    local = clone.git("rev-parse", "dnc-audit")
    tips = {open_ledger(clone).tip for _ in range(2)}
    assert clone.git("rev-parse", "dnc-audit") == local
    assert len(tips) == 1  # the guard on a moved tip must not see one that did not move
    ledger = open_ledger(clone)
    assert seqs(ledger) == [3, 2, 1]
    (four,) = fill(ledger, 1)
    assert four.report.seq == 4
    ledger.deliver(push=True)
    assert seqs(open_ledger(other)) == [4, 3, 2, 1]


def test_what_arrived_already_is_not_linked_twice(origin, clone, other):
    ours, theirs = open_ledger(clone), open_ledger(other)
    fill(ours, 1)
    before = clone.git("rev-parse", "dnc-audit")
    fill(theirs, 1)
    theirs.deliver(push=True)
    ours.deliver(push=True)
    clone.git("update-ref", "refs/heads/dnc-audit", before)  # as if that run had died before it moved it
    again = open_ledger(clone)
    assert again.tip == origin.git("rev-parse", "dnc-audit")
    assert seqs(again) == [2, 1]


def test_local_commits_that_are_no_reports_are_not_taken_along(clone, other):
    ours, theirs = open_ledger(clone), open_ledger(other)
    fill(ours, 1)
    fill(theirs, 1)
    theirs.deliver(push=True)
    clone.git("checkout", "-q", "dnc-audit")
    clone.commit({"mine.txt": "x"})
    clone.git("checkout", "-q", "main")
    with pytest.raises(RepositoryProblem, match=r"changes mine\.txt"):
        open_ledger(clone)


def test_six_jobs_at_once_all_land(origin, clone, tmp_path):
    jobs = [origin.job(tmp_path / f"job{n}") for n in range(6)]

    def work(number):
        repository = Repository.discover(jobs[number].folder)
        ledger = Ledger(repository, pause=lambda seconds: time.sleep(seconds / 20))
        ledger.refresh()
        ledger.append(content(), plan(number), at=AT + timedelta(seconds=number))
        ledger.deliver(push=True)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    ledger = open_ledger(clone)
    assert seqs(ledger) == [6, 5, 4, 3, 2, 1]
    assert {ledger.plan_bytes(stored) for stored in ledger.reports("production")} == {
        plan(n) for n in range(6)
    }
    assert ledger.verify().problems == ()


def test_a_race_lost_every_time_keeps_the_report_and_says_how_to_push(clone):
    repository = Repository.discover(clone.folder)
    repository.push_branch = lambda *_, **__: "outrun"
    pauses = []
    ledger = Ledger(repository, pause=pauses.append)
    fill(ledger, 1)
    with pytest.raises(
        NotDelivered, match=r"others pushed first, 10 times.*kept on the local branch"
    ) as caught:
        ledger.deliver(push=True)
    assert "git push origin dnc-audit" in caught.value.fix
    assert len(pauses) == 10
    assert seqs(open_ledger(clone)) == [1]


def test_a_refused_push_keeps_the_report(origin, clone):
    ledger = open_ledger(clone)
    fill(ledger, 1)
    origin.hook("pre-receive", "exit 1")
    with pytest.raises(NotDelivered, match="refuses the push"):
        ledger.deliver(push=True)
    (origin.folder / "hooks" / "pre-receive").unlink()
    open_ledger(clone).deliver(push=True)
    assert origin.git("rev-parse", "dnc-audit") == ledger.tip


def test_a_moments_outage_does_not_cost_the_report(origin, clone):
    repository = Repository.discover(clone.folder)
    real = repository.push_branch
    outages = [RepositoryProblem("the remote origin does not answer"), RepositoryProblem("again")]

    def push(branch, sha, *, skip_ci=True):
        if outages:
            raise outages.pop()
        return real(branch, sha, skip_ci=skip_ci)

    repository.push_branch = push
    ledger = Ledger(repository, pause=lambda _: None)
    ledger.refresh()
    fill(ledger, 1)
    ledger.deliver(push=True)
    assert origin.git("rev-parse", "dnc-audit") == ledger.tip


def test_a_silent_remote_is_no_first_run(clone, tmp_path):
    clone.git("remote", "set-url", "origin", f"file://{tmp_path}/gone.git")
    repository = Repository.discover(clone.folder)
    with pytest.raises(RepositoryProblem, match="does not answer"):
        Ledger(repository).refresh()


def test_a_rewritten_remote_stops_everything_but_reading_the_verdict(origin, clone):
    ledger = open_ledger(clone)
    fill(ledger, 2)
    ledger.deliver(push=True)
    origin.git("update-ref", "refs/heads/dnc-audit", f"{ledger.tip}~1")
    with pytest.raises(BrokenChain, match="rewritten"):
        open_ledger(clone)


def test_a_remote_that_is_rewritten_meanwhile_is_not_built_upon(origin, clone, other):
    ledger, theirs = open_ledger(clone), open_ledger(other)
    fill(ledger, 2)
    ledger.deliver(push=True)
    fill(theirs, 1)  # a chain of its own, by force over ours
    origin.git("fetch", "-q", str(other.folder), "+dnc-audit:dnc-audit")
    fill(ledger, 1)
    with pytest.raises(NotDelivered, match="rewritten") as caught:
        ledger.deliver(push=True)
    assert "kept on the local branch" in caught.value.fact
    assert origin.git("rev-list", "--count", "dnc-audit") == "1"
    assert ledger.verify().problems[0].rule == "AUDIT"
