"""What has permission may still not go: removal none, budgets, reads, refusals, and other runs."""

import json

import pytest

from reconciler.sandbox.entries.agent import Act, Deed
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
TWENTY = [phone(n) for n in range(20)]


def released(project: Project, count: int, numbers=TWENTY, on="2026-11-23") -> None:
    """Take the first numbers off the list, with a release."""
    left = [entry(*numbers[count:])] if numbers[count:] else []
    project.list(*left, releases=[release(*numbers[:count], on=on)])


@pytest.fixture
def twenty(project: Project) -> Project:
    project.list(entry(*TWENTY))
    project.apply()
    return project


def test_removal_none_leaves_it_to_people(project: Project):
    project.tenant(removal="none")
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    for _ in range(2):
        planned = project.plan()
        assert planned.changes == [("delete", "exposing", "released", [A], ["unsupported"])]
        assert planned.counts() == {"unchanged": 1, "by_hand": 1}
        project.apply()
        assert set(project.live()) == {A, B}
    assert project.asked("delete") == 0
    project.agent("remove", A)
    assert project.plan().changes == []
    project.apply()
    assert project.newest["kept"] == []


def test_the_budget_holds_back_all_of_a_list(twenty: Project):
    twenty.list(entry(C), name="second", list_id="second")
    twenty.apply()
    twenty.list(releases=[release(C)], name="second", list_id="second", commit=False)
    released(twenty, 6)
    planned = twenty.plan(code=6)
    assert planned.changes == [
        ("delete", "exposing", "released", [C], []),
        ("delete", "exposing", "released", TWENTY[:6], ["budget"]),
    ]
    twenty.apply(code=6)
    assert len(twenty.live()) == 20
    assert twenty.live("second") == {}
    assert twenty.plan().counts() == {"unchanged": 14, "blocked": 6}
    twenty.apply()
    assert len(twenty.live()) == 20


def kept_reasons(project: Project) -> list[list[str]]:
    return [row["blocked_by"] for row in project.newest["kept"]]


def test_what_the_plan_kept_keeps_its_reason(twenty: Project):
    released(twenty, 6)
    done = twenty.apply(code=6)
    assert kept_reasons(twenty) == [["budget"]]
    assert [row["blocked_by"] for row in done.json["blocked"]] == [["budget"]]
    assert twenty.newest["summary"]["blocked"] == 6


def test_with_a_saved_plan_too(twenty: Project):
    released(twenty, 6)
    twenty.apply(saved(twenty, code=6), code=6)
    assert kept_reasons(twenty) == [["budget"]]


def test_another_reason_alone_is_worth_a_report(project: Project):
    project.list(entry(A, B))
    hold = {"matter": "CASE-7", "from": "2026-11-01", "until": "2026-11-24", "phones": [A]}
    project.write("dnc-lists/holds.yaml", json.dumps({"listId": LIST, "holds": [hold]}))
    project.commit()
    project.apply()
    project.list(entry(B))
    project.apply(code=6)
    assert kept_reasons(project) == [["no-release", "hold"]]
    project.clock.move(days=3)
    project.apply()
    assert kept_reasons(project) == [["no-release"]]


@pytest.mark.parametrize("wrong", ["5", "7"])
def test_another_number_than_the_plans_allows_nothing(twenty: Project, wrong):
    released(twenty, 6)
    twenty.apply("--allow-removals", wrong, code=6)
    assert len(twenty.live()) == 20


def test_exactly_the_plans_number_replaces_the_budget(twenty: Project):
    released(twenty, 6)
    twenty.apply("--allow-removals", "6", GITLAB_USER_LOGIN="ann")
    assert set(twenty.live()) == set(TWENTY[6:])
    assert twenty.newest["overrides"] == {"allow_removals": 6, "by": "ann"}
    assert twenty.newest["removed"] == {LIST: 6}


