"""The fixed command line: exit codes, streams, options, and what must never be shown."""

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.support.project import ROOT, Project, dated, entry
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["plan", "--frobnicate"],
        ["plan", "extra"],
        ["plan", "--as-of", "tomorrow"],
        ["plan", "--report", "terraform"],
        ["plan", "--report", "pdf=x"],
        ["plan", "--format", "xml"],
        ["apply", "no-such-plan.json"],
        ["apply", "--as-of", "2026-11-23"],
        ["apply", "--allow-removals", "-1"],
        ["apply", "--allow-removals", "many"],
        ["validate", "--report", "codequality="],
        ["--log-format", "xml", "plan"],
        ["plan", "--tenant"],
        ["plan", "-o", "no/such/folder/plan.json"],
    ],
    ids=" ".join,
)
def test_wrong_usage(project: Project, arguments):
    project.list(entry(A))
    done = project.run(*arguments)
    assert done.code == 2
    assert done.err
    assert project.live() == {}


def test_version(project: Project):
    assert re.fullmatch(r"dnc [0-9]+\.[0-9]+\.[0-9]+\n", project.run("--version").out)
    assert project.subprocess("--version").out == project.run("--version").out


def test_apply_without_a_terminal_needs_yes(project: Project):
    project.list(entry(A))
    for variables in ({"CI": ""}, {"CI": "false"}):
        done = project.run("apply", **variables)
        assert (done.code, project.live()) == (2, {})
        assert "--yes" in done.err
    assert project.run("apply", "--yes", CI="").code == 0
    assert set(project.live()) == {A}


def test_apply_asks_on_a_terminal(project: Project):
    project.list(entry(A))
    for answer, code in ((b"n\n", 1), (b"y\n", 0)):
        ours, theirs = pty.openpty()
        os.write(ours, answer)
        done = subprocess.run(
            [sys.executable, "-m", "reconciler.cli.main", "apply"],
            cwd=project.folder,
            env={**project.environment(), "CI": "", "PYTHONPATH": str(ROOT)},
            stdin=theirs,
            capture_output=True,
            check=False,
        )
        os.close(ours)
        os.close(theirs)
        assert done.returncode == code, done.stderr
        assert (A in project.live()) is (code == 0)


def test_the_embedded_tenant_in_ci_is_asked_for_by_name(project: Project):
    project.configure(lambda c: c.update(defaultTenant="toy"))
    project.list(entry(A))
    done = project.run("apply")
    assert done.code == 2
    assert "--tenant toy" in done.err
    done = project.run("apply", "--tenant", "toy")
    assert done.code == 0
    assert "stops no calls" in done.err
    assert project.run("plan").code == 0


def test_the_embedded_tenant_keeps_its_state(project: Project):
    project.list(entry(A, B))
    assert project.plan("--tenant", "toy").counts() == {"create": 2}
    project.apply("--tenant", "toy")
    assert project.plan("--tenant", "toy").counts() == {"unchanged": 2}
    assert project.git("status", "--porcelain") == ""


def test_global_options_before_and_after_the_command(project: Project):
    project.list(entry(A))
    before = project.run("--tenant", "toy", "plan", "--format", "json")
    after = project.run("plan", "--format", "json", "--tenant", "toy")
    joined = project.run("plan", "--tenant=toy", "--format", "json")
    assert {r.json["tenant"] for r in (before, after, joined)} == {"toy"}
    assert project.run("plan", "--tenant", "nobody").code == 4


def test_another_configuration(project: Project):
    project.list(entry(A))
    elsewhere = project.folder / "dnc.yaml"
    project.folder, folder = project.folder.parent, project.folder
    assert project.plan("--config", str(elsewhere)).counts() == {"create": 1}
    project.folder = folder
    assert project.plan("--config", "no.yaml", code=4).json["errored"] is True


def test_detailed_exit_codes(project: Project):
    project.list(entry(A, B))
    assert project.run("plan").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 3
    project.apply()
    assert project.run("plan", "--detailed-exitcode").code == 0
    project.list(entry(B, C))
    assert project.run("plan", "--detailed-exitcode").code == 6


def test_drift(project: Project):
    project.list(entry(A))
    assert project.run("drift").code == 0  # not live yet, and not drift either
    project.apply()
    project.agent("add", B)
    project.agent("remove", A)
    done = project.run("drift", "--format", "json")
    assert done.code == 3
    assert done.drift == [("removed", [A]), ("unmanaged", [B])]
    text = project.run("drift")
    assert text.code == 3
    assert A not in text.out


