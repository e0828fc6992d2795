"""Sequences that once took a number off without a permission that fits, and others of their kinds."""

import json

import pytest

from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A = phone(1)
REST = [phone(n) for n in range(20, 50)]
TEXAN = "+15125550123"


def on_list(project: Project, *numbers: str, list_id: str = LIST) -> bool:
    return set(numbers) <= set(project.live(list_id))


def kept(project: Project) -> dict[str, list[str]]:
    """What the newest report keeps: number to what keeps it."""
    return {number: row["blocked_by"] for row in project.newest["kept"] for number in row["phones"]}


def texan(reason="STATE", **more):
    return entry(TEXAN, reason=reason, jurisdiction="US-TX", listedOn="2023-11-20", source="tx-list", **more)


# Kinds of claims.


@pytest.mark.parametrize(
    "after",
    [
        entry(TEXAN, policy="RELATIVE", requestedOn="2021-12-06", retention="P5Y", evidence="C-9"),
        entry(TEXAN, policy="NEVER", requestedOn="2026-11-20", evidence="C-9"),
        entry(TEXAN, reason="COMPANY_POLICY", policy="ABSOLUTE", expirationDate="2026-12-06"),
    ],
)
def test_a_registrys_entry_edited_into_a_companys_is_held(project: Project, after):
    """S1: dated beyond the registry's own date it counted as stronger, merged by itself, and lapsed."""
    state = texan(policy="ABSOLUTE", expirationDate="2026-12-05")
    project.list(state, entry(*REST))
    project.apply()
    assert project.live()[TEXAN] == "STATE NEVER"  # a registry's entry has no end on the wire either
    project.clock.move(days=1)
    project.list(after, entry(*REST))
    project.run("apply", "--yes")
    project.clock.move(days=30)
    project.run("apply", "--yes")
    assert on_list(project, TEXAN)
    assert kept(project)[TEXAN] == ["no-release"]


