"""What others do at the same time, and what a report remembers of it."""

from concurrent.futures import ThreadPoolExecutor

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import BRANCH, LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


def test_jobs_of_two_tenants_report_at_once(project: Project):
    """Two processes, two clones, one audit branch: both reports arrive, each in its chain."""
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B))
    jobs = [project.clone("one"), project.clone("two")]
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(jobs[0].subprocess, "apply"),
            pool.submit(jobs[1].subprocess, "apply", "--tenant", "toy"),
        ]
        assert [run.result().code for run in runs] == [0, 0]
    last = project.clone("last")
    assert last.run("audit", "verify").code == 0
    assert [r["seq"] for r in last.reports(at=f"origin/{BRANCH}")] == [1, 2]
    assert [r["seq"] for r in last.reports("toy", at=f"origin/{BRANCH}")] == [1]


def test_a_run_that_died_before_its_report(project: Project):
    """The numbers are live, and no report says so: the next run takes them as they are, and says it."""
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B))
    project.agent("add", B)
    project.apply()
    assert project.newest["others"] == {LIST: 1}
    project.clock.move(minutes=1)
    project.list(entry(A), releases=[release(B)])
    assert project.plan(code=6).changes == [("delete", "exposing", "vanished", [B], ["later-opt-out"])]


def test_a_budget_counts_what_may_have_come_off(project: Project):
    twenty = [phone(n) for n in range(20)]
    project.list(entry(*twenty))
    project.apply()
    project.list(entry(*twenty[3:]), releases=[release(*twenty[:3])])
    # Answered with an error, over and over, and carried out all the same.
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.DELETE, status=500, stored=True, times=None))
    project.run("apply")
    project.sandbox.faults.clear()
    project.apply(CI_PIPELINE_SOURCE="schedule")
    project.list(entry(*twenty[6:]), releases=[release(*twenty[:6])])
    assert project.plan(code=6).changes == [("delete", "exposing", "released", twenty[3:6], ["budget"])]


def test_a_number_that_was_refused_and_then_left_the_files(project: Project):
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A, B))
    project.apply(code=8)
    project.list(entry(B))
    project.apply()
    assert project.newest["not_live"] == []
    assert project.newest["kept"] == []


def test_weaker_terms_go_last(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(dated(A), entry(B, C), releases=[release(A, on="2026-11-25")])
    project.sandbox.requests.clear()
    project.apply()
    kinds = [str(asked.kind) for asked in project.sandbox.requests.list_requests()]
    assert kinds == ["token", "read", "bulk", "read", "read", "read", "bulk"]
    assert project.live()[A] == "COMPANY_POLICY ABSOLUTE"
    assert project.plan().changes == []


def test_weaker_terms_that_are_refused(project: Project):
    """The number stays as silent as it was, and the refusal is told once."""
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.sandbox.conduct.refused = {A: "NOT_NOW"}
    project.list(dated(A), entry(B), releases=[release(A, on="2026-11-25")])
    done = project.run("apply", "--format", "json")
    assert done.code == 8
    assert [f["code"] for f in done.json["failures"]] == ["NOT_NOW"]
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    (kept,) = project.newest["kept"]
    assert kept["phones"] == [A]


def test_the_text_of_an_apply_says_what_is_not_protected(project: Project):
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A, B))
    done = project.run("apply")
    assert done.code == 8
    assert "INVALID_PHONE" in done.out
    assert A not in done.out + done.err
    outside = project.run("apply", "--yes", CI="")
    assert A in outside.out


def test_a_list_that_moves_to_another_tenant_name(project: Project):
    """A tenant's `listIds` that changes: the old name is foreign and left alone, the list begins anew."""
    project.list(entry(A))
    project.apply()
    project.tenant(listIds={"dnc-list-01": "renamed"})
    planned = project.plan()
    assert planned.changes == [("create", "protective", "declared", [A], [])]
    assert planned.json["live"]["foreign"] == 1
    project.apply()
    assert set(project.live("renamed")) == {A}
    assert set(project.live()) == {A}


def test_no_lists_at_all(project: Project):
    assert project.plan().changes == []
    project.apply()
    assert project.newest["status"] == "in-sync"
    assert project.run("validate").code == 0
    assert project.run("drift").code == 0
