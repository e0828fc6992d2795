"""What time and changed rules bring: deadlines, alarms, holds, and stricter rules over what stands."""

import json

import pytest

from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

A, B, C, D = "+12125550101", "+12125550102", "+12125550103", "+12125550104"


def asked(number: str, on: str, **more: str) -> dict:
    return entry(number, requestedOn=on, evidence="CALL-1", **more)


def alarms(document: dict) -> list[str]:
    return [f["rule"] for f in document["findings"] if f["severity"] == "alarm"]


def rule(name: str, condition: dict, **more: object) -> dict:
    """Make a rule that a company's own counsel adopted."""
    return {
        "id": name,
        "jurisdiction": None,
        "statement": "A rule of this company.",
        "meaning": "It is strict.",
        "basis": "policy",
        "severity": "error",
        "effectiveFrom": "2020-01-01",
        "effectiveTo": None,
        "confidence": "H",
        "adoptedBy": "counsel",
        "adoptedOn": "2026-11-23",
        "reviewDue": "2030-01-01",
        "example": {
            "passes": {"phone": A, "reasonCode": "STATE", "expirationPolicy": "NEVER"},
            "fails": {"phone": A, "reasonCode": "LOCAL", "expirationPolicy": "NEVER"},
        },
        **condition,
        **more,
    }


NO_LOCAL = {
    "properties": {"reasonCode": {"not": {"const": "LOCAL"}, "says": "LOCAL is not used here: use STATE"}}
}


def adopt(project: Project, *rules: dict, name="house") -> None:
    content = {"title": "House rules", "allOf": list(rules)}
    project.write(f"schema/regulations/{name}.json", json.dumps(content))


def test_requests_wait_by_their_deadline(project: Project):
    # Monday 2026-11-23: B's ten business days are over, C's target is, D asked today.
    project.list(asked(D, "2026-11-23"), asked(C, "2026-11-18"), asked(B, "2026-11-02"), entry(A))
    plan = project.plan().json
    assert [c["phones"] for c in plan["changes"]] == [[B], [C], [D], [A]]
    assert [(r["phones"], r["past"], r["due"]) for r in plan["requests"]] == [
        ([B], True, "2026-11-16"),
        ([C], False, "2026-12-02"),
    ]
    assert alarms(plan) == ["US-FED-05", "US-FED-05"]
    drift = project.run("drift", "--format", "json")
    assert drift.code == 3
    assert [r["phones"] for r in drift.json["requests"]] == [[B], [C]]
    done = project.apply()
    assert done.code == 0
    told = project.newest["requests"]
    assert told["days"] == {"p50": 5, "p95": 21, "max": 21}
    assert [(late["phones"], late["days_late"]) for late in told["late"]] == [([B], 7)]
    assert told["open"] == []
    assert project.newest["alarms"] == []
    after = project.run("drift", "--format", "json")
    assert (after.code, after.json["requests"], alarms(after.json)) == (0, [], [])


def test_what_is_late_is_never_called_a_breach(project: Project):
    project.list(asked(B, "2026-11-02"))
    for command in ("plan", "drift", "apply"):
        told = project.run(command, "--format", "json")
        assert not {"breach", "violation", "illegal"} & set(told.out.lower().replace('"', " ").split())


def test_a_request_that_stays_open_is_in_the_report(project: Project):
    project.list(asked(B, "2026-11-02"))
    project.sandbox.conduct.refused = {B: "NOT_NOW"}
    project.apply(code=8)
    assert [r["phones"] for r in project.newest["requests"]["open"]] == [[B]]
    assert [a["rule"] for a in project.newest["alarms"]] == ["US-FED-05"]


def test_what_was_live_at_first_sight_took_no_time(project: Project):
    project.agent("add", B)
    project.list(asked(B, "2026-11-02"))
    assert project.plan().json["requests"] == []
    project.apply()
    assert project.newest["requests"]["late"] == []


def test_a_new_rule_says_what_it_means_and_holds_nothing_up(project: Project):
    project.list(entry(A, B, reason="LOCAL"), entry(C, reason="STATE", jurisdiction="US-TX"))
    project.apply()
    project.git("checkout", "-qb", "rules")
    adopt(project, rule("HOUSE-01", NO_LOCAL))
    project.list(entry(A, B, reason="LOCAL"), entry(C, D, reason="STATE", jurisdiction="US-TX"), commit=False)
    project.commit(push=False)
    made = project.plan("--onto", "origin/main").json
    assert any(
        f["message"].startswith("HOUSE-01 would refuse 2 entries that are on main") for f in made["findings"]
    )
    assert "HOUSE-01" in alarms(made)
    assert project.run("validate").code == 0
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "rules")
    project.git("push", "-q", "origin", "main")
    project.apply()
    assert set(project.live()) == {A, B, C, D}
    assert "HOUSE-01" in [a["rule"] for a in project.newest["alarms"]]
    assert project.run("drift").code == 3