def test_the_budget_remembers_seven_days(twenty: Project):
    released(twenty, 4)
    twenty.apply()
    assert len(twenty.live()) == 16
    twenty.clock.move(days=6)
    released(twenty, 6, on="2026-11-29")
    assert twenty.plan(code=6).changes == [("delete", "exposing", "released", TWENTY[4:6], ["budget"])]
    released(twenty, 5, on="2026-11-29")
    assert twenty.plan().changes == [("delete", "exposing", "released", TWENTY[4:5], [])]
    twenty.clock.move(days=2)
    released(twenty, 9, on="2026-12-01")
    assert twenty.plan().changes == [("delete", "exposing", "released", TWENTY[4:9], [])]


def test_limits_of_zero(twenty: Project):
    twenty.configure(lambda c: c["safety"].update(maxRemovals=0))
    released(twenty, 1)
    assert twenty.plan(code=6).changes == [("delete", "exposing", "released", TWENTY[:1], ["budget"])]


def test_weakening_counts_as_removal(twenty: Project):
    twenty.list(dated(*TWENTY[:6]), entry(*TWENTY[6:]), releases=[release(*TWENTY[:6])])
    assert twenty.plan(code=6).changes == [("update", "exposing", "released", TWENTY[:6], ["budget"])]


def test_a_list_is_not_emptied(project: Project):
    ten = TWENTY[:10]
    project.configure(lambda c: c["safety"].update(maxRemovalPercent=100))
    project.list(entry(*ten))
    project.apply()
    project.clock.move(days=8)  # a chain that begins has the least budget
    released(project, 10, ten)
    assert project.plan(code=6).changes == [("delete", "exposing", "released", ten, ["would-empty-list"])]
    project.apply(code=6)
    assert len(project.live()) == 10
    project.apply("--allow-removals", "10")
    assert project.live() == {}


def test_a_small_list_may_end(project: Project):
    nine = TWENTY[:9]
    project.configure(lambda c: c["safety"].update(maxRemovalPercent=100))
    project.list(entry(*nine))
    project.apply()
    project.clock.move(days=8)  # a chain that begins has the least budget
    released(project, 9, nine)
    project.apply()
    assert project.live() == {}


def test_an_incomplete_read_lets_off_only_what_the_latest_look_saw(project: Project):
    project.list(entry(A, B, C))
    project.apply()
    project.list(entry(C), releases=[release(A, B)])
    gone = Act(Deed.REMOVE, Entry(A, "", "", LIST))
    wrong = Fault(FaultAction.WRONG_TOTAL, RequestKind.READ)
    project.sandbox.plan(wrong, Fault(FaultAction.WRONG_TOTAL, RequestKind.READ, acts=(gone,)))
    planned = project.plan(code=6)
    assert planned.json["complete"] is False
    assert planned.changes == [
        ("delete", "exposing", "released", [B], []),
        ("delete", "exposing", "released", [A], ["incomplete-read"]),
    ]


def test_an_incomplete_read_that_holds_nothing_back_is_no_failure(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(A, B, C))
    project.sandbox.plan(Fault(FaultAction.WRONG_TOTAL, RequestKind.READ, times=None))
    planned = project.plan()
    assert planned.json["complete"] is False
    assert planned.changes == [("create", "protective", "declared", [C], [])]
    assert "CXONE-READ" in [f["rule"] for f in planned.json["findings"]]
    project.apply()
    assert set(project.live()) == {A, B, C}
    assert project.newest["read_back"]["complete"] is False


def test_a_refusal_holds_back_its_phone_on_any_list(project: Project):
    project.list(entry(A, B, D))
    project.apply()
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A), name="second", list_id="second", commit=False)
    project.list(entry(D), releases=[release(A, B)])
    done = project.apply(code=8)
    assert done.outcomes == {"rejected": 1, "applied": 1, "not-attempted": 1}
    assert set(project.live()) == {A, D}


