"""Who may come off, and who stays: permissions, and what takes them away."""

import pytest

from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
COMPANY = ("CONSENT_GIVEN", "NUMBER_REASSIGNED", "ENTERED_IN_ERROR")
REGISTRY = ("REGISTRY_REMOVED", "ENTERED_IN_ERROR")


def blocked(number: str, *why: str, action="delete"):
    return [(action, "exposing", "vanished", [number], list(why))]


def test_a_vanished_line_is_kept_and_said_once(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C))
    planned = project.plan(code=6)
    assert planned.changes == [("create", "protective", "declared", [C], []), *blocked(A, "no-release")]
    assert planned.counts() == {"create": 1, "unchanged": 1, "blocked": 1}
    assert "restore the line, or add a release" in project.run("plan").out

    project.apply(code=6)
    assert set(project.live()) == {A, B, C}
    (kept,) = project.newest["kept"]
    assert (kept["list_id"], kept["phones"], kept["blocked_by"]) == (LIST, [A], ["no-release"])

    assert project.plan().changes == blocked(A, "no-release")
    project.apply()
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert set(project.live()) == {A, B, C}


def test_a_kept_number_comes_back_when_cxone_loses_it(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B))
    project.apply(code=6)
    project.agent("remove", A)
    planned = project.plan()
    assert ("create", "protective", "restored", [A], []) in planned.changes
    assert planned.drift == [("removed", [A])]
    project.apply()
    assert set(project.live()) == {A, B}


def test_the_line_restored(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B))
    project.apply(code=6)
    project.list(entry(A, B))
    assert project.plan().counts() == {"unchanged": 2}
    project.apply()
    assert project.newest["kept"] == []


def test_a_release_added_later(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B))
    project.apply(code=6)
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, on="2026-11-25")])
    assert project.plan().changes == [("delete", "exposing", "released", [A], [])]
    project.apply()
    assert set(project.live()) == {B}
    assert project.newest["kept"] == []


def test_which_release_fits(project: Project):
    project.configure(lambda c: c["safety"].update(maxRemovalPercent=100))
    reasons = ("CUSTOMER_REQUESTED", "COMPANY_POLICY", "LOCAL", "UNKNOWN", "NATIONAL", "STATE")
    given = (*COMPANY, "REGISTRY_REMOVED")
    numbers = {(r, g): phone(place) for place, (r, g) in enumerate((r, g) for r in reasons for g in given)}
    project.list(*(entry(number, reason=reason) for (reason, _), number in numbers.items()))
    project.apply()
    project.clock.move(days=8)  # a chain that begins has the least budget
    releases = [release(number, reason=why, on="2026-12-01") for (_, why), number in numbers.items()]
    project.list(releases=releases)
    assert project.run("validate").code == 0
    fitting = {
        n for (r, g), n in numbers.items() if g in (REGISTRY if r in {"NATIONAL", "STATE"} else COMPANY)
    }
    goes, stays = set(), set()
    for action, direction, reason, phones, why in project.plan(code=6).changes:
        assert (action, direction) == ("delete", "exposing")
        if why:
            assert (reason, why) == ("vanished", ["release-does-not-fit"])
            stays.update(phones)
        else:
            assert reason == "released"
            goes.update(phones)
    assert goes == fitting
    assert stays == set(numbers.values()) - fitting


def test_a_release_beside_a_standing_claim_is_spent(project: Project):
    project.list(entry(A, B), releases=[release(A)])
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A)])
    assert project.plan(code=6).changes == blocked(A, "no-release")
    project.list(entry(B), releases=[release(A), release(A, on="2026-11-25")])
    assert project.plan().changes == [("delete", "exposing", "released", [A], [])]


