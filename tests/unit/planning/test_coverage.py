"""Which skills honour a list: what is said of a reading, by which settings, and what counts as worse."""

from dataclasses import replace

import pytest

from reconciler.core.model.finding import Severity
from reconciler.core.model.outbound_skills import (
    CoverageSettings,
    GroupSkills,
    Skill,
    SkillsReading,
    UnmappedGroup,
)
from reconciler.core.planning.coverage import (
    Assignment,
    Coverage,
    coverage_findings,
    coverage_from_json,
    is_changed,
    is_worse,
    judge_coverage,
    with_assigned,
)

AT = "2026-11-23T12:00:00+00:00"
MAIN = Skill("1", "Main", "Personal Connection")
WINBACK = Skill("2", "Winback", "Personal Connection", is_running=False)
DESK = Skill("3", "Desk", "Manual")
INBOUND = Skill("4", "Service", is_outbound=False)
OLD = Skill("5", "Old", is_active=False)
CHAT = Skill("6", "Chat", is_dialling=False)
SKILLS = (MAIN, WINBACK, DESK, INBOUND, OLD, CHAT)


def reading(*scrubbed, skills=SKILLS, unmapped=()):
    group = GroupSkills("dnc-1", "Company DNC", frozenset(scrubbed))
    return SkillsReading(skills, (group, replace(group, list_id="dnc-2", group="Two")), unmapped)


def judged(*scrubbed, skills=SKILLS, unmapped=(), bound=None, elsewhere=(), **settings):
    found = reading(*scrubbed, skills=skills, unmapped=unmapped)
    return judge_coverage(found, CoverageSettings(**settings), AT, bound=bound, elsewhere=elsewhere)


def names(skills):
    return [skill.name for skill in skills]


def said(coverage):
    return [(finding.severity, finding.message) for finding in coverage_findings(coverage)]


def alarms(coverage):
    return [message for severity, message in said(coverage) if severity is Severity.ALARM]


def test_every_active_outbound_skill_is_due_and_a_manual_one_cannot_be_stopped():
    row = judged("1").rows[0]
    assert (row.list_id, row.group, row.honoured) == ("dnc-1", "Company DNC", 1)
    assert (names(row.uncovered), names(row.unstoppable), row.excepted) == (["Winback"], ["Desk"], ())


def test_what_runs_is_an_alarm_and_what_does_not_is_a_warning():
    found = said(judged())
    assert [severity for severity, _ in found] == [
        *(Severity.ALARM, Severity.WARNING) * 2,
        Severity.WARNING,
    ]
    assert "has no scrubbed skill, so it blocks no call; 1 outbound skill is running: Main" in found[0][1]
    assert "1 outbound skill is not running: Winback" in found[1][1]
    assert "1 manual outbound skill is stopped by no DNC group" in found[4][1]
    assert "Desk" in found[4][1]
    assert "does not stop 1 outbound skill that is running: Main" in alarms(judged("2"))[0]


def test_all_honour_it():
    coverage = judged("1", "2", skills=(MAIN, WINBACK, INBOUND))
    assert said(coverage) == []
    assert [row.honoured for row in coverage.rows] == [2, 2]


def test_a_list_that_no_skill_could_honour_blocks_no_call():
    found = said(judged(skills=(INBOUND,)))
    assert [severity for severity, _ in found] == [Severity.WARNING] * 2
    assert "has no scrubbed skill, so it blocks no call" in found[0][1]
    assert said(judge_coverage(reading(skills=(MAIN, INBOUND)), CoverageSettings("none"), AT)) == []


@pytest.mark.parametrize(
    ("settings", "first", "second"),
    [
        (CoverageSettings("none"), [], []),
        (CoverageSettings(("Winback",)), ["Winback"], ["Winback"]),
        (CoverageSettings(("2",)), ["Winback"], ["Winback"]),
        (CoverageSettings(lists={"dnc-2": ("Winback",)}), ["Main", "Winback"], ["Winback"]),
        (CoverageSettings("none", lists={"dnc-1": "all"}), ["Main", "Winback"], []),
        (CoverageSettings(lists={"dnc-1": "none"}), [], ["Main", "Winback"]),
        (CoverageSettings(exceptions={"Main": "TICKET-88"}), ["Winback"], ["Winback"]),
    ],
)
def test_which_skills_are_due(settings, first, second):
    rows = judge_coverage(reading(), settings, AT).rows
    assert [names(row.uncovered) for row in rows] == [first, second]


def test_a_list_of_the_settings_that_there_is_not_is_said():
    coverage = judged("1", "2", skills=(MAIN, WINBACK), lists={"dnc-3": "none"})
    found = [message for _, message in said(coverage)]
    assert found == [
        "coverage.lists names dnc-3, which is no list of this tenant; fix: correct it in dnc.yaml"
    ]


def test_an_exception_has_its_reference():
    row = judged(exceptions={"Main": "TICKET-88", "Desk": "TICKET-9"}).rows[0]
    assert [(one.name, one.reference) for one in row.excepted] == [
        ("Desk", "TICKET-9"),
        ("Main", "TICKET-88"),
    ]
    assert row.unstoppable == ()


@pytest.mark.parametrize("name", ["Mian", "Service", "Old", "Chat", "99"])
@pytest.mark.parametrize("where", ["skills", "lists", "except"])
def test_a_name_that_no_active_outbound_skill_has_is_an_alarm(name, where):
    settings = {
        "skills": CoverageSettings((name, "Main")),
        "lists": CoverageSettings(lists={"dnc-2": (name,)}),
        "except": CoverageSettings(exceptions={name: "TICKET-1"}),
    }[where]
    found = judge_coverage(reading("1", "2"), settings, AT)
    assert [alarm.partition(";")[0] for alarm in alarms(found)] == [
        f"coverage names {name}, and no active outbound skill has this name or id"
    ]