def test_what_is_unknown_holds_back_everything(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])
    # The chunk is answered by nothing that can be understood, and the read-back does not add up.
    project.sandbox.plan(
        Fault(FaultAction.STATUS, RequestKind.BULK, times=None),
        Fault(FaultAction.WRONG_TOTAL, RequestKind.READ, times=None, skip=1),
    )
    project.apply(code=8)
    assert set(project.live()) == {A, B}
    assert project.asked("delete") == 0
    assert project.newest["status"] == "partial"


def test_a_tenant_that_cannot_remove(project: Project):
    project.list(entry(A, B, C))
    project.apply()
    project.sandbox.conduct.deletes = False
    project.list(entry(C, D), releases=[release(A, B)])
    done = project.apply(code=6)
    assert set(project.live()) == {A, B, C, D}
    assert project.asked("delete") == 1
    assert {f["code"] for f in done.json["failures"]} == {"UNSUPPORTED"}
    (kept,) = project.newest["kept"]
    assert (kept["phones"], kept["blocked_by"]) == ([A, B], ["unsupported"])
    project.apply()
    assert set(project.live()) == {A, B, C, D}


def test_superseded_by_another_report(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])
    tip = project.tip()

    def meanwhile() -> None:
        other = project.clone("other")
        other.git("fetch", "-q", "origin", "dnc-audit:dnc-audit")
        tree = other.git("rev-parse", "dnc-audit^{tree}")
        made = other.git("commit-tree", tree, "-p", "dnc-audit", "-m", "another run")
        other.git("push", "-q", "origin", f"{made}:refs/heads/dnc-audit")

    project.on_read[2] = meanwhile
    project.apply(code=6)
    assert set(project.live()) == {A, B, C}
    assert project.asked("delete") == 0
    (kept,) = project.newest["kept"]
    assert (kept["phones"], kept["blocked_by"]) == ([A], ["superseded"])
    assert project.tip() not in {tip, ""}
    project.on_read.clear()
    project.apply()
    assert set(project.live()) == {B, C}


def test_superseded_by_a_newer_revision(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])

    def meanwhile() -> None:
        other = project.clone("other")
        other.list(entry(A, B, C), name="main")

    project.on_read[2] = meanwhile
    project.apply(code=6)
    assert set(project.live()) == {A, B, C}
    assert project.newest["kept"][0]["blocked_by"] == ["superseded"]


def test_a_later_opt_out_between_plan_and_removal(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, on="2026-11-25")])
    project.on_read[2] = lambda: project.agent("modify", A)
    project.apply(code=6)
    assert set(project.live()) == {A, B}
    assert project.newest["kept"][0]["blocked_by"] == ["later-opt-out"]


def saved(project: Project, *arguments: str, code=0) -> str:
    file = project.folder.parent / "plan.json"
    project.plan("-o", str(file), *arguments, code=code)
    assert json.loads(file.read_bytes())["errored"] is False
    return str(file)


def test_a_saved_plan_that_is_todays(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])
    project.apply(saved(project))
    assert set(project.live()) == {B, C}


def test_a_saved_plan_lacks_what_is_exposing_today(project: Project):
    project.list(entry(A, B))
    project.apply()
    file = saved(project)
    project.list(entry(B, C), releases=[release(A)])
    project.apply(file, code=7)
    assert set(project.live()) == {A, B, C}
    assert project.asked("delete") == 0


def test_a_saved_plan_of_protective_changes_only(project: Project):
    project.list(entry(A))
    file = saved(project)
    project.list(entry(A, B))
    project.apply(file)
    assert set(project.live()) == {A, B}


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"tenant": "other", "errored": false, "changes": []}', "\xff"]
)
def test_no_saved_plan(project: Project, content):
    project.list(entry(A))
    project.write("../plan.json", content)
    done = project.apply(str(project.folder.parent / "plan.json"), code=4)
    assert done.json["errored"] is True
    assert project.live() == {}