def test_a_number_that_was_added_again_needs_a_new_release(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    project.apply()
    assert set(project.live()) == {B}
    project.clock.move(days=1)
    project.list(entry(A, B), releases=[release(A)])
    assert project.plan().changes == [("create", "protective", "declared", [A], [])]
    project.apply()
    project.list(entry(B), releases=[release(A)])
    assert project.plan(code=6).changes == blocked(A, "no-release")
    project.apply(code=6)
    assert project.plan().changes == blocked(A, "no-release")
    assert set(project.live()) == {A, B}


def test_a_release_that_came_before_the_number_is_not_spent_by_itself(project: Project):
    """A release that stood alone, and not beside a claim, at the held revision has not been used up."""
    project.list(entry(B), releases=[release(A)])
    project.apply()
    project.list(entry(A, B), releases=[release(A)])
    project.apply()
    project.clock.move(days=1)
    project.list(entry(B), releases=[release(A)])
    assert project.plan(code=6).changes == blocked(A, "no-release")


@pytest.mark.parametrize(("hours", "opted_out"), [(21, False), (23, True), (40, True)])
def test_a_touch_since_the_first_moment_of_the_day_is_a_later_opt_out(project: Project, hours, opted_out):
    """2026-11-25 begins on 2026-11-24 at 10:00 UTC, at UTC+14."""
    project.list(entry(A, B))
    project.apply()
    project.clock.move(hours=hours)
    project.agent("modify", A)
    project.clock.move(hours=60 - hours)
    project.list(entry(B), releases=[release(A, on="2026-11-25")])
    planned = project.plan(code=6 if opted_out else 0)
    if opted_out:
        assert planned.changes == blocked(A, "later-opt-out")
    else:
        assert planned.changes == [("delete", "exposing", "released", [A], [])]
    project.apply(code=6 if opted_out else 0)
    assert (A in project.live()) is opted_out


def test_a_newer_release_answers_a_later_opt_out(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.agent("modify", A)
    project.list(entry(B), releases=[release(A, on="2026-11-25")])
    project.apply(code=6)
    project.clock.move(days=3)
    project.list(entry(B), releases=[release(A, on="2026-11-25"), release(A, on="2026-11-28")])
    assert project.plan().changes == [("delete", "exposing", "released", [A], [])]
    project.apply()
    assert set(project.live()) == {B}


def test_our_own_write_is_no_touch(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    assert project.plan().changes == [("delete", "exposing", "released", [A], [])]


def test_a_touch_on_the_day_that_we_wrote_is_theirs(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(minutes=5)
    project.agent("modify", A)
    project.list(entry(B), releases=[release(A)])
    assert project.plan(code=6).changes == blocked(A, "later-opt-out")


def test_our_write_over_their_touch_does_not_hide_it(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(minutes=5)
    project.agent("modify", A, "UNKNOWN")
    project.clock.move(minutes=5)
    project.apply()
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    project.list(entry(B), releases=[release(A)])
    assert project.plan(code=6).changes == blocked(A, "later-opt-out")


@pytest.mark.parametrize("modified", [None, "", "yesterday", "2026-11-23"])
def test_no_usable_time_counts_as_touched(project: Project, modified):
    project.list(entry(A, B))
    project.apply()
    project.agent("modify", A, modified=modified)
    project.list(entry(B), releases=[release(A)])
    assert project.plan(code=6).changes == blocked(A, "later-opt-out")


def test_stronger_live_than_held_is_a_later_opt_out(project: Project):
    project.list(dated(A), entry(B))
    project.apply()
    project.agent("modify", A, modified="2026-01-01T00:00:00.000Z")
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, on="2026-11-25")])
    planned = project.plan(code=6)
    assert planned.changes == blocked(A, "later-opt-out")
    assert planned.drift == [("strengthened", [A])]
    project.apply(code=6)
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"


def test_a_lapse_is_stopped_by_a_touch_since_it_was_held(project: Project):
    project.list(entry(A), dated(B, C, until="2026-11-30"))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", B, "COMPANY_POLICY", "ABSOLUTE")
    project.clock.move(days=20)
    assert project.plan(code=6).changes == [
        ("delete", "exposing", "lapsed", [C], []),
        *blocked(B, "later-opt-out"),
    ]
    project.apply(code=6)
    assert set(project.live()) == {A, B}
    project.apply()
    assert set(project.live()) == {A, B}
