"""The ledger over real git: chaining, finding, and reading back."""

import json
from datetime import timedelta

import pytest

from reconciler.audit import chain
from reconciler.audit.ledger import Ledger
from reconciler.audit.report_files import report_path
from reconciler.core.model.errors import BrokenChain, NotDelivered, RepositoryProblem
from reconciler.git.repository import Repository
from tests.support.git import new_clone
from tests.unit.audit.builders import AT, REVISION, content, fill, open_ledger, plan, seqs


def test_a_first_run_holds_nothing(clone):
    ledger = open_ledger(clone)
    assert ledger.tip is None
    assert ledger.newest("production") is None
    assert seqs(ledger) == []


def test_reports_chain_tenant_by_tenant(clone):
    ledger = open_ledger(clone)
    one, two = fill(ledger, 2)
    (other,) = fill(ledger, 1, "eu")
    (three,) = fill(ledger, 1)
    assert [s.report.seq for s in (one, two, three, other)] == [1, 2, 3, 1]
    assert one.report.previous is None
    assert other.report.previous is None
    assert (two.report.previous.path, two.report.previous.sha256) == (one.path, one.sha256)
    assert (three.report.previous.path, three.report.previous.sha256) == (two.path, two.sha256)
    again = open_ledger(clone)
    assert again.newest("production") == three
    assert again.newest("eu") == other
    assert list(again.reports("production")) == [three, two, one]
    assert again.plan_bytes(two) == plan(1)
    told = Repository.discover(clone.folder).describe("dnc-audit")
    assert told.message.startswith("production: complete at 0123456789ab\n")
    assert told.when == AT.replace(microsecond=0)


def test_a_report_is_one_commit_of_two_files_on_an_orphan_branch(clone):
    before = clone.git("status", "--porcelain", "--branch")
    stored = fill(open_ledger(clone), 2)[1]
    assert clone.git("status", "--porcelain", "--branch") == before
    names = clone.git("show", "--format=", "--name-only", "dnc-audit").splitlines()
    assert sorted(names) == sorted([stored.path, stored.plan_path])
    assert clone.git("rev-list", "--count", "dnc-audit") == "2"
    raw = clone.git("show", f"dnc-audit:{stored.path}")
    assert json.loads(raw)["tenant"] == "production"


def test_the_newest_is_what_history_added_last_whatever_its_time(clone):
    ledger = open_ledger(clone)
    ledger.append(content(), plan(), at=AT)
    slow = ledger.append(content(), plan(), at=AT - timedelta(days=400))
    fill(ledger, 1, "eu")
    assert open_ledger(clone).newest("production") == slow


def test_the_newest_is_found_behind_files_that_are_no_reports(clone):
    (stored,) = fill(open_ledger(clone), 1)
    clone.git("checkout", "-q", "dnc-audit")
    for n in range(3):
        clone.commit({f"audit/production/note-{n}.json": "{}", "README": f"{n}"})
    clone.git("checkout", "-q", "main")
    ledger = open_ledger(clone)
    assert ledger.newest("production") == stored
    (following,) = fill(ledger, 1)
    assert following.report.seq == 2
    assert ledger.verify().problems == ()


def test_of_two_reports_in_one_commit_the_later_in_the_chain_is_the_newest(clone):
    ledger = open_ledger(clone)
    fill(ledger, 1)
    ledger.append(content(), plan(), at=AT)
    last = ledger.append(content(), plan(), at=AT - timedelta(days=1))
    squashed = clone.git("commit-tree", "dnc-audit^{tree}", "-p", "dnc-audit~2", "-m", "squashed")
    clone.git("update-ref", "refs/heads/dnc-audit", squashed)
    again = open_ledger(clone)
    assert again.newest("production") == last
    assert seqs(again) == [3, 2, 1]


def test_a_changed_newest_report_is_read_as_it_was_added(clone):
    (stored,) = fill(open_ledger(clone), 1)
    clone.git("checkout", "-q", "dnc-audit")
    clone.commit({stored.path: "{}"})
    clone.git("checkout", "-q", "main")
    assert open_ledger(clone).newest("production") == stored


def test_reports_reach_back_to_a_moment(clone):
    ledger = open_ledger(clone)
    stored = fill(ledger, 8)
    since = AT + timedelta(hours=5)
    assert list(ledger.reports("production", since)) == stored[:4:-1]


def test_one_clock_set_back_does_not_hide_what_lies_behind_it(clone):
    ledger = open_ledger(clone)
    times = [AT, AT + timedelta(hours=1), AT - timedelta(days=99), AT + timedelta(hours=2)]
    for at in times:
        ledger.append(content(at=at), plan(), at=at)
    assert [s.report.seq for s in ledger.reports("production", AT)] == [4, 2, 1]


