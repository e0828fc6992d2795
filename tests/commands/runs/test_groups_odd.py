"""Dialect `dnc-groups` against a CXone that is odd, fails in part, refuses, or is set up wrongly."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import LIST, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


UNSCRUBBED = (
    "list idle: the DNC group idle has no scrubbed skill, so it blocks no call; 1 outbound skill is running: "
    "Outbound"
)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[GroupsProject]:
    with grouped(tmp_path) as made:
        yield made


def messages(result, rule="CXONE-GROUP") -> list[str]:
    return [f["message"] for f in result.json["findings"] if f["rule"] == rule]


QUIRKS = {
    "the other name of the array": {"array": "dncGroupRecords"},
    "ids as text": {"ids_as_text": True},
    "phones as integers": {"phones_as_numbers": True},
    "everything wrapped": {"wrapping": "always"},
    "nothing wrapped": {"wrapping": "never"},
    "204 for nothing": {"no_content": True},
    "one record at a time": {"most_records": 1},
    "more is refused": {"most_records": 100, "refuses_more": True},
    "no totals": {"totals": False},
    "no records that are over": {"shows_over": False},
    "days": {"dates": "day"},
    "American days": {"dates": "american"},
    "a second post makes a second record": {"second_post": "duplicate"},
    "stored nationally": {"form": "national"},
    "a search of exact digits": {"exact_search": True},
    "no search": {"searches": False},
    "one record a post": {"most_posted": 1},
    "results in reverse": {"reversed_results": True},
    "results without numbers": {"bare_results": True},
    "errors in the header": {"errors_in_header": True},
    "the tenant in the access token": {"claim": "access_token"},
}


@pytest.mark.parametrize("name", QUIRKS)
def test_apply_converges_whatever_the_quirk(project, name):
    for quirk, value in QUIRKS[name].items():
        setattr(project.quirks, quirk, value)
    project.acts("add", C, expired="2026-12-01")
    project.list(entry(A, B), dated(C, until="2027-06-30"), dated(D, until="2026-12-10"))
    assert project.apply().outcomes == {"applied": 4}
    assert project.live() == {A: "", B: "", C: "2027-07-02", D: "2026-12-12"}
    assert project.plan("--detailed-exitcode").counts() == {"unchanged": 4}
    project.clock.move(days=2)
    project.list(
        entry(B),
        dated(C, until="2027-06-30"),
        dated(D, until="2026-12-10"),
        releases=[release(A, on="2026-11-24")],
    )
    if project.quirks.searches:
        assert project.apply().outcomes == {"applied": 1}
        assert set(project.live()) == {B, C, D}
        assert project.plan("--detailed-exitcode").counts() == {"unchanged": 3}
    else:
        project.apply(code=5)  # what cannot be looked up first does not come off
        assert set(project.live()) == {A, B, C, D}


@pytest.mark.parametrize("form", ["national", "international"])
def test_a_tenant_without_a_usable_token_claim_is_found_by_its_address(project, form):
    project.quirks.claim = "none"
    project.quirks.form = form
    project.tenant(apiUrl="${CXONE_URL}", numberForm=form)
    project.list(entry(A))
    project.apply()
    assert project.newest["target"]["organisation"] == "dnc-tests"
    assert project.plan("--detailed-exitcode").counts() == {"unchanged": 1}


def test_the_password_grant_by_either_way(project):
    project.tenant(clientId="dnc-tests", clientSecret="${CXONE_CLIENT_SECRET}")
    project.list(entry(A))
    for grant in ("basic", "form"):
        project.quirks.grant = grant
        project.plan()


def test_a_partial_failure_inside_a_200(project):
    project.quirks.fails = {B[2:]: "the number was refused"}
    project.list(entry(A, B))
    done = project.apply(code=8)
    assert done.outcomes == {"applied": 1, "rejected": 1}
    assert set(project.live()) == {A}
    assert [(f["phone"], f["message"]) for f in project.newest["failures"]] == [(B, "the number was refused")]
    assert project.newest["not_live"] == [{"list_id": LIST, "phones": [B]}]
    project.quirks.fails = {}
    assert project.apply().outcomes == {"applied": 1}


def test_a_success_that_stored_nothing(project):
    project.quirks.ignored = {B[2:]}
    project.list(entry(A, B))
    assert project.apply(code=8).outcomes == {"applied": 1, "rejected": 1}
    assert project.newest["not_live"] == [{"list_id": LIST, "phones": [B]}]


def test_results_that_do_not_add_up_are_settled_by_the_read_back(project):
    project.quirks.lost_results = 1
    project.list(entry(A, B))
    assert project.apply().outcomes == {"applied": 2}
    assert {chunk["verdict"] for chunk in project.newest["chunks"]} == {"ambiguous"}


def test_a_second_post_that_fails_leaves_the_old_end_and_says_so(project):
    project.quirks.second_post = "fail"
    project.list(dated(A, until="2027-06-30"))
    project.apply()
    project.list(dated(A, until="2027-12-31"))
    assert project.apply(code=8).outcomes == {"rejected": 1}
    assert project.live() == {A: "2027-07-02"}


def test_dates_that_cannot_be_read_are_weak_and_said(project):
    project.list(dated(A, until="2027-06-30"))
    project.apply()
    project.quirks.dates = "words"
    planned = project.plan()
    assert planned.counts() == {"update": 1}
    assert any("cannot be read" in said for said in messages(planned))


def removing(project) -> None:
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, on="2026-11-24")])


def test_a_tenant_that_cannot_expire_says_so_and_keeps_the_rest(project):
    project.quirks.deletes = False
    removing(project)
    project.apply(code=6)
    assert set(project.live()) == {A, B}
    assert [f["code"] for f in project.newest["failures"]] == ["UNSUPPORTED"]
    assert project.newest["kept"][0]["blocked_by"] == ["unsupported"]


@pytest.mark.parametrize("quirk", [{"expires": False}, {"expire": "new-record"}], ids=str)
def test_an_expiry_that_did_nothing_is_no_success_and_not_ordered_again(project, quirk):
    for name, value in quirk.items():
        setattr(project.quirks, name, value)
    removing(project)
    done = project.run("apply")
    assert done.code == 8
    assert "in CXone" in project.newest["failures"][0]["message"]
    assert project.newest["failures"][0]["code"] == "NOT_EXPIRED"
    assert A in project.live()
    stored = len(project.records())
    for _ in range(2):
        project.apply()  # known and unchanged
        assert (project.sent("DELETE"), len(project.records())) == (1, stored)
        assert project.newest["failures"][0]["code"] == "NOT_EXPIRED"
    if "expires" in quirk:  # a person can order it once more
        project.quirks.expires = True
        project.apply("--allow-removals", "1")
        assert set(project.live()) == {B}


def test_a_search_that_finds_nothing_removes_nothing_and_says_so(project):
    project.quirks.search = "blind"
    removing(project)
    done = project.run("apply")
    assert done.code == 8
    assert "a search does not find it, so nothing was sent" in done.out
    assert project.newest["failures"][0]["code"] == "NOT_FOUND_BY_SEARCH"
    assert project.newest["failures"][0]["outcome"] == "rejected"
    assert (set(project.live()), project.sent("DELETE")) == ({A, B}, 0)
    assert project.newest["read_back"]["rows"] == 2
    assert project.newest["read_back"]["removals_seen"] is None
    planned = project.plan()
    assert planned.changes == [("delete", "exposing", "released", [A], [])]
    assert planned.drift == []
    project.quirks.search = "wants-body"
    assert project.apply().outcomes == {"applied": 1}
    assert set(project.live()) == {B}


@pytest.mark.parametrize("hours", [-10, 5])
@pytest.mark.parametrize("dates", ["time", "day"])
def test_a_shown_day_that_is_shifted_converges(project, hours, dates):
    project.quirks.shift_hours, project.quirks.dates = hours, dates
    project.list(dated(A, until="2027-06-30"), entry(B))
    assert project.apply().outcomes == {"applied": 2}
    assert project.plan("--detailed-exitcode").counts() == {"unchanged": 2}
    assert project.apply().json["status"] == "in-sync"
    assert project.run("drift").code == 0


@pytest.mark.parametrize(("stored", "said"), [("international", "national"), ("national", "international")])
def test_the_wrong_form_stops_before_the_first_write(project, stored, said):
    project.quirks.form = stored
    project.quirks.exact_search = True
    for one in (A, B, C):
        project.acts("add", one)
    project.tenant(numberForm=said)
    project.list(entry(D))
    done = project.run("apply")
    assert done.code == 5
    assert f"`numberForm: {said}` is not how this tenant stores numbers" in done.err
    assert f"write `numberForm: {stored}`" in done.err
    assert project.sent() == 0
    project.tenant(numberForm=stored)
    assert project.apply().outcomes == {"applied": 1}


def test_what_passes_the_ceiling_is_left_out_with_the_count_and_the_rest_goes(project):
    with patch("reconciler.cxone.groups.group_read.CEILING", 3):
        project.list(entry(A, B))
        project.acts("add", C)
        project.apply()
        project.list(entry(A, B, D))
        planned = project.plan()
        assert planned.changes == [("create", "protective", "declared", [D], ["over-ceiling"])]
        assert planned.json["summary"]["create"] == 0
        (alarm,) = [f for f in planned.json["findings"] if f["severity"] == "alarm"]
        assert "3 records are there and 1 would be added: 4 of the 3" in alarm["message"]
        assert "Not added, and not protected" in project.run("plan").out
        before = project.sent()
        done = project.apply(code=8).json
        assert (done["status"], project.sent()) == ("partial", before)
        (failure,) = project.newest["failures"]
        assert (failure["phone"], failure["outcome"], failure["code"]) == (D, "not-attempted", "OVER_CEILING")
        assert project.run("drift").code == 3
        project.list(entry(A, B))
        assert project.plan().changes == []


def test_requests_of_persons_are_left_out_last_of_all(project):
    with patch("reconciler.cxone.groups.group_read.CEILING", 3):
        project.list(entry(A))
        project.apply()
        project.list(entry(A), entry(B, reason="COMPANY_POLICY"), entry(C), entry(D, reason="NATIONAL"))
        project.apply(code=8)
        assert {A, C} <= set(project.live())
        assert len(project.live()) == 3


def test_a_full_cxone_does_not_hold_back_what_makes_room(project):
    with patch("reconciler.cxone.groups.group_read.CEILING", 2):
        project.tenant(removal="expire")
        project.list(entry(A, B))
        project.apply()
        project.clock.move(days=1)
        project.list(entry(A, C), releases=[release(B, on="2026-11-24")])
        project.apply(code=8)
        assert B not in project.live()


def test_near_the_ceiling_is_said(project):
    with patch("reconciler.cxone.groups.group_read.CEILING", 2):
        project.list(entry(A, B))
        project.apply()
        assert any("records of the 2 that CXone takes" in said for said in messages(project.plan()))


def test_groups_that_protect_nobody_are_said(project):
    project.quirks.scrubs = False
    project.group("idle", active=False)
    project.list(entry(A))
    project.list(entry(B), name="idle", list_id="idle")
    plan = project.plan()
    assert messages(plan) == [
        "list idle: the DNC group idle is inactive: activate it in CXone, or it may block no call"
    ]
    assert [said.partition("; fix")[0] for said in messages(plan, "CXONE-COVERAGE")] == [UNSCRUBBED]
    assert UNSCRUBBED in project.run("apply").out


def test_a_list_without_a_group_names_those_that_there_are(project):
    project.list(entry(A), list_id="another", name="another")
    done = project.run("plan")
    assert done.code == 4
    assert f"list another: there is no DNC group another; there is {LIST}" in done.err


def test_groups_by_name_and_by_id(project):
    ours, theirs = project.group("Company DNC"), project.group("Other")
    project.tenant(listIds={LIST: "Company DNC", "second": str(theirs)})
    project.list(entry(A))
    project.list(entry(B), name="second", list_id="second")
    project.apply()
    assert (set(project.live("Company DNC")), set(project.live("Other"))) == ({A}, {B})
    assert project.newest["target"]["groups"] == {LIST: str(ours), "second": str(theirs)}


def test_a_list_that_moves_to_another_group_holds_nothing_there(project):
    other = project.group("Other")
    project.list(entry(A, B))
    project.apply()
    project.acts("add", A, list_id="Other")
    project.tenant(listIds={LIST: "Other"})
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, on="2026-11-24")])
    planned = project.run("plan")
    assert (
        f"list {LIST} was another group at the newest report: its numbers do not count as applied"
        in planned.err
    )
    assert project.plan().changes == [("create", "protective", "declared", [B], [])]
    assert project.plan().drift == [("unmanaged", [A])]
    project.apply()
    assert set(project.live("Other")) == {A, B}
    assert set(project.live()) == {A, B}
    assert project.newest["target"]["groups"] == {LIST: str(other)}
    assert project.plan("--detailed-exitcode").counts() == {"unchanged": 1, "unmanaged": 1}


def test_a_group_made_anew_under_the_old_name_is_another_one(project):
    project.list(entry(A, B))
    project.apply()
    store = project.sandbox.groups.store
    with store._transaction() as connection:
        connection.execute("UPDATE dnc_group SET removed = 1")
    project.group()
    planned = project.plan()
    assert planned.changes == [("create", "protective", "declared", [A, B], [])]
    assert planned.drift == []


def test_other_lists_stay_held_when_one_moves(project):
    project.group("second")
    project.group("Other")
    project.list(entry(A))
    project.list(entry(B, C), name="second", list_id="second")
    project.apply()
    project.tenant(listIds={LIST: "Other"})
    project.list(entry(B), name="second", list_id="second")
    assert project.plan(code=6).changes == [
        ("create", "protective", "declared", [A], []),
        ("delete", "exposing", "vanished", [C], ["no-release"]),
    ]


def test_a_wrong_secret_is_exit_5(project):
    project.list(entry(A))
    done = project.run("plan", CXONE_ACCESS_KEY_SECRET="another")
    assert done.code == 5
    assert "the sign-in was refused" in done.err
    assert project.apply(code=5, CXONE_ACCESS_KEY_SECRET="another").json["status"] == "failed"


def test_an_access_key_that_may_only_read(project):
    project.list(entry(A))
    assert project.plan(CXONE_ACCESS_KEY_ID="reader").counts() == {"create": 1}
    done = project.run("apply", CXONE_ACCESS_KEY_ID="reader")
    assert done.code == 5
    assert "role that may see and edit DNC groups" in done.err
