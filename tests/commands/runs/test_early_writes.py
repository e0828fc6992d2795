"""New opt-outs go before the read, a few requests into the run, and weaken nothing that anybody wrote."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.groups_project import GroupsProject, grouped
from tests.support.lists import dated
from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
MANY = [phone(n) for n in range(100, 1700)]  # four pages


def kinds(project: Project) -> list[str]:
    return [request.kind.value for request in project.sandbox.requests.list_requests()]


def applied(project: Project, *entries: object, **more: object) -> Project:
    """Apply a list, and watch the requests from there on."""
    project.list(*entries, **more)
    project.apply()
    project.sandbox.requests.clear()
    return project


def test_one_new_opt_out_goes_before_the_read_and_once(project: Project):
    applied(project, entry(*MANY))
    project.list(entry(*MANY, A))
    done = project.apply()
    assert kinds(project)[:4] == ["token", "read", "bulk", "read"]
    assert kinds(project).count("bulk") == 1
    assert kinds(project).count("read") == 2 + 4  # two totals, and all pages once
    assert done.outcomes == {"applied": 1}
    report = project.newest
    assert (report["status"], report["read_back"]["how"], report["done"]) == (
        "complete",
        "full",
        {"added": 1},
    )
    assert (report["early"]["numbers"], report["early"]["requests"]) == (1, 1)
    assert report["write_window"] is None
    assert report["early"]["window"] is not None
    assert project.plan().json["summary"]["create"] == 0
    project.sandbox.requests.clear()
    project.apply()
    assert "bulk" not in kinds(project)


def test_beside_a_release_it_goes_first_and_the_release_comes_off_after_a_full_read(project: Project):
    applied(project, entry(*MANY, B))
    project.clock.move(days=1)
    project.list(entry(*MANY, A), releases=[release(B, on="2026-11-24")])
    done = project.apply()
    asked = kinds(project)
    assert asked[:3] == ["token", "read", "bulk"]
    assert asked.index("delete") > 6
    assert done.outcomes == {"applied": 2}
    assert A in project.live()
    assert B not in project.live()


def test_a_dated_entry_never_weakens_what_an_agent_wrote(project: Project):
    applied(project, entry(C))
    project.agent("add", A)
    project.list(entry(C), dated(A, B))
    project.apply()
    assert kinds(project).index("bulk") > kinds(project).index("read")
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    assert "early" not in project.newest


def test_what_an_agent_had_entered_stays_his(project: Project):
    """Our early write stands on his opt-out from then on: our word alone does not end it."""
    applied(project, entry(C))
    project.agent("add", A, "LOCAL")
    project.list(entry(C, A))
    project.apply()
    assert kinds(project)[:3] == ["token", "read", "bulk"]
    assert project.newest["others"] == {LIST: 1}
    project.clock.move(days=2)
    project.list(entry(C), releases=[release(A, on="2026-11-25", reason="ENTERED_IN_ERROR")])
    project.apply(code=6)
    assert A in project.live()


def test_what_nobody_else_can_have_entered_is_ours(project: Project):
    applied(project, entry(C))
    project.list(entry(C, A))
    project.apply()
    assert project.newest["others"] == {}
    project.list(entry(C), releases=[release(A, reason="ENTERED_IN_ERROR")])
    project.apply()
    assert A not in project.live()


@pytest.mark.parametrize("seen_by", ["plan", "read-back"])
def test_the_record_tells_which_numbers_others_had(project: Project, seen_by: str):
    """A job's clone has no saved reading of the run before."""
    applied(project, entry(C))
    if seen_by == "plan":
        project.agent("add", D)
        project.apply("--attest")
    else:
        project.list(entry(C), dated(B))
        project.on_read[2] = lambda: project.agent("add", D)
        project.apply()
        project.on_read.clear()
    clone = project.clone("job")
    clone.list(entry(C, A, D), dated(B))
    clone.apply()
    assert clone.newest["early"]["numbers"] == 2
    assert clone.newest["others"] == {LIST: 1}
    clone.list(entry(C), dated(B), releases=[release(A, D, reason="ENTERED_IN_ERROR")])
    clone.apply(code=6)
    assert A not in clone.live()
    assert D in clone.live()


def test_what_the_run_before_removed_was_there_when_it_read(project: Project):
    applied(project, entry(C, A))
    project.clock.move(days=1)
    project.list(entry(C), releases=[release(A, on="2026-11-24")])
    project.apply()
    assert A not in project.live()
    project.clock.move(days=1)
    project.list(entry(C), entry(A, requestedOn="2026-11-25"))
    project.apply()
    assert project.newest["early"]["numbers"] == 1
    assert project.newest["others"] == {LIST: 1}


@pytest.mark.parametrize("first", [True, False])
def test_nothing_goes_early_where_nothing_is_held(project: Project, first):
    if not first:
        applied(project, entry(C))
        project.tenant(orgId="sandbox-2", clientId="dnc-tests")
    project.list(entry(C, A))
    project.run("apply")
    assert "early" not in project.newest


def test_what_was_adopted_waits_for_the_read(project: Project):
    applied(project, entry(C))
    project.agent("add", A)
    project.list(entry(C), entry(A, firstSeenOn="2026-11-20"))
    project.apply()
    assert "bulk" not in kinds(project)