def test_consent_lets_no_registrys_number_off_that_was_edited_into_a_request(project: Project):
    """S1: NATIONAL to CUSTOMER_REQUESTED in place, then consent."""
    project.list(entry(A, reason="NATIONAL"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(A, requestedOn="2026-11-20", evidence="C-9"), entry(*REST))
    project.apply()
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    project.clock.move(days=2)
    project.list(entry(*REST), releases=[release(A, on="2026-11-26")])
    project.run("apply", "--yes")
    assert on_list(project, A)
    project.clock.move(days=1)
    removed = release(A, on="2026-11-27", reason="REGISTRY_REMOVED")
    project.list(entry(*REST), releases=[release(A, on="2026-11-26"), removed])
    project.apply()
    assert not on_list(project, A)


def test_a_registrys_claim_in_another_file_stands_in_for_no_request(project: Project):
    project.list(entry(A, requestedOn="2026-11-20", evidence="C-1"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST))
    project.list(entry(A, reason="NATIONAL"), name="registry")
    project.apply(code=6)
    project.clock.move(days=1)
    removed = release(A, on="2026-11-25", reason="REGISTRY_REMOVED")
    project.list(releases=[removed], name="registry")
    project.run("apply", "--yes")
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"


# Lapses over somebody else's entry.


def test_our_date_ends_no_entry_that_was_there_before(project: Project):
    """S2: the dialect does not tell the end of an agent's entry, so a shorter one of ours was equal."""
    project.list(entry(*REST))
    project.apply()
    project.agent("add", A, policy="ABSOLUTE")
    project.clock.move(days=1)
    project.list(
        entry(A, policy="ABSOLUTE", requestedOn="2021-11-20", expirationDate="2026-11-26", evidence="C-9"),
        entry(*REST),
    )
    project.apply()
    project.clock.move(days=10)
    planned = project.plan(code=6)
    assert [(c[0], c[4]) for c in planned.changes] == [("delete", ["later-opt-out"])]
    project.apply(code=6)
    assert on_list(project, A)
    ended = release(A, on=project.clock().date().isoformat(), reason="TERM_ENDED")
    project.list(entry(*REST), releases=[ended])
    project.clock.move(days=1)
    project.apply()
    assert not on_list(project, A)


def test_our_date_ends_no_entry_that_an_agent_modified_before_we_wrote_it_again(project: Project):
    project.list(dated(A, until="2026-12-05"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A, "COMPANY_POLICY", "ABSOLUTE")
    project.clock.move(days=1)
    project.list(dated(A, until="2026-12-05", reason="LOCAL"), entry(*REST))  # stronger: written over theirs
    project.apply()
    project.clock.move(days=20)
    project.run("apply", "--yes")
    assert on_list(project, A)


# Releases: older than the request, used, and about our claim only.


def test_a_release_from_before_the_request_does_not_fit(project: Project):
    """S5: a consent of 2020 let off a request of yesterday."""
    project.list(entry(A, requestedOn="2026-11-22", evidence="CALL-1"), entry(*REST))
    project.apply()
    project.list(entry(*REST), releases=[release(A, on="2020-01-01")])
    project.apply(code=6)
    assert on_list(project, A)
    assert kept(project)[A] == ["later-opt-out"]


def test_a_request_that_is_dated_back_does_not_make_an_older_release_fit(project: Project):
    project.list(entry(A, requestedOn="2026-11-22", evidence="CALL-1"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(A, requestedOn="2026-11-01", evidence="CALL-1"), entry(*REST))
    project.apply()
    project.list(entry(*REST), releases=[release(A, on="2026-11-10")])
    project.apply(code=6)
    assert on_list(project, A)


def test_a_late_consent_form_fits(project: Project):
    """Asked on 1 November, consented on paper on the 10th, both known on the 23rd: an honest flow."""
    project.list(entry(A, requestedOn="2026-11-01", evidence="CALL-1"), entry(*REST))
    project.apply()
    project.list(entry(*REST), releases=[release(A, on="2026-11-10")])
    project.apply()
    assert not on_list(project, A)


def test_a_used_release_never_works_again(project: Project):
    """S5: used once, tidied up, asked again, and the tidying reverted."""
    used = release(A, on="2026-11-23")
    project.list(entry(A, requestedOn="2026-11-20", evidence="CALL-1"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[used])
    project.apply()
    assert not on_list(project, A)
    project.list(entry(*REST))
    project.apply()
    project.clock.move(days=20)
    # Without a day, or with the old one: the release was used all the same.
    project.list(entry(A, requestedOn="2026-11-20", evidence="CALL-1"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[used])
    project.apply(code=6)
    assert on_list(project, A)
    project.list(entry(*REST), releases=[used, release(A, on="2026-11-24", evidence="FORM-9")])
    project.apply()  # another release, but from before the day on which the number came back
    assert on_list(project, A)
    assert "later-opt-out" in kept(project)[A]


def test_a_release_that_let_one_of_two_claims_go_is_used(project: Project):
    used = release(A, on="2026-11-23")
    project.list(entry(A), entry(*REST))
    project.list(entry(A), name="second")
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[used])
    project.list(entry(A, source="crm"), name="second")
    project.apply()
    project.clock.move(days=1)
    (project.folder / "dnc-lists/second.yaml").unlink()
    project.commit()
    project.run("apply", "--yes")
    assert on_list(project, A)


def test_entered_in_error_may_be_older_than_the_request_and_the_plan_says_so(project: Project):
    project.list(entry(A, requestedOn="2026-11-23", evidence="CALL-1"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(
        entry(A, requestedOn="2026-11-24", evidence="CALL-1"), entry(*REST)
    )  # asked again, they thought
    project.apply()
    project.list(entry(*REST), releases=[release(A, on="2026-11-23", reason="ENTERED_IN_ERROR")])
    planned = project.plan()
    assert [(c[0], c[2]) for c in planned.changes] == [("delete", "released")]
    assert any("ENTERED_IN_ERROR of 2026-11-23 is older" in f["message"] for f in planned.json["findings"])


@pytest.mark.parametrize(
    ("theirs", "ours", "why"),
    [
        ("UNKNOWN", "NATIONAL", "REGISTRY_REMOVED"),
        ("CUSTOMER_REQUESTED", "NATIONAL", "REGISTRY_REMOVED"),
        ("CUSTOMER_REQUESTED", "CUSTOMER_REQUESTED", "ENTERED_IN_ERROR"),
        ("COMPANY_POLICY", "STATE", "ENTERED_IN_ERROR"),
        ("UNKNOWN", "LOCAL", "ENTERED_IN_ERROR"),
    ],
)
def test_a_release_about_our_claim_ends_nobody_elses_opt_out(project: Project, theirs, ours, why):
    """S24: the claim ends, the entry stays, and a later consent lets it off."""
    project.list(entry(*REST))
    project.apply()
    project.agent("add", A, theirs)
    project.clock.move(days=1)
    more = {"jurisdiction": "US-TX"} if ours == "STATE" else {}
    project.list(entry(A, reason=ours, **more), entry(*REST))
    project.run("apply", "--yes")
    project.clock.move(days=8)
    project.list(entry(*REST), releases=[release(A, on="2026-12-02", reason=why)])
    project.apply(code=6)
    assert on_list(project, A)
    assert kept(project)[A] == ["later-opt-out"]
    project.clock.move(days=2)
    project.apply()  # the same again: known, and nothing new
    assert kept(project)[A] == ["later-opt-out"]
    consent = release(A, on="2026-12-04")
    project.list(entry(*REST), releases=[release(A, on="2026-12-02", reason=why), consent])
    project.apply()
    assert not on_list(project, A)


def test_a_registry_takes_off_what_stood_in_cxone_as_its_own(project: Project):
    """An honest onboarding: the registry's numbers are in CXone already, the files adopt them."""
    project.list(entry(*REST))
    project.apply()
    project.agent("add", A, "NATIONAL")
    project.list(entry(A, reason="NATIONAL"), entry(*REST))
    project.apply()
    project.clock.move(days=8)
    project.list(entry(*REST), releases=[release(A, on="2026-12-01", reason="REGISTRY_REMOVED")])
    project.apply()
    assert not on_list(project, A)


@pytest.mark.parametrize("reason", ["NATIONAL", "STATE"])
def test_a_registrys_entry_that_nobody_claims_is_not_consented_away(project: Project, reason):
    """S25: our request was written over a script's NATIONAL, and a consent took both off."""
    project.list(entry(*REST))
    project.apply()
    project.agent("add", A, reason)
    project.apply("--attest")  # a reading that shows it: without one our entry goes before the read
    project.clock.move(days=1)
    project.list(entry(A, requestedOn="2026-11-24", evidence="CALL-1"), entry(*REST))
    done = project.apply()
    assert any(f["rule"] == "CXONE-REGISTRY" for f in done.json["findings"])
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    assert kept(project)[A] == ["no-release"]
    project.clock.move(days=3)
    project.list(entry(*REST), releases=[release(A, on="2026-11-27")])
    project.run("apply", "--yes")
    assert project.live()[A].startswith(reason)


def test_a_states_entry_of_ours_does_not_stand_in_for_a_national_one(project: Project):
    """What a run saw is kept although somebody else removes it, and the state's word does not end it."""
    project.agent("add", TEXAN, "NATIONAL")
    project.list(texan(), entry(*REST))
    done = project.apply()
    assert any(f["rule"] == "CXONE-REGISTRY" for f in done.json["findings"])
    assert kept(project)[TEXAN] == ["no-release"]
    project.agent("remove", TEXAN)
    project.apply()
    assert project.live()[TEXAN] == "NATIONAL NEVER"
    project.clock.move(days=10)
    project.list(entry(*REST), releases=[release(TEXAN, on="2026-12-03", reason="REGISTRY_REMOVED")])
    project.run("apply", "--yes")
    assert project.live()[TEXAN] == "NATIONAL NEVER"
    project.clock.move(days=3)
    again = release(TEXAN, on="2026-12-06", reason="REGISTRY_REMOVED", evidence="FORM-3")
    project.list(entry(*REST), releases=[again])
    project.run("apply", "--yes")
    assert not on_list(project, TEXAN)


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_a_registrys_twin_of_our_entry_is_not_consented_away(project: Project, first):
    """S25: CXone has the number twice, a STATE and a request; a consent took both off."""
    asked = entry(A, requestedOn="2026-11-20", evidence="C-1")
    project.list(*([asked] if first == "ours" else []), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("add", A, "STATE")
    if first == "theirs":
        project.agent("add", A)
    project.apply("--attest")
    project.clock.move(days=1)
    project.list(asked, entry(*REST))
    project.apply()
    assert kept(project)[A] == ["no-release"]
    project.clock.move(days=3)
    project.list(entry(*REST), releases=[release(A, on="2026-11-27")])
    project.run("apply", "--yes")
    assert project.live()[A] == "STATE NEVER"
    assert kept(project)[A] == ["release-does-not-fit"]


# MOVED.


@pytest.mark.parametrize(
    ("goes", "comes"),
    [
        (entry(A, reason="NATIONAL"), dated(A, until="2026-11-25")),
        (entry(A, reason="NATIONAL"), entry(A, requestedOn="2026-11-20", evidence="C-1")),
        (entry(A), dated(A, until="2030-01-01", reason="CUSTOMER_REQUESTED")),
    ],
)
def test_moved_launders_no_entry(project: Project, goes, comes):
    """S6: MOVED took a NATIONAL off for a claim that ended the day after."""
    project.list(goes, entry(*REST))
    project.apply()
    project.list(entry(*REST), releases=[release(A, reason="MOVED", to="other")])
    project.list(comes, name="other", list_id="other")
    project.run("apply", "--yes")
    assert on_list(project, A)
    project.clock.move(days=10)
    project.run("apply", "--yes")
    assert on_list(project, A)


def test_moved_needs_a_claim_and_no_agents_entry(project: Project):
    project.list(entry(A), entry(*REST))
    project.list(entry(phone(2)), name="other", list_id="other")
    project.apply()
    project.agent("add", A, "CUSTOMER_REQUESTED", list_id="other")
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[release(A, on="2026-11-24", reason="MOVED", to="other")])
    project.apply(code=6)
    assert on_list(project, A)


# Where a chain begins.


@pytest.mark.parametrize("change", ["path", "branch", "tenant"])
def test_a_later_opt_out_outlives_the_name_of_the_chain(project: Project, change):
    """S12: under a new name of path, branch or tenant the agent's touch was older than "first held"."""
    project.list(dated(A, until="2026-12-10"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A, "COMPANY_POLICY", "ABSOLUTE")
    project.clock.move(days=1)
    tenant = "production"
    if change == "tenant":
        tenant = "renamed"
        project.configure(
            lambda c: (
                c["tenants"].update(renamed=c["tenants"].pop("production")),
                c.update(defaultTenant="renamed"),
            )
        )
    else:
        project.configure(lambda c: c.update(audit={change: "audit-2"}))
    project.apply("--tenant", tenant)
    project.clock.move(days=30)
    project.run("apply", "--yes", "--tenant", tenant)
    assert on_list(project, A)


def test_another_spelling_of_the_address_is_the_same_chain(project: Project):
    """S12: 127.0.0.1 respelled as localhost forgot an agent's touch."""
    project.list(dated(A, until="2026-12-10"), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A, "COMPANY_POLICY", "ABSOLUTE")
    project.clock.move(days=1)
    project.environ["CXONE_BASE_URL"] = project.url.replace("127.0.0.1", "localhost") + "/"
    assert project.plan().json["held_revision"] == project.newest["revision"]
    project.clock.move(days=30)
    project.run("apply", "--yes")
    assert on_list(project, A)


def test_a_chain_that_begins_has_the_least_budget_for_seven_days(project: Project):
    many = [phone(n) for n in range(100, 800)]
    project.list(entry(*many))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(*many[7:]), releases=[release(*many[:7], on="2026-11-25")])
    assert [c[4] for c in project.plan(code=6).changes] == [["budget"]]
    project.apply(code=6)
    project.clock.move(days=6)
    project.apply()
    assert not on_list(project, many[0])


# Holds.


def hold(project: Project, *numbers: str, commit=True, **more: object) -> None:
    said = {"phones": list(numbers)} if numbers else {"all": True}
    content = {"holds": [{"matter": "LIT-7", "from": "2026-11-20", **said, **more}], "listId": LIST}
    project.write("dnc-lists/hold.yaml", json.dumps(content))
    if commit:
        project.commit()


@pytest.mark.parametrize("how", ["deleted", "renamed", "narrowed", "ended", "shortened", "moved"])
def test_a_hold_that_goes_holds_for_a_day_and_is_said(project: Project, how):
    """S14, S26: hold and release in one merge request took the number off, without a word of the hold."""
    hold(project, A, phone(2), until="2027-06-30", commit=False)
    project.list(entry(A, phone(2)), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    place = project.folder / "dnc-lists/hold.yaml"
    match how:
        case "deleted":
            place.unlink()
        case "renamed":
            place.rename(place.with_suffix(".yaml.bak"))
        case "narrowed":
            hold(project, phone(2), until="2027-06-30", commit=False)
        case "ended":
            hold(project, A, phone(2), until="2026-11-22", commit=False)
        case "shortened":
            hold(project, A, phone(2), until="2026-11-24", commit=False)
        case "moved":
            hold(project, phone(3), phone(2), until="2027-06-30", commit=False)
    project.list(entry(phone(2)), entry(*REST), releases=[release(A, on="2026-11-24")])
    planned = project.plan(code=6)
    said = [f["message"] for f in planned.json["findings"] if f["rule"] == "HOLD-01"]
    assert len(said) == 1
    assert "LIT-7" in said[0]
    project.apply(code=6)
    assert on_list(project, A)
    project.clock.move(hours=23)
    project.run("apply", "--yes")
    assert on_list(project, A)
    project.clock.move(hours=2)
    project.apply()
    assert not on_list(project, A)


def test_a_hold_that_reaches_its_end_simply_ends(project: Project):
    hold(project, A, until="2026-11-24", commit=False)
    project.list(entry(A), entry(*REST))
    project.apply()
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[release(A, on="2026-11-24")])
    project.apply(code=6)
    project.clock.move(days=2)
    planned = project.plan()
    assert [f for f in planned.json["findings"] if f["rule"] == "HOLD-01"] == []
    project.apply()
    assert not on_list(project, A)


# What nobody can look up any more.


def test_a_rewritten_history_that_was_accepted_keeps_nobody_for_ever(project: Project):
    project.list(entry(A), entry(*REST))
    project.apply()
    project.git("commit", "-q", "--amend", "-m", "another")
    project.git("push", "-qf", "origin", "main")
    project.run("apply", "--yes", "--accept-history")
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[release(A, on="2026-11-24")])
    job = project.clone("job")  # has no commit of before
    assert [(c[0], c[2]) for c in job.plan().changes] == [("delete", "released")]
    job.apply()
    assert not on_list(project, A)


def test_a_lapsed_line_that_was_left_to_people_and_stays_in_its_file_comes_off(project: Project):
    project.tenant(removal="none")
    project.list(dated(A, until="2026-11-26"), entry(*REST))
    project.apply()
    project.clock.move(days=10)
    project.list(dated(A, until="2026-11-26"), entry(*REST, phone(60)))
    project.apply()
    assert kept(project)[A] == ["unsupported"]
    project.tenant(removal="delete")
    project.apply()
    assert not on_list(project, A)
