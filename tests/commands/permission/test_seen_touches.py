"""What somebody else did to an entry of ours is known for good once a run saw it, whatever became of it."""

import pytest

from reconciler.sandbox.entries.agent import Act, Deed
from reconciler.sandbox.entries.entry import NOW, Entry
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A = phone(1)
REST = [phone(n) for n in range(20, 50)]


def is_on(project: Project, list_id: str = LIST) -> bool:
    return A in project.live(list_id)


def seen_and_lost(project: Project, ours) -> None:
    """An agent modifies our entry, a run sees it, others remove the entry, and a run restores it."""
    project.list(ours, entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A, ours["reasonCode"], ours["expirationPolicy"])
    project.clock.move(hours=1)
    project.apply()
    assert project.newest["others"] == {LIST: 1}
    project.clock.move(days=1)
    project.agent("remove", A)
    project.clock.move(hours=1)
    project.apply()
    assert is_on(project)


def kept(project: Project) -> list[str]:
    return next(row["blocked_by"] for row in project.newest["kept"] if A in row["phones"])


def test_no_date_of_ours_ends_what_an_agent_modified_and_others_removed(project: Project):
    seen_and_lost(project, dated(A, until="2026-12-05"))
    project.clock.move(days=20)
    project.apply(code=6)
    assert is_on(project)
    assert kept(project) == ["later-opt-out"]


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        (entry(A), "ENTERED_IN_ERROR"),
        (entry(A, reason="NATIONAL"), "REGISTRY_REMOVED"),
    ],
)
def test_no_release_about_our_claim_ends_it_either(project: Project, ours, why):
    seen_and_lost(project, ours)
    project.clock.move(days=10)
    error = release(A, on="2026-12-04", reason=why)
    project.list(entry(*REST), releases=[error])
    project.apply(code=6)
    assert is_on(project)
    assert kept(project) == ["later-opt-out"]
    project.clock.move(days=3)
    project.list(entry(*REST), releases=[error, release(A, on="2026-12-07")])
    project.apply()
    assert not is_on(project)


def test_a_consent_from_before_what_the_agent_did_does_not_fit(project: Project):
    seen_and_lost(project, entry(A, requestedOn="2026-11-20", evidence="C-1"))
    project.list(entry(*REST), releases=[release(A, on="2026-11-23")])
    project.apply(code=6)
    assert is_on(project)


def test_a_consent_of_after_it_fits(project: Project):
    seen_and_lost(project, entry(A))
    project.list(entry(*REST), releases=[release(A, on="2026-11-26")])
    project.clock.move(days=2)
    project.apply()
    assert not is_on(project)


def test_moved_leaves_the_entry_on_the_list_where_it_was_modified(project: Project):
    project.list(entry(phone(2)), name="other", list_id="other")
    seen_and_lost(project, entry(A))
    project.clock.move(days=2)
    project.list(entry(A, phone(2)), name="other", list_id="other")
    project.list(entry(*REST), releases=[release(A, on="2026-11-27", reason="MOVED", to="other")])
    project.apply(code=6)
    assert is_on(project)
    assert is_on(project, "other")
    assert kept(project) == ["later-opt-out"]


def test_what_a_run_saw_is_reported_once(project: Project):
    project.list(entry(A), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A)
    reports = []
    for _ in range(3):
        project.clock.move(hours=1)
        project.apply()
        reports.append(len(project.reports()))
    assert reports == [2, 2, 2]


def test_what_only_the_read_back_saw_is_known(project: Project):
    project.list(dated(A, until="2026-12-05"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(dated(A, until="2026-12-05"), dated(phone(3)), entry(*REST))
    project.on_read[2] = lambda: project.agent("modify", A, "COMPANY_POLICY", "ABSOLUTE")
    project.apply()
    project.on_read.clear()
    project.clock.move(days=1)
    project.agent("remove", A)
    project.apply()
    project.clock.move(days=20)
    project.apply(code=6)
    assert is_on(project)


@pytest.mark.parametrize(
    "odd", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59"]
)
def test_a_time_beyond_the_calendar_is_told_and_breaks_no_report(project: Project, odd):
    project.list(entry(A), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A, modified=odd)
    project.list(entry(A, phone(3)), entry(*REST))
    project.apply()
    assert project.newest["others"] == ({} if odd.startswith("0") else {LIST: 1})
    assert project.run("audit", "verify").code == 0
    project.apply()
    assert len(project.reports()) == 2


@pytest.mark.parametrize("end", ["lapse", "ENTERED_IN_ERROR", "CONSENT_GIVEN"])
def test_a_create_on_a_read_that_did_not_add_up_is_over_what_nobody_saw(project: Project, end):
    """The agent's opt-out was on no page that the run read, and our entry took its place."""
    project.list(entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("add", A, "COMPANY_POLICY", "ABSOLUTE")
    ours = dated(A, until="2026-12-05") if end == "lapse" else entry(A, reason="LOCAL")
    project.list(ours, entry(*REST))
    gone = Act(Deed.REMOVE, Entry(A, "", "", LIST))
    back = Act(Deed.ADD, Entry(A, "COMPANY_POLICY", "ABSOLUTE", LIST, "agent", NOW))
    wrong = Fault(FaultAction.WRONG_TOTAL, RequestKind.READ)
    hidden = Fault(FaultAction.WRONG_TOTAL, RequestKind.READ, acts=(gone,))
    project.sandbox.plan(hidden, wrong, Fault(FaultAction.SLOW, RequestKind.BULK, acts=(back,)))
    project.run("apply", "--yes")
    assert project.newest["others"] == {LIST: 1}
    project.clock.move(days=10 if end == "lapse" else 2)
    if end != "lapse":
        on = "2026-11-24" if end == "CONSENT_GIVEN" else "2026-11-26"
        project.list(entry(*REST), releases=[release(A, on=on, reason=end)])
    if end == "lapse":
        project.clock.move(days=10)
    project.apply(code=6)
    assert is_on(project)
    assert kept(project) == ["later-opt-out"]
