"""Clocks that disagree, runs that are stopped, rules that are loosened, failures that coincide."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, ROOT, Project, dated, entry, making, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


@pytest.mark.parametrize("ahead", [-3, 3])
def test_nothing_comes_off_while_cxones_clock_is_hours_away(tmp_path, ahead):
    with making(tmp_path, ahead=ahead) as project:
        project.list(entry(A, B))
        project.apply()
        project.list(entry(B), releases=[release(A)])
        assert project.plan(code=6).changes == [("delete", "exposing", "released", [A], ["later-opt-out"])]
        project.apply(code=6)
        assert set(project.live()) == {A, B}


@pytest.mark.parametrize("ahead", [-0.03, 0.03])
def test_cxones_clock_is_another(tmp_path, ahead):
    with making(tmp_path, ahead=ahead) as project:
        project.list(entry(A, B))
        project.apply()
        project.list(entry(B), releases=[release(A)])
        assert project.plan().changes == [("delete", "exposing", "released", [A], [])]
        project.clock.move(hours=1)
        project.agent("modify", A)
        assert project.plan(code=6).changes == [("delete", "exposing", "vanished", [A], ["later-opt-out"])]


def test_moving_a_line_does_not_hide_an_opt_out(project: Project):
    project.list(entry(A), dated(B, until="2026-12-10"))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", B, "COMPANY_POLICY", "ABSOLUTE")
    project.clock.move(days=1)
    project.list(dated(B, until="2026-12-10"), name="second", commit=False)
    project.list(entry(A))
    project.apply()
    project.clock.move(days=20)
    assert project.plan(code=6).changes == [("delete", "exposing", "vanished", [B], ["later-opt-out"])]


def test_a_run_that_is_told_to_stop(project: Project):
    project.tenant(chunkSize=1, concurrency=1)
    numbers = [phone(n) for n in range(30)]
    project.list(entry(*numbers))
    project.sandbox.plan(Fault(FaultAction.SLOW, RequestKind.BULK, delay=0.1, times=None))
    run = subprocess.Popen(
        [sys.executable, "-m", "reconciler.cli.main", "apply", "--format", "json"],
        cwd=project.folder,
        env=project.environment() | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while project.asked("bulk") < 2 and run.poll() is None:
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGTERM)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 8, err
    document = json.loads(out)
    assert document["status"] == "interrupted"
    assert document["outcomes"]["not-attempted"] >= 1
    live = set(project.live())
    assert 2 <= len(live) < 30
    report = project.newest
    assert report["status"] == "interrupted"
    assert {n for row in report["not_live"] for n in row["phones"]} == set(numbers) - live
    project.sandbox.faults.clear()
    project.apply()
    assert set(project.live()) == set(numbers)


def test_a_merged_plan_needs_what_counts_committed(project: Project):
    project.list(entry(A))
    project.git("checkout", "-qb", "feature")
    project.list(entry(B), name="second", commit=False)
    done = project.plan("--onto", "origin/main", code=4)
    assert "not committed" in done.err


def test_loosened_rules_are_said_in_every_plan(project: Project):
    packaged = json.loads((ROOT / "schema/regulations/us.json").read_text())
    packaged["allOf"] = packaged["allOf"][:1]
    project.write("schema/regulations/us.json", json.dumps(packaged))
    project.list(entry(A))
    findings = project.plan().json["findings"]
    assert "US-FED-03" in " ".join(f["message"] for f in findings)
    assert "US-FED-03" in project.run("plan").out
    project.apply()


def test_two_tenants_with_one_target_and_a_common_list(project: Project):
    def twin(configuration) -> None:
        configuration["tenants"]["twin"] = dict(configuration["tenants"]["production"])

    project.list(entry(A), commit=False)
    project.configure(twin)
    assert project.run("validate").code == 4
    assert project.plan(code=4).json["errored"] is True
    project.apply(code=4)
    assert project.live() == {}


def refuse_pushes(project: Project) -> None:
    hook = project.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)


def test_which_exit_code_comes_first(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C))
    refuse_pushes(project)
    project.apply(code=9)  # blocked as well
    assert set(project.live()) == {A, B, C}


def test_numbers_that_are_not_protected_come_before_everything(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C))
    refuse_pushes(project)
    project.sandbox.conduct.refused = {C: "INVALID_PHONE"}
    project.apply(code=8)


def test_a_change_that_was_done_by_hand_meanwhile(project: Project):
    """Somebody puts on what we are about to put on, and takes off what we are about to take off."""
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])

    def meanwhile() -> None:
        project.agent("remove", A)

    project.on_read[2] = meanwhile
    project.sandbox.plan(Fault(FaultAction.SLOW, RequestKind.BULK))
    project.apply()
    assert set(project.live()) == {B, C}
    assert project.plan().counts() == {"unchanged": 2}


def test_a_number_that_stands_twice_comes_off_whole(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.agent("add", A, modified="2026-11-01T00:00:00.000Z")
    project.list(entry(B), releases=[release(A)])
    project.apply()
    assert set(project.live()) == {B}


def test_a_twin_that_an_agent_added_later_is_an_opt_out(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(minutes=5)
    project.agent("add", A)
    project.list(entry(B), releases=[release(A)])
    assert project.plan(code=6).changes == [("delete", "exposing", "vanished", [A], ["later-opt-out"])]


def test_chunks(project: Project):
    project.tenant(chunkSize=7)
    project.list(entry(*(phone(n) for n in range(40))))
    project.apply()
    assert sorted(c["size"] for c in project.newest["chunks"]) == [5, 7, 7, 7, 7, 7]
    assert len(project.live()) == 40


def test_many_pages(project: Project):
    numbers = [phone(n) for n in range(1300)]
    project.list(entry(*numbers))
    project.apply()
    planned = project.plan()
    assert planned.counts() == {"unchanged": 1300}
    assert planned.json["live"]["entries"] == 1300


def test_a_list_file_whose_name_is_no_utf_8(project: Project):
    """Apply sent what it says, ended with 1, and no report ever held it."""
    project.list(entry(A), entry(B))
    project.apply()
    path = project.folder / "dnc-lists" / os.fsdecode(b"\xff.yaml")
    path.write_text(json.dumps({"listId": LIST, "entries": [entry(C)]}), encoding="utf-8")
    project.commit()
    for command in ("validate", "plan", "apply"):
        done = project.run(command)
        assert done.code == 4, command
        assert "its name is no UTF-8, so no report can name this file: rename it" in done.err + done.out
    assert C not in project.live()
    path.rename(path.with_name("more.yaml"))
    project.commit()
    project.apply()
    assert C in project.live()
    assert len(project.reports()) == 2
