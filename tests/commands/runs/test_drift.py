"""`dnc drift` ends with a verdict that names everything its exit code is for."""

import json

import pytest

from tests.commands.permission.test_dead_releases import dies
from tests.commands.permission.test_time_and_rules import NO_LOCAL, adopt, asked, rule
from tests.commands.record.test_doubtful_chain import append
from tests.support.project import LIST, Project, entry

A, B, C, D = "+12125550101", "+12125550102", "+12125550103", "+12125550104"


def verdict(project: Project, code: int) -> str:
    """Ask as text and as JSON; give the last line, which both have."""
    shown, document = project.run("drift", CI=""), project.run("drift", "--format", "json")
    assert (shown.code, document.code, document.json["exit_code"]) == (code, code, code)
    last = shown.out.splitlines()[-1]
    assert last == document.json["verdict"]
    assert last.startswith("production: ")
    assert last.endswith(f": exit {code}.") == bool(code)
    return last


def test_without_drift(project: Project):
    project.list(entry(A))
    project.apply()
    assert verdict(project, 0) == "production: no drift."


def test_requests_that_nobody_applied_are_named(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A), asked(B, "2026-11-02"), asked(C, "2026-11-18"), asked(D, "2026-11-18"))
    said = verdict(project, 3)
    assert said == (
        "production: no drift. 1 overdue request (alarm). 2 requests past the target day (alarm): exit 3."
    )


def test_drift_is_counted_by_kind(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.agent("remove", A)
    for number in (C, D):
        project.agent("add", number)
    assert verdict(project, 3) == "production: drift (1 removed, 2 unmanaged): exit 3."


def test_drift_and_alarms_are_both_named(project: Project):
    adopt(project, rule("HOUSE-01", NO_LOCAL, reviewDue="2026-11-01"))
    project.list(entry(A))
    project.apply()
    project.agent("remove", A)
    project.list(entry(A), asked(B, "2026-11-02"))
    assert verdict(project, 3) == (
        "production: drift (1 removed). 1 overdue request (alarm). 1 other alarm (HOUSE-01): exit 3."
    )


@pytest.mark.parametrize("kind", ["review", "registry", "chain", "rule"])
def test_an_alarm_alone_is_named_by_its_rule(project: Project, kind):
    if kind == "review":
        adopt(project, rule("HOUSE-01", NO_LOCAL, reviewDue="2026-11-01"))
        project.list(entry(A))
    elif kind == "registry":
        registry = {"name": "FTC", "retrievedAt": "2026-10-23", "sha256": "0" * 64, "areaCodes": ["212"]}
        content = {"listId": LIST, "registry": registry, "entries": [entry(A, reason="NATIONAL")]}
        project.write("dnc-lists/main.yaml", json.dumps(content))
        project.commit()
    else:
        project.list(entry(A, reason="LOCAL"))
    project.apply()
    if kind == "chain":
        append(project, lambda report: report.update(status="no status"))
    if kind == "rule":
        adopt(project, rule("HOUSE-01", NO_LOCAL))
        project.commit()
    rules = {"review": "HOUSE-01", "registry": "OPS-FRESH-01", "chain": "AUDIT", "rule": "HOUSE-01"}
    assert verdict(project, 3) == f"production: no drift. 1 alarm ({rules[kind]}): exit 3."
    assert rules[kind] in project.run("drift").err


def test_what_files_say_besides_is_left_to_validate(project: Project):
    project.list(entry(A))
    project.apply()
    assert "[NUM-07]" in project.run("validate").out
    done = project.run("drift")
    assert "NUM-07" not in done.out + done.err
    assert any(
        finding["rule"] == "NUM-07" for finding in project.run("drift", "--format", "json").json["findings"]
    )


def test_a_run_that_left_no_report_is_named(project: Project, monkeypatch):
    project.list(entry(A, B))
    dies(project, monkeypatch, answered=True)
    done = project.run("drift")
    assert "left no report: what it changed in CXone may be listed as drift" in done.err
    project.apply()
    assert "left no report" not in project.run("drift").err


def test_an_error_is_named_with_its_exit(project: Project):
    project.list(entry(A))
    done = project.run("drift", CXONE_CLIENT_SECRET="wrong")
    assert (done.code, done.err.strip().splitlines()[0].startswith("error: ")) == (5, True)