def test_a_chain_is_walked_lazily_and_a_page_at_a_time(clone, monkeypatch):
    monkeypatch.setattr(chain, "_PAGE", 2)
    ledger = open_ledger(clone)
    stored = fill(ledger, 6)
    repository = Repository.discover(clone.folder)
    reads = []
    real = repository.read_blobs

    def spy(shas):
        reads.append(len(shas))
        return real(shas)

    repository.read_blobs = spy
    seen = Ledger(repository)
    seen.refresh()
    reads.clear()
    assert next(seen.reports("production")) == stored[-1]
    assert reads == [1]
    assert list(seen.reports("production")) == stored[::-1]
    assert reads == [1, 1, 2, 2, 1]


def test_a_broken_link_stops_the_walk(clone):
    stored = fill(open_ledger(clone), 3)
    clone.git("checkout", "-q", "dnc-audit")
    data = json.loads((clone.folder / stored[1].path).read_text())
    clone.commit({stored[1].path: json.dumps(data | {"kept": []}, indent=1)})
    clone.git("checkout", "-q", "main")
    walk = open_ledger(clone).reports("production")
    assert next(walk) == stored[2]
    with pytest.raises(BrokenChain) as caught:
        next(walk)
    assert caught.value.where == stored[1].path
    clone.git("checkout", "-q", "dnc-audit")
    clone.commit({stored[1].path: None})
    clone.git("checkout", "-q", "main")
    with pytest.raises(BrokenChain, match="is gone"):
        list(open_ledger(clone).reports("production"))


def test_a_plan_that_was_changed_is_not_read(clone):
    (stored,) = fill(open_ledger(clone), 1)
    clone.git("checkout", "-q", "dnc-audit")
    clone.commit({stored.plan_path: "x"})
    clone.git("checkout", "-q", "main")
    with pytest.raises(BrokenChain) as caught:
        open_ledger(clone).plan_bytes(stored)
    assert caught.value.where == stored.plan_path


def test_a_checked_out_audit_branch_is_not_moved(clone, tmp_path):
    ledger = open_ledger(clone)
    ledger.check_writable()
    fill(ledger, 1)
    clone.git("worktree", "add", "-q", str(tmp_path / "reading"), "dnc-audit")
    with pytest.raises(RepositoryProblem, match=r"is checked out at .*reading"):
        ledger.check_writable()


def test_reports_may_live_on_a_branch_that_has_other_things(clone, origin, tmp_path):
    job = origin.job(tmp_path / "job", depth=1)
    ledger = open_ledger(job, branch="main", folder="records/audit")
    stored = fill(ledger, 2)
    ledger.deliver(push=True)
    assert stored[0].path.startswith("records/audit/production/")
    files = origin.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert {"dnc.yaml", "dnc-lists/a.yaml", stored[1].path} <= set(files)
    assert ledger.verify().problems == ()


def test_without_a_remote_reports_stay_local(tmp_path):
    clone = new_clone(tmp_path / "alone")
    ledger = open_ledger(clone)
    fill(ledger, 2)
    ledger.deliver(push=True)
    assert seqs(open_ledger(clone)) == [2, 1]


def test_two_writers_on_one_clone_lose_nothing(clone):
    one, two = open_ledger(clone), open_ledger(clone)
    fill(one, 1)
    fill(two, 1)  # its tip was taken before
    fill(one, 1)
    assert seqs(open_ledger(clone)) == [3, 2, 1]


def test_a_branch_that_moves_between_reading_and_writing_is_read_again(clone):
    repository = Repository.discover(clone.folder)
    real = repository.advance_branch
    rivals = [open_ledger(clone), open_ledger(clone)]

    def slow(branch, to, *, was):
        if rivals:
            fill(rivals.pop(), 1)
        return real(branch, to, was=was)

    repository.advance_branch = slow
    ledger = Ledger(repository, pause=lambda _: None)
    assert fill(ledger, 1)[0].report.seq == 3
    assert seqs(open_ledger(clone)) == [3, 2, 1]


def test_a_branch_that_never_stands_still_is_not_delivered(clone):
    repository = Repository.discover(clone.folder)
    repository.advance_branch = lambda *_, **__: False
    pauses = []
    with pytest.raises(NotDelivered, match="moved 10 times"):
        fill(Ledger(repository, pause=pauses.append), 1)
    assert len(pauses) == 10
    assert pauses[0] < pauses[-1] <= 3.0


def test_a_report_that_can_not_be_committed_is_not_delivered(clone):
    (clone.folder / ".git" / "refs" / "heads" / "dnc-audit").mkdir()
    clone.git("update-ref", "refs/heads/dnc-audit/below", "HEAD")
    with pytest.raises(NotDelivered, match="could not be committed"):
        fill(open_ledger(clone), 1)


def test_names_do_not_collide_within_a_moment(clone):
    ledger = open_ledger(clone)
    paths = {ledger.append(content(), plan(), at=AT).path for _ in range(3)}
    assert len(paths) == 3
    stem = report_path("audit", "production", AT, REVISION, "")[: -len(".json")]
    assert all(path.startswith(stem) for path in paths)
