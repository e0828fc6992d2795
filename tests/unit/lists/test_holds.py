"""Holds, releases for reassigned numbers, and rules that are past their review."""

from datetime import date

import pytest

from reconciler.core.model.entries import Hold
from reconciler.core.model.finding import Severity
from reconciler.rules.rule_set import load_rules, review_findings
from tests.unit.conftest import us

ENTRY = 'listId: a\nentries: [{phone: "+12125550101", reasonCode: LOCAL, expirationPolicy: NEVER}]\n'
RELEASE = 'phone: "+12125550101", releasedOn: 2026-11-20, reason: NUMBER_REASSIGNED'


def test_a_hold_names_numbers_a_list_or_everything(read):
    lists = read(
        ENTRY,
        'holds:\n  - {matter: M-1, from: 2026-11-02, phones: ["+12125550101"], until: 2026-12-31}\n'
        "  - {matter: M-2, from: 2026-11-02, listId: a}\n  - {matter: M-3, from: 2026-11-02, all: true}\n",
    )
    since = date(2026, 11, 2)
    assert lists.findings == ()
    assert lists.declared_entries.list_ids == {"a"}
    assert lists.declared_entries.holds == (
        Hold("M-1", since, date(2026, 12, 31), frozenset({"+12125550101"})),
        Hold("M-2", since, list_id="a"),
        Hold("M-3", since, everything=True),
    )


def test_a_hold_may_stand_beside_entries(read):
    lists = read(ENTRY + "holds: [{matter: M-1, from: 2026-11-02, listId: a}]\n")
    assert (lists.findings, len(lists.declared_entries.holds), lists.number_count) == ((), 1, 1)


def test_a_hold_that_is_wrong_about_its_end_goes_on(read):
    lists = read(ENTRY + "holds: [{matter: M-1, from: 2026-11-02, until: soon, listId: a}]\n")
    assert [f.rule for f in lists.findings] == ["LIST-01"]
    assert lists.declared_entries.holds == (Hold("M-1", date(2026, 11, 2), list_id="a"),)


def test_a_hold_of_a_list_that_no_file_has_is_odd(read):
    (finding,) = read(ENTRY, "holds: [{matter: M-1, from: 2026-11-02, listId: b}]\n").findings
    assert (finding.rule, finding.severity, finding.file) == ("LIST-08", Severity.WARNING, "b.yaml")


def test_a_file_needs_its_list_id_for_entries_and_releases(read):
    text = "holds: [{matter: M-1, from: 2026-11-02, all: true}]\nreleases: []\n"
    assert [f.message for f in read(text).findings] == ["listId is missing: write it"]


@pytest.mark.parametrize(
    ("evidence", "found"),
    [
        ("rnd:yes:2026-11-03", ""),
        ("rnd:yes:2026-11-02", "queried no later than the person asked"),
        ("rnd:yes:2026-02-30", "does not exist"),
        ("rnd:no:2026-11-03", "without an answer"),
        ("FORM-221", "without an answer"),
    ],
)
def test_a_reassigned_number_wants_an_answer_of_the_database(read, evidence, found):
    request = ENTRY.replace("LOCAL", "COMPANY_POLICY").replace("NEVER", "NEVER, requestedOn: 2026-11-02")
    findings = read(request, f"listId: a\nreleases: [{{{RELEASE}, evidence: '{evidence}'}}]\n").findings
    assert [(f.file, f.rule, f.severity) for f in findings] == [
        ("b.yaml", "OPS-DEL-01", Severity.WARNING)
    ] * bool(found)
    assert all(found in f.message for f in findings)


def test_a_query_is_held_against_the_request_of_its_own_list_only(read):
    request = ENTRY.replace("listId: a", "listId: b").replace("NEVER", "NEVER, requestedOn: 2026-11-02")
    release = f"listId: a\nreleases: [{{{RELEASE}, evidence: rnd:yes:2026-11-01}}]\n"
    assert read(request, release).findings == ()


def test_a_rule_past_its_review_is_an_alarm():
    rules = load_rules(us("US-FED-01", reviewDue="2026-11-22"))
    (finding,) = review_findings(rules, date(2026, 11, 23))
    assert (finding.rule, finding.file, finding.severity) == (
        "US-FED-01",
        "schema/regulations/us.json",
        Severity.ALARM,
    )
    assert review_findings(rules, date(2026, 11, 22)) == ()
    assert "US-REV-04" in {f.rule for f in review_findings(rules, date(2027, 2, 1))}