def test_another_skill_behind_a_name_is_an_alarm_and_no_exception_until_the_file_changes():
    first = judged(exceptions={"Winback": "TICKET-88"})
    assert names(first.rows[0].uncovered) == ["Main"]
    other = (MAIN, replace(WINBACK, id="9"))
    second = judged(skills=other, exceptions={"Winback": "TICKET-88"}, bound=first.names)
    assert names(second.rows[0].uncovered) == ["Main", "Winback"]
    assert "coverage names Winback: that was skill 2, and is skill 9 now" in alarms(second)[-1]
    third = judged(skills=other, exceptions={"Winback": "TICKET-88"}, bound=second.names)
    assert alarms(third) == alarms(second)
    assert (is_worse(second, first), is_worse(third, second)) == (True, False)
    changed = judged(skills=other, exceptions={"Winback": "TICKET-88"})
    assert names(changed.rows[0].excepted) == ["Winback"]
    assert not any("names Winback" in alarm for alarm in alarms(changed))


def test_a_second_skill_of_an_excepted_name_is_not_excepted():
    first = judged(exceptions={"Winback": "TICKET-88"})
    twins = (*SKILLS, replace(WINBACK, id="9"))
    second = judged("1", skills=twins, exceptions={"Winback": "TICKET-88"}, bound=first.names)
    assert [skill.skill_id for skill in second.rows[0].uncovered] == ["9"]
    assert len(alarms(second)) == 1


def test_what_must_honour_a_list_is_the_old_skill_and_the_new():
    first = judge_coverage(reading(), CoverageSettings(("Winback",)), AT)
    renamed = (replace(WINBACK, name="Winback old"), replace(WINBACK, id="9"))
    second = judge_coverage(reading(skills=renamed), CoverageSettings(("Winback",)), AT, bound=first.names)
    assert [skill.skill_id for skill in second.rows[0].uncovered] == ["9", "2"]


def test_groups_that_no_list_is_and_that_skills_feed_are_named():
    fed = UnmappedGroup("7", "Default DNC", 1200, ("Main", "Desk"))
    theirs = UnmappedGroup("8", "Theirs", 3, ("Main",))
    found = said(judged("1", "2", skills=(MAIN, WINBACK), unmapped=(fed, theirs), elsewhere={"8"}))
    assert len(found) == 1
    assert "Default DNC (1,200 records) is no list of this tenant" in found[0][1]
    assert "opt-outs of Desk and Main land in it" in found[0][1]
    assert found[0][1].endswith('fix: dnc pull --group "Default DNC"')
    assert said(judged("1", "2", skills=(MAIN, WINBACK), unmapped=(replace(fed, contributing=()),))) == []


def test_worse_is_a_further_skill_or_one_that_runs_now():
    one, none, both = judged("1", "2"), judged(), judged("1")
    assert is_worse(both, one)
    assert is_worse(none, both)
    assert not is_worse(one, both)
    assert not is_worse(both, both)
    running = judged("1", skills=(MAIN, replace(WINBACK, is_running=True), DESK))
    assert is_worse(running, both)
    assert not is_worse(both, running)


def test_without_a_report_before_an_alarm_is_worse():
    assert is_worse(judged(), None)
    assert not is_worse(judged("1"), None)


def test_a_report_is_due_for_what_it_would_say_anew_not_for_a_campaign_that_ends():
    running = judged("1", skills=(MAIN, replace(WINBACK, is_running=True)))
    idle = judged("1", skills=(MAIN, WINBACK))
    assert is_changed(running, idle)
    assert not is_changed(idle, running)
    assert is_changed(judged("1", "2", skills=(MAIN, WINBACK)), idle)
    assert is_changed(idle, None)
    assert not is_changed(Coverage(), None)


def test_another_order_of_skills_is_the_same():
    twins = (*SKILLS, replace(WINBACK, id="9"))
    settings = CoverageSettings(("Main", "Winback"), exceptions={"Winback": "TICKET-88"})
    first, second = (judge_coverage(reading(skills=skills), settings, AT) for skills in (twins, twins[::-1]))
    assert first == second
    assert not is_changed(second, first)


def test_a_row_and_a_name_come_back_from_a_report_as_they_were():
    coverage = judged("1", exceptions={"Desk": "TICKET-9"})
    fields = {**coverage.to_json(), "coverage_names": coverage.names_to_json()}
    assert fields["coverage"][0]["uncovered"] == [
        {"skill_id": "2", "name": "Winback", "strategy": "Personal Connection", "running": False}
    ]
    assert fields["coverage"][0]["excepted"] == [{"skill_id": "3", "name": "Desk", "reference": "TICKET-9"}]
    assert coverage_from_json(fields) == coverage
    assert coverage_from_json({}) is None
    assert coverage_from_json({"coverage": [], "coverage_read_at": None}) is None


def test_what_was_assigned_is_missing_no_more():
    coverage = judged("1")
    assert coverage.missing == (
        Assignment("dnc-1", "Company DNC", "2", "Winback"),
        Assignment("dnc-2", "Two", "2", "Winback"),
    )
    after = judge_coverage(with_assigned(reading("1"), coverage.missing[:1]), CoverageSettings(), AT)
    assert after.missing == coverage.missing[1:]


def test_a_number_in_a_name_is_masked():
    called = replace(MAIN, name="Callback 2125550123")
    found = said(judged(skills=(called,)))
    assert not any("2125550123" in message for _, message in found)
    assert "Callback •••" in found[0][1]
