"""`dnc doctor`: every check, and what it says when something is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitlab_api import serving
from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import LIST, Project, dated, entry, making
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))


@pytest.fixture
def groups(tmp_path: Path) -> Iterator[GroupsProject]:
    with grouped(tmp_path) as made:
        yield made


def examined(project: Project, *arguments: str, code=0, **environ: str) -> dict[str, tuple[str, str]]:
    """Name each check with its status and what it says."""
    done = project.run("doctor", "--format", "json", *arguments, **environ)
    assert done.code == code, (done.out, done.err)
    assert done.json["exit_code"] == code
    return {check["name"]: (check["status"], check["message"]) for check in done.json["checks"]}


def states(checks) -> dict[str, str]:
    return {name: state for name, (state, _) in checks.items()}


def test_all_is_well(project: Project):
    project.list(entry(A))
    checks = examined(project)
    assert states(checks) == {
        "git": "ok",
        "configuration": "ok",
        "remote": "ok",
        "audit branch": "ok",
        "audit push": "ok",
        "rate": "warning",
        "environment": "ok",
        "sign-in": "ok",
        "read": "ok",
        "write": "unknown",
        "clock": "ok",
    }
    assert "has no dnc-audit yet" in checks["audit branch"][1]
    assert "dnc:entries:write" in checks["write"][1]
    assert project.asked("bulk") == 0
    assert project.tip() == ""
    project.apply()
    assert examined(project)["audit branch"][1] == "origin has dnc-audit"
    shown = project.run("doctor").out
    assert "ok       sign-in: organisation sandbox at 127.0.0.1" in shown
    assert "fix: ask NICE for this tenant's limit" in shown


def test_a_pace_that_tenants_allow(project: Project):
    project.tenant(requestsPerMinute=100)
    assert examined(project)["rate"] == ("ok", "100 requests a minute, 3,000,000 numbers an hour at most")


def test_a_variable_that_is_not_set(project: Project):
    checks = examined(project, code=4, CXONE_CLIENT_SECRET="")
    assert checks["environment"][0] == "fail"
    assert "CXONE_CLIENT_SECRET is not set" in checks["environment"][1]
    assert "sign-in" not in checks


def test_a_configuration_with_errors(project: Project):
    project.tenant(chunkSize=0, removal="perhaps")
    checks = examined(project, code=4)
    assert checks["configuration"][0] == "fail"
    assert "(and 1 more" in checks["configuration"][1]


@pytest.mark.parametrize(
    ("environ", "name", "says"),
    [
        ({"CXONE_CLIENT_SECRET": "wrong"}, "sign-in", "sign-in"),
        ({"CXONE_CLIENT_ID": "writer"}, "read", "403"),
        ({"CXONE_BASE_URL": "http://127.0.0.1:9"}, "sign-in", "127.0.0.1:9"),
    ],
    ids=["secret", "scope", "host"],
)
def test_what_cxone_refuses(project: Project, monkeypatch, environ, name, says):
    monkeypatch.setattr("reconciler.cxone.http.retry.UNREACHABLE_SECONDS", 0.0, raising=False)
    checks = examined(project, code=5, **environ)
    assert checks[name][0] == "fail"
    assert says in checks[name][1]
    assert "write" not in checks


@pytest.mark.parametrize(("ahead", "word"), [(1.0, "behind"), (-1.0, "ahead of")])
def test_a_clock_that_is_off(tmp_path, ahead, word):
    with making(tmp_path, ahead=ahead) as project:
        state, said = examined(project)["clock"]
        assert state == "warning"
        assert f"s {word} CXone" in said


def test_a_clock_that_is_off_by_two_minutes(tmp_path):
    with making(tmp_path, ahead=100 / 3600) as project:
        assert examined(project)["clock"][0] == "ok"


def test_without_a_remote(tmp_path):
    with making(tmp_path, origin=False) as project:
        checks = examined(project)
        assert checks["remote"] == ("warning", "no remote: reports stay in this clone alone")
        assert "audit push" not in checks


def test_a_report_that_is_not_at_the_remote(project: Project):
    project.list(entry(A))
    project.apply("--yes", CI="")
    assert examined(project)["audit branch"] == (
        "warning",
        "origin has no dnc-audit yet. Not at the remote: 1 report",
    )
    assert "fix: dnc audit push" in project.run("doctor").out
    project.run("audit", "push")
    assert examined(project)["audit branch"] == ("ok", "origin has dnc-audit")
    project.list(entry(A, B))
    project.apply("--yes", CI="")
    not_pushed = ("warning", "origin has dnc-audit. Not at the remote: 1 report")
    assert examined(project)["audit branch"] == not_pushed
    other = project.clone("other")
    other.apply(CI_PIPELINE_SOURCE="schedule")  # which this clone has not fetched
    assert examined(project)["audit branch"] == not_pushed


def test_an_audit_branch_that_is_gone_is_not_called_a_first_run(project: Project):
    project.list(entry(A))
    project.apply()
    project.git("-C", str(project.origin), "update-ref", "-d", "refs/heads/dnc-audit")
    state, said = examined(project, code=4)["audit branch"]
    assert (state, said) == ("fail", "origin had dnc-audit, and it is gone: reports were removed")


def test_a_remote_that_does_not_answer(project: Project):
    project.git("remote", "set-url", "origin", "file:///nowhere/at/all.git")
    checks = examined(project, code=4)
    assert checks["remote"][0] == "fail"
    assert checks["sign-in"][0] == "ok"


def test_a_remote_that_takes_no_push(project: Project):
    project.git("remote", "set-url", "--push", "origin", "file:///nowhere/at/all.git")
    assert examined(project, code=4)["audit push"][0] == "fail"


def test_pushing_is_switched_off(project: Project):
    project.configure(lambda c: c.update(audit={"push": "never"}))
    assert examined(project)["audit push"][0] == "warning"


def test_outside_of_a_repository(project: Project):
    (project.folder / ".git").rename(project.folder / "git")
    checks = examined(project, code=4, GIT_CEILING_DIRECTORIES=str(project.folder.parent))
    assert checks["git"] == ("fail", "this is no git repository")
    assert checks["sign-in"][0] == "ok"


def test_entries_has_nothing_to_probe(project: Project):
    assert examined(project, "--probe")["probe"] == ("warning", "dialect entries has nothing to probe")


def test_groups_sign_in_and_are_read(groups):
    groups.list(entry(A))
    checks = examined(groups)
    assert set(states(checks).values()) == {"ok", "unknown", "warning"}
    assert checks["sign-in"][1].startswith("organisation sandbox at 127.0.0.1")
    checks = examined(groups, code=5, CXONE_ACCESS_KEY_SECRET="wrong")
    assert checks["sign-in"][0] == "fail"


def test_discovery_that_leads_nowhere_comes_after_the_sign_in(groups):
    groups.quirks.claim = "none"
    checks = examined(groups, code=5)
    assert checks["read"][0] == "fail"


@pytest.mark.parametrize("form", ["national", "international"])
def test_a_probe_prints_the_settings_that_fit(groups, form):
    groups.quirks.form = form
    groups.acts("add", A)
    groups.acts("add", B)
    groups.list(entry(A))
    code = 0 if form == "national" else 4
    done = groups.run("doctor", "--probe", "--format", "json")
    assert done.code == code
    group = str(groups.records()[0].group)
    assert done.json["settings"] == {"numberForm": form, "listIds": {LIST: group}}
    shown = groups.run("doctor", "--probe").out
    assert f'    numberForm: "{form}"' in shown
    assert f'    listIds: {{"{LIST}": "{group}"}}' in shown
    assert groups.sent() == 0
    groups.tenant(numberForm=form, listIds={LIST: group})
    checks = examined(groups, "--probe")
    assert (checks["numberForm"][0], checks["search"][0]) == ("ok", "ok")


def test_a_probe_of_an_empty_group_says_what_to_do(groups):
    groups.list(entry(A))
    checks = examined(groups, "--probe")
    assert (checks["numberForm"][0], checks["search"][0]) == ("warning", "warning")


def test_a_probe_says_what_protects_nobody_and_what_cannot_be_searched(groups):
    groups.acts("add", A)
    groups.quirks.searches = False
    groups.list(entry(A))
    groups.sandbox.groups.store._connection.execute("DELETE FROM group_skill")
    checks = examined(groups, "--probe")
    assert checks["search"] == ("warning", "a number that was read is not found by a search")
    assert "has no scrubbed skill, so it blocks no call" in checks["coverage"][1]


def test_a_probe_prints_what_else_a_read_finds(groups):
    numbers = [A, B, *(f"+1212555{n:04d}" for n in range(1000, 1100))]
    for one in numbers:
        groups.acts("add", one)
    groups.acts("add", C, expired="2027-01-02")
    groups.list(entry(A), dated(C, until="2026-12-31"))
    groups.quirks.search, groups.quirks.most_records, groups.quirks.shift_hours = "wants-body", 100, -10
    groups.quirks.text_values, groups.quirks.unlisted_groups = True, 1
    done = groups.run("doctor", "--probe", "--format", "json")
    checks = {check["name"]: check["message"] for check in done.json["checks"]}
    assert done.json["settings"]["pageSize"] == 100
    assert checks["search"].endswith("asked for in the body")
    assert checks["pages"] == "100 records at once"
    assert checks["answers"].startswith("counts as text: understood; two reads did not add up")
    assert checks["expiredDate"].startswith("days are shown beside midnight (-10 h), and read as the nearest")
    assert checks["expiry"].startswith("not tried")
    assert groups.sent() == 0


def test_a_probe_that_was_not_made_is_said(groups):
    groups.list(entry(A))
    checks = examined(groups, "--probe", code=5, CXONE_ACCESS_KEY_SECRET="wrong")
    assert checks["probe"] == ("warning", "not made, since CXone could not be read")


def test_a_probe_names_the_groups_that_there_are(groups):
    groups.list(entry(A), list_id="another")
    state, said = examined(groups, "--probe", code=4)["probe"]
    assert state == "fail"
    assert f"there is {LIST}" in said


# Protected branches, where a token can see them.

NOBODY = {"access_level": 0, "access_level_description": "No one"}
MAINTAINERS = {"access_level": 40, "access_level_description": "Maintainers"}


def rule(name, *pushing, force=False):
    return {"name": name, "push_access_levels": list(pushing), "allow_force_push": force}


@pytest.mark.parametrize(
    ("rules", "default", "audit"),
    [
        ([], "main is not protected", "dnc-audit is not protected"),
        ([rule("main", NOBODY), rule("dnc-audit", MAINTAINERS)], "", ""),
        ([rule("*", NOBODY)], "", "dnc-audit takes no push"),
        ([rule("*", MAINTAINERS)], "main takes pushes of Maintainers", ""),
        ([rule("main", NOBODY), rule("dnc-*", MAINTAINERS, force=True)], "", "dnc-audit takes forced pushes"),
    ],
)
def test_protected_branches(project, rules, default, audit):
    with serving() as api:
        api.protected = rules
        environ = {**api.environ(), "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "", "CI_DEFAULT_BRANCH": "main"}
        checks = examined(project, **environ)
    for name, said in (("default branch", default), ("audit protection", audit)):
        assert checks[name][0] == ("warning" if said else "ok")
        assert said in checks[name][1]


def test_protected_branches_that_nobody_may_see_are_said_and_no_failure(project):
    with serving() as api:
        api.faults.append(403)
        checks = examined(project, **api.environ(), CI_DEFAULT_BRANCH="main")
    assert checks["protected branches"][0] == "ok"
    assert "not seen: GitLab answers 403" in checks["protected branches"][1]
    assert "default branch" not in checks
