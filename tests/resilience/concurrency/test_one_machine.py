"""Two runs in one clone: one after the other, and whoever waits says for whom."""

import json
import threading

import pytest
from filelock import FileLock

from reconciler.sandbox.faults import RequestKind
from reconciler.use_cases.reconcile import run_lock
from tests.support.project import Project, entry
from tests.support.sandbox import phone
from tests.support.victim import Moments, end, journal_of, once, start

A, B, C = (phone(n) for n in range(3))


def test_the_second_waits_and_finds_what_the_first_did(project: Project):
    project.list(entry(A, B))
    moments = Moments(project, kinds=(RequestKind.BULK,))
    said, second = [], []
    waiting = threading.Event()

    def meanwhile() -> None:
        process = start(project, "apply", "--format", "json")
        said.append(process.stderr.readline())
        second.append(process)
        waiting.set()

    first = start(project, "apply")
    moments.reset(0, meanwhile)
    assert end(first).code == 0
    assert waiting.wait(30)
    done = end(second[0])
    assert (done.code, done.json["status"]) == (0, "in-sync")
    assert f"an apply of production is under way here already (process {first.pid}, since 20" in said[0]
    assert project.asked("bulk") == 1
    assert [r["seq"] for r in project.reports()] == [1]


def held(project: Project) -> FileLock:
    lock = journal_of(project).with_suffix(".lock")
    lock.parent.mkdir(parents=True)
    lock.with_suffix(".holder").write_text(json.dumps({"pid": 4711, "since": "2026-11-23T10:00:00Z"}))
    return FileLock(lock)


def test_waiting_ends_and_names_the_holder(project: Project, monkeypatch):
    monkeypatch.setattr(run_lock, "WAIT_SECONDS", 0.05)
    project.list(entry(A))
    with held(project):
        done = project.apply(code=4)
        assert "under way here already: process 4711, since 2026-11-23T10:00:00Z" in done.err
        assert "fix:" in done.err
        assert project.live() == {}
        assert project.plan().counts() == {"create": 1}  # reading waits for nobody
    project.apply()
    assert set(project.live()) == {A}


@pytest.mark.parametrize("told", ["", "{", "[]", '{"pid": "x"}'])
def test_a_holder_that_has_not_said_its_name(project: Project, monkeypatch, told):
    monkeypatch.setattr(run_lock, "WAIT_SECONDS", 0.05)
    project.list(entry(A))
    with held(project):
        journal_of(project).with_suffix(".holder").write_text(told)
        assert "has not said its number" in project.apply(code=4).err


def test_two_tenants_do_not_wait_for_each_other(project: Project):
    project.list(entry(A))
    project.on_read[1] = once(lambda: project.apply("--tenant", "toy"))
    project.apply()
    assert [r["seq"] for r in project.reports()] == [1]
    assert [r["seq"] for r in project.reports("toy")] == [1]
    assert project.run("audit", "verify").code == 0