def test_a_list_with_a_registry_s_entry_of_nobody_waits_for_the_read(project: Project):
    applied(project, entry(C))
    project.agent("add", B, "NATIONAL")
    project.apply("--attest")
    project.sandbox.requests.clear()
    project.list(entry(C, B, A))
    project.apply()
    assert "early" not in project.newest
    assert [row["phones"] for row in project.newest["kept"]] == [[B]]


@pytest.mark.parametrize(("reason", "ends"), [("ENTERED_IN_ERROR", False), ("CONSENT_GIVEN", True)])
def test_a_registry_s_entry_that_no_reading_saw_is_somebody_s_and_no_registry_s(
    project: Project, reason: str, *, ends: bool
):
    applied(project, entry(C))
    project.agent("add", A, "NATIONAL")
    project.list(entry(C, A))
    project.apply()
    assert project.newest["early"]["numbers"] == 1
    assert project.newest["others"] == {LIST: 1}
    project.clock.move(days=2)
    project.list(entry(C), releases=[release(A, on="2026-11-25", reason=reason)])
    project.apply(code=0 if ends else 6)
    assert (A not in project.live()) is ends


def test_a_refused_early_write_is_not_sent_again_and_holds_its_phone_back(project: Project):
    applied(project, entry(C, B), entry(A, reason="LOCAL"))
    project.clock.move(days=1)
    second = {"name": "second", "list_id": "dnc-list-02"}
    project.list(entry(D), **second)
    project.apply()
    project.sandbox.requests.clear()
    project.list(entry(D, B), **second)
    project.list(entry(C), entry(A, reason="LOCAL"), releases=[release(B, on="2026-11-24")])
    project.sandbox.conduct.refused[B] = "INVALID"
    project.apply(code=8)
    assert kinds(project).count("bulk") == 1
    assert B in project.live()


def test_an_unread_cxone_is_sent_nothing_twice(project: Project):
    applied(project, entry(*MANY))
    project.list(entry(*MANY, A), dated(B))
    project.on_read[1] = lambda: project.sandbox.faults.plan(
        Fault(FaultAction.STATUS, RequestKind.READ, status=503, times=None)
    )
    project.apply(code=8)
    assert set(project.live()) >= {A, B}
    sent = [request.items for request in project.sandbox.requests.list_requests(RequestKind.BULK)]
    assert sent == [1, 1]
    assert project.newest["read_back"]["how"] == "failed"


def test_on_a_terminal_nothing_goes_before_the_answer(project: Project, monkeypatch: pytest.MonkeyPatch):
    applied(project, entry(C))
    project.list(entry(C, A))
    asked: list[str] = []

    def answer(*_: object, **__: object) -> bool:
        asked.extend(kinds(project))
        return True

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", answer)
    project.apply(CI="")
    assert asked == ["token", "read"]
    assert "early" not in project.newest
    assert A in project.live()


def test_a_run_that_dies_before_its_read_is_told_of_by_the_next(project: Project):
    applied(project, entry(C))
    project.list(entry(C, A))

    def die() -> None:
        raise KeyboardInterrupt

    project.on_read[1] = die
    assert project.run("apply").code != 0
    assert A in project.live()
    project.on_read.clear()
    project.apply()
    report = project.newest
    assert [run["numbers"] for run in report["interrupted"]] == [1]
    assert report["others"] == {LIST: 1}
    assert report["done"] == {"added": 1}
    assert not project.plan().json["changes"]


def test_an_agent_who_writes_while_we_read_is_no_touch_of_ours(project: Project):
    applied(project, entry(C))
    project.list(entry(C, A))
    project.on_read[1] = lambda: (project.clock.move(seconds=5), project.agent("add", A))
    project.apply()
    project.on_read.clear()
    project.clock.move(minutes=5)
    project.list(entry(C), releases=[release(A, reason="ENTERED_IN_ERROR")])
    project.apply(code=6)
    assert A in project.live()


@pytest.fixture
def groups(tmp_path: Path) -> Iterator[GroupsProject]:
    with grouped(tmp_path) as made:
        yield made


def paths(project: Project) -> list[str]:
    requests = project.sandbox.requests.list_requests()
    return [f"{request.method} {request.path.rpartition('/')[2]}" for request in requests]


def test_dnc_groups_write_by_the_sixth_request(groups: GroupsProject):
    applied(groups, entry(*MANY[:300]), dated(D))
    groups.list(entry(*MANY[:300]), entry(A, reason="LOCAL"), dated(B, D))
    groups.apply()
    assert paths(groups).index("POST records") + 1 <= 6
    assert groups.newest["early"]["numbers"] == 1
    assert set(groups.live()) == {A, B, D, *MANY[:300]}
    assert not groups.plan().json["changes"]


def test_what_a_group_has_already_is_a_conflict(groups: GroupsProject):
    applied(groups, entry(C))
    groups.acts("add", A)
    groups.list(entry(C, A))
    groups.apply()
    assert groups.newest["early"]["numbers"] == 1
    assert groups.newest["failures"] == []
    assert groups.newest["others"] == {LIST: 1}
