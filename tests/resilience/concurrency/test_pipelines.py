"""Two pipelines at once, in every order, and reports that race to the remote."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.audit.ledger import Ledger
from reconciler.cxone.entries.provider import EntriesProvider
from tests.support.project import BRANCH, LIST, Project, entry, release
from tests.support.sandbox import phone
from tests.support.victim import end, once, start, today

A, B, C, D = (phone(n) for n in range(4))


def meet(project: Project, monkeypatch, moment: str, act: Callable[[], object]) -> None:
    """Let something happen at one moment of the next run that this process makes."""
    happen = once(act)
    remove, append = EntriesProvider.remove, Ledger.append
    match moment:
        case "before it reads":
            project.on_read[1] = happen
        case "before it reads back":
            project.on_read[2] = happen
        case "before the removal":
            monkeypatch.setattr(EntriesProvider, "remove", lambda *a: (happen(), remove(*a))[1])
        case "after the removal":
            monkeypatch.setattr(EntriesProvider, "remove", lambda *a: (remove(*a), happen())[0])
        case "before the report":
            monkeypatch.setattr(Ledger, "append", lambda *a, **k: (happen(), append(*a, **k))[1])


MOMENTS = [
    "before it reads",
    "before it reads back",
    "before the removal",
    "after the removal",
    "before the report",
]


ORDERS = [(moment, "as it was") for moment in MOMENTS] + [
    ("after the removal", "stronger"),
    ("after the removal", "elsewhere"),
]


@pytest.mark.parametrize(("moment", "newer"), ORDERS)
def test_an_older_run_takes_nothing_from_a_newer_one(project: Project, monkeypatch, moment, newer):
    """The older revision releases A. The newer one claims it again, in one way or another, and is applied."""
    project.list(entry(A, reason="COMPANY_POLICY"), entry(B))
    project.apply()
    project.list(entry(B), releases=[release(A, on=today())])
    other = project.clone("other")

    def newer_run() -> None:
        match newer:
            case "as it was":
                other.list(entry(A, reason="COMPANY_POLICY"), entry(B))
            case "stronger":
                other.list(entry(A, B))
            case "elsewhere":
                other.list(entry(A), name="second")
        done = end(start(other, "apply"))
        assert done.code == 0, done.err

    meet(project, monkeypatch, moment, newer_run)
    done = project.run("apply", "--format", "json")
    assert done.code in {0, 6}, done.err
    monkeypatch.undo()
    assert project.live() == {
        A: "COMPANY_POLICY NEVER" if newer == "as it was" else "CUSTOMER_REQUESTED NEVER",
        B: "CUSTOMER_REQUESTED NEVER",
    }
    # And so it stays, with the record whole.
    other.git("fetch", "-q", "origin")
    other.apply(CI_PIPELINE_SOURCE="schedule")
    assert {A, B} <= set(project.live())
    assert project.run("audit", "verify").code == 0
    reports = other.reports(at=f"origin/{BRANCH}")
    assert [r["seq"] for r in reports] == list(range(1, len(reports) + 1))


def test_what_a_newer_revision_does_not_claim_stays_off(project: Project, monkeypatch):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A, on=today())])
    other = project.clone("other")
    meet(project, monkeypatch, "after the removal", lambda: other.list(entry(C), name="second"))
    project.apply()
    assert set(project.live()) == {B}


def test_where_the_newest_revision_cannot_be_told_all_goes_back_on(project: Project, monkeypatch):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A, on=today())])
    gone = project.origin.with_suffix(".gone")
    meet(project, monkeypatch, "after the removal", lambda: project.origin.rename(gone))
    done = project.apply(code=9)
    assert (
        "the newest revision could not be read at the remote: of 1 that this run had removed, 1 went"
        in done.err
    )
    assert set(project.live()) == {A, B}
    gone.rename(project.origin)
    monkeypatch.undo()
    project.apply()
    assert [r["seq"] for r in project.reports(at=f"origin/{BRANCH}")] == [1, 2]


def test_what_could_not_go_back_on_can_still_be_called(project: Project, monkeypatch):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A, on=today())])
    other = project.clone("other")

    def merged() -> None:
        other.list(entry(A, B))
        project.sandbox.conduct.refused = {A: "INVALID_PHONE"}

    meet(project, monkeypatch, "after the removal", merged)
    done = project.apply(code=8)
    assert "a newer revision was merged meanwhile: of 1 that this run had removed, 0 went back on" in done.err
    assert "NOT PROTECTED: 1 number on dnc-list-01 can still be called." in done.err
    assert done.json["done"] == {"removed": 1}


@pytest.fixture
def went_back(project: Project, monkeypatch) -> Project:
    """A clone in which A is claimed, and was removed and put back meanwhile by a run of an older revision."""
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A, on=today())])
    other = project.clone("other")
    meet(project, monkeypatch, "after the removal", lambda: other.list(entry(A, B)))
    done = project.apply()
    assert "went back on" in done.err
    monkeypatch.undo()
    other.git("fetch", "-q", "origin")
    return other


def test_what_went_back_on_is_ours_and_may_come_off_later(went_back: Project):
    went_back.apply()
    assert set(went_back.live()) == {A, B}
    # Nobody else entered it: the report does not say that anybody did.
    assert (went_back.newest["adopted"], went_back.newest["others"]) == ([], {})
    # The release let it off once, before it went back on: it is used.
    went_back.list(entry(B), releases=[release(A, on=today())])
    went_back.apply(code=6)
    assert set(went_back.live()) == {A, B}
    went_back.list(entry(B), releases=[release(A, on=today(), evidence="FORM-9")])
    went_back.apply()
    assert set(went_back.live()) == {B}


@pytest.mark.parametrize("reason", ["CONSENT_GIVEN", "ENTERED_IN_ERROR"])
def test_what_went_back_on_comes_off_by_a_release_of_the_next_day(went_back: Project, reason):
    went_back.apply()
    went_back.clock.move(days=1)
    went_back.list(entry(B), releases=[release(A, on=today(1), reason=reason, evidence="FORM-9")])
    went_back.apply()
    assert set(went_back.live()) == {B}


def test_what_others_did_to_what_went_back_on_is_theirs(went_back: Project):
    went_back.agent("modify", A)
    went_back.apply()
    assert went_back.newest["others"] == {LIST: 1}
    went_back.list(entry(B), releases=[release(A, on=today(), evidence="FORM-9")])
    went_back.apply(code=6)
    assert set(went_back.live()) == {A, B}


def test_another_tenants_report_does_not_hold_up_a_removal(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A, on=today())])
    other = project.clone("other")
    project.on_read[2] = once(lambda: other.apply("--tenant", "toy"))
    project.apply()
    assert set(project.live()) == {B}
    assert [r["seq"] for r in project.reports(at=f"origin/{BRANCH}")] == [1, 2]
    assert [r["seq"] for r in project.reports("toy", at=f"origin/{BRANCH}")] == [1]


def test_six_pipelines_at_once_all_report(project: Project):
    project.list(entry(A, B))
    project.apply()
    clones = [project.clone(f"job{n}", "--depth", "1") for n in range(6)]

    def job(clone: Project) -> int:
        return end(start(clone, "apply", CI_PIPELINE_SOURCE="schedule")).code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(job, clones)) == [0] * 6
    project.git("fetch", "-q", "origin")
    reports = project.reports(at=f"origin/{BRANCH}")
    assert [r["seq"] for r in reports] == [1, 2, 3, 4, 5, 6, 7]
    assert project.run("audit", "verify").code == 0
