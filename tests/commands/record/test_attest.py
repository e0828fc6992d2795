"""Evidence that the control ran: every scheduled run leaves a report, and a failed one changes nothing."""

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D, E = (phone(n) for n in range(5))
SCHEDULE = {"CI_PIPELINE_SOURCE": "schedule"}
DOWN = Fault(FaultAction.STATUS, times=None)


def eventful(project: Project) -> None:
    """Bring about what a report tells of: kept numbers, a release that is spent, drift, one removal."""
    project.list(entry(A, B, C, D))
    project.apply()
    project.list(entry(A, D), releases=[release(C, reason="CONSENT_GIVEN")])
    project.apply(code=6)
    project.agent("add", E)
    project.list(entry(A, C, D), releases=[release(C, reason="CONSENT_GIVEN")])
    project.apply()


def invalid(project: Project) -> None:
    (project.folder / "dnc-lists/link.yaml").symlink_to("main.yaml")
    project.commit()


def mended(project: Project) -> None:
    (project.folder / "dnc-lists/link.yaml").unlink()
    project.commit()


def uncommitted(project: Project) -> None:
    project.write("dnc-lists/loose.yaml", f"listId: {LIST}\nentries: []\n")
    project.environ["CI"] = ""  # in a pipeline it would be a warning


def committed(project: Project) -> None:
    (project.folder / "dnc-lists" / "loose.yaml").unlink()
    del project.environ["CI"]


def plan_of(project: Project):
    document = project.run("plan", "--format", "json").json
    for moment in ("created_at", "revision", "chain_head"):
        del document[moment]
    del document["live"]["read_at"]
    return document


FAILURES = {
    "CXone is down": (lambda p: p.sandbox.faults.plan(DOWN), lambda p: p.sandbox.faults.clear(), 5),
    "a file is a link": (invalid, mended, 4),
    "not committed": (uncommitted, committed, 4),
    "an older revision": (
        lambda p: p.git("checkout", "-q", "HEAD~2"),
        lambda p: p.git("checkout", "-q", "main"),
        7,
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_run_leaves_a_report_and_changes_nothing_that_is_held(project: Project, name):
    fail, mend, code = FAILURES[name]
    eventful(project)
    project.list(entry(A, D), dated(phone(6)), releases=[release(C, reason="CONSENT_GIVEN")])
    before, told = plan_of(project), project.newest
    fail(project)
    done = project.apply("--yes", code=code, **SCHEDULE)
    assert done.json["status"] == "failed"
    mend(project)
    left = project.newest
    assert (left["status"], left["seq"]) == ("failed", told["seq"] + 1)
    assert left["error"]["exit_code"] == code
    assert left["error"]["fact"]
    same = ("revision", "as_of", "kept", "not_live", "failures", "safety", "hashes", "target")
    assert {key: left[key] for key in same} == {key: told[key] for key in same}
    assert plan_of(project) == before
    assert project.run("audit", "verify").code == 0
    assert "exit" in project.run("audit", "show").out


def test_many_failed_runs_change_nothing_either(project: Project):
    eventful(project)
    before = plan_of(project)
    project.sandbox.faults.plan(DOWN)
    for _ in range(3):
        project.clock.move(hours=1)
        project.apply("--attest", code=5)
    project.sandbox.faults.clear()
    assert [r["status"] for r in project.reports()][-3:] == ["failed"] * 3
    assert plan_of(project) == before
    project.clock.move(hours=1)
    done = project.apply("--attest", code=project.run("plan").code)
    assert done.json["report"]


def test_without_schedule_and_attest_a_failed_run_leaves_none(project: Project):
    eventful(project)
    seq = project.newest["seq"]
    project.sandbox.faults.plan(DOWN)
    project.apply(code=5)
    assert project.newest["seq"] == seq


def test_the_first_report_is_of_a_run_that_read(project: Project):
    project.list(entry(A))
    project.sandbox.faults.plan(DOWN)
    done = project.apply("--attest", code=5)
    assert "no report" in done.err
    assert project.tip() == ""
    project.sandbox.faults.clear()
    project.apply("--attest")
    assert project.newest["seq"] == 1


def test_attest_reports_what_is_in_sync(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.apply("--attest")
    report = project.newest
    assert (report["status"], report["error"]) == ("in-sync", None)
    assert report["live"]["before"] == report["live"]["after"]
    assert report["reasons"] == {LIST: {"CUSTOMER_REQUESTED": 2}}


def test_a_remote_that_is_gone_does_not_hide_why_the_run_failed(project: Project):
    eventful(project)
    project.sandbox.faults.plan(Fault(FaultAction.STATUS, on=RequestKind.TOKEN, times=None))
    project.origin.rename(project.origin.with_suffix(".gone"))
    done = project.run("apply", "--attest", "--format", "json")
    assert done.code == 4
    assert "left no report" in done.err