def test_what_a_rule_refuses_and_nobody_applied_is_an_error(project: Project):
    adopt(project, rule("HOUSE-01", NO_LOCAL))
    project.list(entry(A, reason="LOCAL"))
    assert project.run("validate").code == 4
    done = project.run("apply", "--format", "json")
    assert done.code == 8
    assert project.live() == {}
    assert "HOUSE-01" in {f["rule"] for f in done.json["findings"] if f["severity"] == "error"}


def test_a_number_added_to_what_stood_is_no_excuse(project: Project):
    project.list(entry(A, reason="LOCAL"))
    project.apply()
    adopt(project, rule("HOUSE-01", NO_LOCAL))
    project.list(entry(A, B, reason="LOCAL"))
    assert project.run("validate").code == 4
    assert project.run("apply").code == 8
    assert set(project.live()) == {A}
    project.list(entry(A, reason="LOCAL"), entry(B, reason="STATE", jurisdiction="US-TX"))
    project.apply()
    assert set(project.live()) == {A, B}


def test_a_loosened_rule_says_whom_it_frees(project: Project):
    adopt(project, rule("HOUSE-01", {"properties": {"reasonCode": {"const": "STATE", "says": "use STATE"}}}))
    project.list(entry(A, B, reason="STATE", jurisdiction="US-TX"))
    project.apply()
    project.git("checkout", "-qb", "rules")
    adopt(project, rule("HOUSE-01", NO_LOCAL, severity="warning"))
    project.commit(push=False)
    said = [f["message"] for f in project.plan("--onto", "origin/main").json["findings"]]
    assert "HOUSE-01 becomes a warning: 2 entries are no longer held to it" in said


def test_a_rule_past_its_review_is_an_alarm(project: Project):
    adopt(project, rule("HOUSE-01", NO_LOCAL, reviewDue="2026-11-01"))
    project.list(entry(A, evidence="CALL-1", requestedOn="2026-11-23"))
    done = project.apply()
    assert alarms(done.json) == ["HOUSE-01"]
    assert "schema/regulations/house.json: alarm: was to be reviewed" in project.run("validate").out
    assert project.run("drift").code == 3


@pytest.mark.parametrize(("retrieved", "says"), [("2026-10-23", "alarm"), ("2026-11-01", "")])
def test_a_registry_copy_that_ages_is_an_alarm_and_stops_nothing(project: Project, retrieved, says):
    registry = {"name": "FTC", "retrievedAt": retrieved, "sha256": "0" * 64, "areaCodes": ["212"]}
    content = {"listId": LIST, "registry": registry, "entries": [entry(A, reason="NATIONAL")]}
    project.write("dnc-lists/main.yaml", json.dumps(content))
    project.commit()
    done = project.apply()
    assert set(project.live()) == {A}
    assert ("OPS-FRESH-01" in alarms(done.json)) is bool(says)
    assert project.run("drift").code == (3 if says else 0)


@pytest.mark.parametrize(
    "named", [{"phones": [A]}, {"listId": LIST}, {"all": True}], ids=lambda n: next(iter(n))
)
def test_a_hold_keeps_what_it_names(project: Project, named):
    project.configure(lambda c: c["safety"].update(maxRemovalPercent=100))
    project.list(entry(A), entry(B))
    project.apply()
    project.clock.move(days=1)
    hold = [{"matter": "M-7", "from": "2026-11-23", **named}]
    content = {"listId": LIST, "entries": [entry(B)], "releases": [release(A)], "holds": hold}
    project.write("dnc-lists/main.yaml", json.dumps(content))
    project.commit()
    assert project.apply(code=6).json["changes"][0]["blocked_by"] == ["hold"]
    assert set(project.live()) == {A, B}
    assert project.apply().json["outcomes"] == {}
    content.pop("holds")
    project.write("dnc-lists/main.yaml", json.dumps(content))
    project.commit()
    project.apply()  # a report says that the hold is gone; a day later it no longer holds
    assert set(project.live()) == {A, B}
    project.clock.move(hours=25)
    project.apply()
    assert set(project.live()) == {B}


def test_a_query_that_is_older_than_the_request_is_said(project: Project):
    project.configure(lambda c: c["safety"].update(maxRemovalPercent=100))
    project.list(asked(A, "2026-11-20"), entry(B))
    project.apply()
    old = {**release(A, on="2026-11-23", reason="NUMBER_REASSIGNED"), "evidence": "rnd:yes:2026-11-19"}
    project.list(entry(B), releases=[old])
    found = [f for f in project.plan().json["findings"] if f["rule"] == "OPS-DEL-01"]
    assert [f["severity"] for f in found] == ["warning"]
    assert "2026-11-20" in found[0]["message"]
    assert phone(1) not in found[0]["message"]
    old["evidence"] = "rnd:yes:2026-11-22"
    project.list(entry(B), releases=[old])
    assert not [f for f in project.plan().json["findings"] if f["rule"] == "OPS-DEL-01"]
