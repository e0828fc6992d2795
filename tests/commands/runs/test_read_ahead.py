"""CXone is read while large files are judged: with the same result, at the same cost, and files first."""

from collections.abc import Callable

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.use_cases.workspace import connection
from tests.support.project import Project, entry, release
from tests.support.result import Result
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
MANY = [phone(n) for n in range(100, 1300)]  # three pages
WRONG = {"phones": [A], "reasonCode": "ANGRY", "expirationPolicy": "NEVER"}


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Say whether files count as large from now on."""
    return lambda is_early: monkeypatch.setattr(connection, "LARGE_BYTES", 0 if is_early else 10**9)


@pytest.fixture
def applied(project: Project) -> Project:
    """A list that is applied, of which somebody took a number off, and a change to it; foreign numbers."""
    project.list(entry(*MANY, A, B))
    project.apply()
    project.agent("remove", B)
    project.agent("add", D, list_id="foreign")
    project.list(entry(*MANY, B, C), releases=[release(A)])
    return project


def asked(project: Project, *command: str, **environ: str) -> tuple[Result, list[str]]:
    project.sandbox.requests.clear()
    done = project.run(*command, **environ)
    return done, sorted(str(one.kind) for one in project.sandbox.requests.list_requests())


def told(done: Result) -> dict[str, object]:
    document = done.json
    document["live"].pop("read_at")
    return {key: value for key, value in document.items() if key != "created_at"}


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_the_result_and_the_cost_are_the_same(applied: Project, early, command):
    early(False)
    usual, cost = asked(applied, command, "--format", "json")
    early(True)
    done, same = asked(applied, command, "--format", "json")
    assert (done.code, same) == (usual.code, cost)
    assert told(done) == told(usual)
    assert cost.count("read") == 3


def test_apply_reads_each_page_once_in_sync(applied: Project, early):
    early(True)
    assert applied.apply().outcomes == {"applied": 3}
    assert set(applied.live()) == {*MANY, B, C}
    done, cost = asked(applied, "apply", "--format", "json")
    assert done.code == 0
    assert cost.count("read") == 3
    assert "bulk" not in cost


def test_an_opt_out_that_comes_while_files_are_judged_keeps_its_number(applied: Project, early):
    """What the reading that was begun before did not see, the one before the removal does."""
    early(True)
    applied.on_read[1] = lambda: applied.agent("add", A)
    done = applied.run("apply", "--format", "json")
    assert done.code in {0, 6}
    assert {A, B, C} <= set(applied.live())


@pytest.mark.parametrize(
    "fault", [None, Fault(FaultAction.STATUS, RequestKind.TOKEN, status=401, times=None)]
)
def test_invalid_lists_are_told_first(applied: Project, early, fault):
    """A plan is refused for them; `apply` and `drift` go on without what is wrong."""
    applied.list(WRONG)
    early(False)
    usual = applied.run("plan")
    early(True)
    if fault:
        applied.sandbox.plan(fault)
    done, cost = asked(applied, "plan")
    assert (done.code, done.out, done.err) == (4, usual.out, usual.err)
    assert cost.count("read") <= 3
    assert not {"bulk", "delete"} & set(cost)


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_a_refused_sign_in_is_told_as_ever(applied: Project, early, command):
    applied.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.TOKEN, status=401, times=None))
    early(False)
    usual = applied.run(command)
    early(True)
    done = applied.run(command)
    assert (done.code, done.out, done.err) == (5, usual.out, usual.err)


def test_apply_protects_where_pages_cannot_be_read(applied: Project, early):
    applied.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=500, times=None))
    early(True)
    done = applied.run("apply", "--format", "json")
    assert done.code == 8
    assert {A, C} <= set(applied.live())
    assert applied.newest["status"] == "partial"


def test_files_that_take_no_time_are_read_before_anything_is_asked(applied: Project):
    applied.list(WRONG)
    done, cost = asked(applied, "plan")
    assert (done.code, cost) == (4, [])
