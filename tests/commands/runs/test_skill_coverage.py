"""Which outbound skills honour the lists: in every output, and what `assign: true` adds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.render.note import Section
from reconciler.cxone.groups.provider import GroupsProvider
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.sandbox.groups.skills import Skill
from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import LIST, entry
from tests.support.sandbox import phone

RULE = "CXONE-COVERAGE"
A, B = phone(0), phone(1)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[GroupsProject]:
    """A list of one number, whose group stops the skill `Outbound`."""
    with grouped(tmp_path) as made:
        made.list(entry(A))
        yield made


def add_skill(project: GroupsProject, name: str, *, scrubbed=(), contributing=(), **facts: Any) -> str:
    skills = project.sandbox.groups.store.skills
    number = skills.add(Skill(0, name, **facts))
    for kind, groups in (("scrubbed", scrubbed), ("contributing", contributing)):
        for group in groups:
            skills.assign(group, number, kind)
    return str(number)


def scrubbed(project: GroupsProject) -> list[str]:
    store = project.sandbox.groups.store
    group = next(group for group, name in store.names().items() if name == LIST)
    return [skill.name for skill in store.skills.of_group(group, "scrubbed")]


def findings(document: Any) -> list[tuple[str, str]]:
    return [(f["severity"], f["message"]) for f in document["findings"] if f["rule"] == RULE]


def drift(project: GroupsProject, *, code: int = 0) -> Any:
    done = project.run("drift", "--format", "json")
    assert done.code == code, done.out
    return done.json


def test_every_output_says_which_skills_do_not_honour_a_list(project, tmp_path):
    winback = add_skill(project, "Winback")
    desk = add_skill(project, "Desk", strategy="Manual")
    row = {
        "list_id": LIST,
        "group": LIST,
        "honoured": 1,
        "uncovered": [
            {"skill_id": winback, "name": "Winback", "strategy": "Personal Connection", "running": True}
        ],
        "excepted": [],
        "unstoppable": [{"skill_id": desk, "name": "Desk", "strategy": "Manual", "running": True}],
        "contributing": 0,
    }
    pages = {kind: tmp_path / f"plan.{kind}" for kind in ("markdown", "html")}
    plan = project.plan(*(f"--report={kind}={path}" for kind, path in pages.items()))
    assert plan.json["coverage"] == [row]
    assert plan.json["assignments"] == []
    said = findings(plan.json)
    assert [severity for severity, _ in said] == ["alarm", "warning"]
    assert "does not stop 1 outbound skill that is running: Winback" in said[0][1]
    assert "Desk" in said[1][1]
    line = (
        f"{LIST} (group {LIST}): honoured by 1 skill; not by Winback (running); no group stops Desk (running)"
    )
    assert line in project.run("plan").out
    assert all("not by Winback" in path.read_text() for path in pages.values())
    assert "not by Winback" in Section(plan.json, None).text(10_000)
    checks = project.run("doctor", "--format", "json").json["checks"]
    assert any(check["name"] == "coverage" and "Winback" in check["message"] for check in checks)

    done = project.run("apply", "--metrics", str(tmp_path / "m"))
    assert done.code == 0, done.err
    assert line in done.out
    assert project.newest["coverage"] == [row]
    assert [alarm["rule"] for alarm in project.newest["alarms"]] == [RULE]
    assert f'dnc_uncovered_skills{{list="{LIST}",tenant="production"}} 1.0' in (tmp_path / "m").read_text()
    status = project.run("status", "--format", "json").json["tenants"][0]["coverage"]
    assert status["lists"] == [row]
    assert status["age_seconds"] < 60
    assert line in project.run("status").out
    assert f"Coverage:\n  {line}" in project.run("drift").out
    assert line in project.run("audit", "show").out
    assert project.run("site", str(tmp_path / "site")).code == 0
    page = (tmp_path / "site" / "tenant-production.html").read_text()
    assert "Winback" in page
    assert "1 skill not scrubbed" in page


def test_drift_ends_with_3_only_where_it_became_worse(project):
    add_skill(project, "Winback")
    found = drift(project, code=3)
    assert found["coverage_worse"]
    assert "coverage is worse" in found["verdict"]
    project.apply()
    assert findings(drift(project))[0][0] == "alarm"
    assert project.run("apply").code == 0
    assert project.newest["seq"] == 1
    add_skill(project, "Survey", running=False)
    drift(project, code=3)
    project.apply()
    assert project.newest["seq"] == 2
    drift(project)


def test_what_the_settings_say(project):
    winback = add_skill(project, "Winback")
    project.tenant(coverage={"skills": ["Outbound"], "lists": {LIST: "none"}})
    assert findings(project.plan().json) == []
    project.tenant(coverage={"except": {"Winback": "TICKET-88", "Nobody": "TICKET-1"}})
    plan = project.plan().json
    excepted = plan["coverage"][0]["excepted"]
    assert excepted == [{"skill_id": winback, "name": "Winback", "reference": "TICKET-88"}]
    assert [severity for severity, _ in findings(plan)] == ["alarm"]
    assert "coverage names Nobody" in findings(plan)[0][1]
    project.apply()
    assert project.newest["coverage_names"] == {
        "Winback": {"ids": [winback], "found": [winback]},
        "Nobody": {"ids": [], "found": []},
    }


def test_another_skill_behind_a_name_is_an_alarm_until_the_file_changes(project):
    add_skill(project, "Winback")
    project.tenant(coverage={"except": {"Winback": "TICKET-88"}})
    project.apply()
    connection = project.sandbox.groups.store._connection
    connection.execute("UPDATE skill SET name = 'Renamed' WHERE name = 'Winback'")
    other = add_skill(project, "Winback")
    for code in (3, 0):
        alarms = [message for severity, message in findings(drift(project, code=code)) if severity == "alarm"]
        assert any(f"is skill {other} now" in message for message in alarms)
        assert f"is skill {other} now" in project.run("doctor").out
        project.apply()
    project.tenant(coverage={"except": {other: "TICKET-89", "Renamed": "TICKET-88"}})
    assert findings(project.plan().json) == []


def test_assign_adds_what_is_missing_and_takes_nothing_away(project):
    project.apply()
    winback, _ = add_skill(project, "Winback"), add_skill(project, "Desk", strategy="Manual")
    project.tenant(coverage={"assign": True})
    plan = project.plan("--detailed-exitcode", code=3)
    planned = {"list_id": LIST, "group": LIST, "skill_id": winback, "name": "Winback"}
    assert plan.json["assignments"] == [planned]
    assert (plan.json["applyable"], plan.json["direction"]) == (True, "protective")
    assert f"+ {LIST} (group {LIST}): scrubbed skill Winback, to be added" in project.run("plan").out
    assert scrubbed(project) == ["Outbound"]
    done = project.run("apply")
    assert done.code == 0
    assert "scrubbed skill Winback, added" in done.out
    assert scrubbed(project) == ["Outbound", "Winback"]
    assert project.newest["assignments"] == [{**planned, "outcome": "applied", "code": "", "message": ""}]
    assert project.newest["coverage"][0]["uncovered"] == []
    assert project.newest["status"] == "in-sync"
    seq = project.newest["seq"]
    assert project.plan("--detailed-exitcode").json["assignments"] == []
    project.apply()
    assert project.newest["seq"] == seq


def test_the_cost_is_what_apply_then_takes(project):
    project.group("Elsewhere")
    for name in ("Winback", "Survey", "Renewals"):
        add_skill(project, name)
    project.tenant(coverage={"assign": True})
    planned = project.plan("--detailed-exitcode", code=3).json["cost"]["requests"]
    project.sandbox.requests.clear()
    project.apply()
    reading = 4  # sign-in, discovery, the groups, the records
    taken = len(project.sandbox.requests.list_requests()) - reading
    assert 0 <= taken - planned <= 1  # the number that was written first is looked up
    assert project.plan().json["cost"] == {"requests": 0, "seconds": 0.0}


class Killed(BaseException):
    """The end of a process, in the middle of a call."""


def test_what_a_killed_run_added_is_in_the_next_report(project, monkeypatch):
    project.apply()
    winback = add_skill(project, "Winback")
    project.tenant(coverage={"assign": True})
    assign = GroupsProvider.assign_skill

    def die(self: GroupsProvider, list_id: str, skill_id: str) -> Any:
        assign(self, list_id, skill_id)
        raise Killed

    monkeypatch.setattr(GroupsProvider, "assign_skill", die)
    with pytest.raises(Killed):
        project.run("apply", "--yes")
    monkeypatch.undo()
    assert (scrubbed(project), project.newest["seq"]) == (["Outbound", "Winback"], 1)
    project.apply()
    (before,) = project.newest["interrupted"]
    assert before["assignments"] == [{"list_id": LIST, "skill_id": winback, "outcome": "unknown"}]
    assert before["numbers"] == 0
    assert (project.newest["assignments"], project.newest["coverage"][0]["honoured"]) == ([], 2)
    assert f"; skill {winback} to the group of {LIST}: unknown" in project.run("audit", "show").out


def test_a_refused_assignment_holds_back_no_number(project):
    project.tenant(coverage={"assign": True})
    add_skill(project, "Winback")
    add_skill(project, "Survey")
    project.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.BULK, skip=1, times=1, status=403))
    project.apply(code=8)
    assert set(project.live()) == {A}
    outcomes = [row["outcome"] for row in project.newest["assignments"]]
    assert outcomes == ["rejected", "not-attempted"]
    assert "403" in project.newest["assignments"][0]["message"]
    project.apply()
    assert [row["outcome"] for row in project.newest["assignments"]] == ["applied", "applied"]


def test_without_the_right_to_read_skills_one_warning_and_nothing_else(project):
    add_skill(project, "Winback")
    project.apply()
    project.quirks.reads_skills = False
    project.list(entry(A, B))
    plan = project.plan().json
    assert [(severity, message[:39]) for severity, message in findings(plan)] == [
        ("warning", "it is unknown which skills honour the l")
    ]
    assert project.apply().outcomes == {"applied": 1}
    assert project.newest["coverage"][0]["uncovered"][0]["name"] == "Winback"
    drift(project)


def test_a_group_that_skills_feed_and_no_list_is_comes_into_files(project):
    project.apply()
    other = project.group("overflow")
    add_skill(project, "Winback", scrubbed=[1], contributing=[other])
    project.acts("add", B, list_id="overflow")
    said = findings(project.plan().json)
    assert [severity for severity, _ in said] == ["warning"]
    assert (
        "the DNC group overflow (1 record) is no list of this tenant, and opt-outs of Winback" in said[0][1]
    )
    assert said[0][1].endswith('fix: dnc pull --group "overflow"')
    project.run("pull", "--group", "overflow")
    assert B in (project.folder / "dnc-lists/adopted/production/overflow.yaml").read_text()
    assert not any("is no list" in message for _, message in findings(project.plan().json))


def test_a_group_that_cannot_be_named_in_files_says_what_to_write(project):
    project.group("Default DNC")
    project.acts("add", B, list_id="Default DNC")
    done = project.run("pull", "--group", "Default DNC")
    assert done.code == 4
    assert 'write `NAME: "Default DNC"` below listIds of production' in done.err
    project.tenant(listIds={"default": "Default DNC"})
    assert project.run("pull", "--group", "Default DNC").code == 0
    assert B in (project.folder / "dnc-lists/adopted/production/default.yaml").read_text()
    assert project.run("pull", "--group", "nowhere").code == 4


def test_how_many_requests_it_takes(project):
    project.group("other")
    before = len(project.sandbox.requests.list_requests())
    project.plan()
    paths = [asked.path for asked in project.sandbox.requests.list_requests()[before:]]
    skills = [path.rpartition("/dnc-groups/")[2] for path in paths if path.endswith("skills")]
    assert sorted(path.rpartition("/")[2] for path in skills) == [
        "contributing-skills",
        "contributing-skills",
        "scrubbed-skills",
        "skills",
    ]


def test_apply_reads_skills_after_what_protects(project):
    project.apply()
    asked = [(one.method, one.path.rpartition("/")[2]) for one in project.sandbox.requests.list_requests()]
    assert asked.index(("POST", "records")) < asked.index(("GET", "skills"))


def test_a_plan_on_a_saved_reading_repeats_the_last_with_its_age(project):
    add_skill(project, "Winback")
    project.apply()
    add_skill(project, "Survey")
    project.clock.move(hours=3)
    plan = project.plan("--reading", "saved").json
    assert [skill["name"] for skill in plan["coverage"][0]["uncovered"]] == ["Winback"]
    assert plan["coverage_read_at"] == project.newest["coverage_read_at"]
    assert "Winback (as read 3 h 0 min ago)" in findings(plan)[0][1]
    assert "skills as read 3 hours before:" in project.run("plan", "--reading", "saved").out


def test_entries_has_no_skills_and_no_setting_for_them(project):
    toy = {"embedded": True, "dialect": "entries"}
    project.configure(lambda c: c["tenants"].update(toy={**toy, "coverage": {"assign": True}}))
    done = project.run("validate")
    assert done.code == 4
    assert "entries does not use this key" in done.out
    project.configure(lambda c: c["tenants"].update(toy=toy))
    plan = project.plan("--tenant", "toy").json
    assert (plan["coverage"], plan["coverage_read_at"]) == ([], None)
    done = project.run("pull", "--tenant", "toy", "--group", "overflow")
    assert done.code == 4
    assert "dialect entries has no groups" in done.err


def test_a_number_in_a_skills_name_is_in_no_masked_copy(project):
    add_skill(project, "Callback 2125550123")
    copy = project.run("plan", "--format", "json", "--numbers", "masked", DNC_MASK_KEY="0123456789abcdef")
    assert copy.json["coverage"][0]["uncovered"][0]["name"] == "Callback •••23"
    assert "2125550123" not in copy.out + project.run("plan").out