def test_a_plan_as_of_another_day(project: Project):
    project.list(entry(A), dated(B, until="2026-11-30"))
    project.apply()
    planned = project.plan("--as-of", "2026-12-01")
    assert planned.json["as_of"] == "2026-12-01"
    assert planned.changes == [("delete", "exposing", "lapsed", [B], [])]
    assert project.plan("--as-of", "2026-11-30").changes == []


def test_the_same_input_gives_the_same_plan(project: Project):
    project.list(entry(A, B), dated(C))
    project.list(entry(D), name="second")
    first, second = project.plan().json, project.plan().json
    for document in (first, second):
        del document["created_at"], document["live"]["read_at"]
    assert first == second
    digest = first["digest"]
    project.list(dated(C), entry(D, B), name="main", commit=False)
    project.list(entry(A), name="second")
    assert project.plan().json["digest"] == digest


INVALID = """\
listId: dnc-list-01
defaults: {reasonCode: CUSTOMER_REQUESTED, expirationPolicy: NEVER}
entries:
  - phone: "+12005550100"
  - phone: "12005550101"
  - phone: "+12005550100"
    evidence: a name
"""


def test_validate_says_where(project: Project):
    project.write("dnc-lists/main.yaml", INVALID)
    done = project.run("validate")
    assert done.code == 4
    lines = done.out.splitlines()
    errors = [line for line in lines if ": warning: " not in line]
    assert [re.match(r"dnc-lists/main\.yaml:([0-9]+):[0-9]+: ", line)[1] for line in errors] == [
        "5",
        "6",
        "7",
    ]
    assert all(re.search(r" \[[A-Z0-9-]+(, [^]]+)?\]$", line) for line in lines)
    found = project.run("validate", "--format", "json")
    assert found.code == 4
    assert found.json["valid"] is False
    assert {f["line"] for f in found.json["findings"] if f["severity"] == "error"} == {5, 6, 7}
    only = project.run("validate", "dnc-lists/other.yaml")
    assert only.code == 4


def test_invalid_lists_stop_plan_and_are_left_out_by_apply(project: Project):
    project.write("dnc-lists/main.yaml", INVALID)
    project.commit()
    for command, code in (("plan", 4), ("apply", 8)):
        done = project.run(command, "--format", "json")
        assert done.code == code
        assert done.json["errored"] is (command == "plan")
        assert {f["line"] for f in done.json["findings"] if f["severity"] == "error"} == {5, 6, 7}
    assert "dnc-lists/main.yaml:5:" in project.run("plan").err
    assert "dnc-lists/main.yaml:5:" in project.run("apply").out


@pytest.mark.parametrize("name", ["orphan.yml", "deep/orphan.yml"])
def test_a_file_that_no_glob_reaches(project: Project, name):
    project.list(entry(A))
    project.write(f"dnc-lists/{name}", "listId: x\nentries: []\n")
    assert project.run("validate").code == 4
    project.commit()
    project.apply(code=8)
    assert set(project.live()) == {A}


@pytest.mark.parametrize(
    "content", ["", "tenants: [", "defaultTenant: x\ntenants: {}\n", "\x00", "a: &a [*a]\n"]
)
def test_a_configuration_that_does_not_hold(project: Project, content):
    project.list(entry(A))
    project.write("dnc.yaml", content)
    project.commit()
    for arguments in (["validate"], ["plan"], ["apply"], ["drift"], ["audit", "list"], ["audit", "verify"]):
        done = project.run(*arguments, "--format", "json")
        assert done.code == 4, (arguments, done)
        assert done.json["findings"]


@pytest.mark.parametrize("variable", ["CXONE_ORG_ID", "CXONE_CLIENT_ID", "CXONE_CLIENT_SECRET"])
def test_a_variable_that_is_not_set_is_named(project: Project, variable):
    project.list(entry(A))
    done = project.plan(code=4, **{variable: ""})
    assert variable in done.json["findings"][0]["message"]
    assert project.plan("--tenant", "toy", **{variable: ""}).counts() == {"create": 1}


def test_http_is_for_loopback_only(project: Project):
    project.list(entry(A))
    assert project.plan(code=4, CXONE_BASE_URL="http://cxone.example").json["errored"] is True
