"""From files to claims and releases."""

from datetime import date

import pytest

from reconciler.core.model.entries import Policy, ReasonCode, Release, ReleaseReason, Terms

ONE = """
listId: dnc-list-01
defaults: {reasonCode: CUSTOMER_REQUESTED, expirationPolicy: NEVER, source: compliance-db, retention: P5Y}
entries:
  - {phone: "+12125550101", requestedOn: 2026-11-02, evidence: CALL-1}
  - {phone: "+12125550102", requestedOn: 2026-11-02, evidence: CALL-2}
  - {phone: "+14165550103", expirationPolicy: RELATIVE, requestedOn: 2024-02-29, source: web, evidence: A}
  - {phones: ["+12125550104", "+12125550105"], reasonCode: STATE, jurisdiction: US-IN}
"""
RELEASES = """
listId: dnc-list-01
defaults: {evidence: NOT-OF-RELEASES}
releases:
  - {phones: ["+12125550101", "+12125550102"], releasedOn: 2026-11-20, reason: CONSENT_GIVEN, evidence: F-1}
  - {phone: "+12125550101", releasedOn: 2026-11-21, reason: MOVED, to: other, evidence: F-2}
"""


def test_claims_are_numbers_with_their_terms(read):
    lists = read(ONE)
    asked = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER, None, date(2026, 11, 2), "compliance-db")
    relative = Terms(
        ReasonCode.CUSTOMER_REQUESTED, Policy.RELATIVE, date(2029, 3, 1), date(2024, 2, 29), "web"
    )
    state = Terms(ReasonCode.STATE, Policy.NEVER, None, None, "compliance-db", "US-IN")
    (file,) = lists.declared_entries.files
    assert (file.path, file.list_id, lists.number_count, lists.findings) == ("a.yaml", "dnc-list-01", 5, ())
    assert list(file.numbers.items()) == [
        ("+12125550101", asked),
        ("+12125550102", asked),
        ("+14165550103", relative),
        ("+12125550104", state),
        ("+12125550105", state),
    ]
    assert file.distinct == {asked, relative, state}


def test_equal_terms_of_all_files_are_one_object(read):
    first, second = read(ONE, ONE).declared_entries.files
    assert {id(terms) for terms in first.numbers.values()} == {id(terms) for terms in second.numbers.values()}
    assert len({id(terms) for terms in first.numbers.values()}) == 3


def test_the_source_is_dnc_where_nothing_is_written(read):
    text = 'listId: a\nentries: [{phone: "+12125550101", reasonCode: LOCAL, expirationPolicy: NEVER}]'
    assert read(text).declared_entries.files[0].numbers["+12125550101"].source == "dnc"


def test_releases_are_by_list_and_number(read):
    claims = read(RELEASES).declared_entries
    consent = Release("dnc-list-01", "+12125550101", date(2026, 11, 20), ReleaseReason.CONSENT_GIVEN, "F-1")
    moved = Release("dnc-list-01", "+12125550101", date(2026, 11, 21), ReleaseReason.MOVED, "F-2", "other")
    assert claims.releases["dnc-list-01", "+12125550101"] == (consent, moved)
    assert len(claims.releases["dnc-list-01", "+12125550102"]) == 1
    assert claims.list_ids == {"dnc-list-01"}
    assert claims.files == ()


def test_one_number_in_two_files_is_two_claims(read):
    lists = read(ONE, ONE)
    assert (lists.findings, lists.number_count) == ((), 10)


def test_findings_of_all_files_come_in_one_run_by_file_and_line(read):
    bad = 'listId: a\nentries:\n  - {phone: "+1"}\nunknown: x\n'
    found = read(bad, "a: [", bad).findings
    assert [(f.file, f.line) for f in found] == sorted((f.file, f.line) for f in found)
    assert {f.file for f in found} == {"a.yaml", "b.yaml", "c.yaml"}


def test_a_wrong_number_is_no_claim_and_the_others_are(read):
    text = (
        "listId: a\ndefaults: {reasonCode: LOCAL, expirationPolicy: NEVER}\n"
        'entries:\n  - phones: ["+12125550101", "x", "+12125550102"]\n'
        '  - {phone: "+12125550103", reasonCode: ANGRY}\n'
    )
    lists = read(text)
    assert list(lists.declared_entries.files[0].numbers) == ["+12125550101", "+12125550102"]
    assert [(f.line, f.rule) for f in lists.findings] == [(4, "NUM-01"), (5, "LIST-01")]


def test_a_twin_is_found_beside_an_entry_whose_terms_do_not_hold(read):
    text = (
        "listId: a\nentries:\n"
        '  - {phone: "+12125550101", reasonCode: LOCAL, expirationPolicy: NEVER}\n'
        '  - {phone: "+12125550101", reasonCode: LOCAL, expirationPolicy: ABSOLUTE}\n'
    )
    assert [(f.line, f.rule) for f in read(text).findings] == [(4, "LIST-06"), (4, "LIST-03")]


def test_claims_whose_term_is_over_are_read(read):
    text = (
        "listId: a\nentries:\n"
        '  - {phone: "+12125550101", reasonCode: LOCAL,\n'
        "     expirationPolicy: ABSOLUTE, expirationDate: 2020-01-01}\n"
    )
    lists = read(text)
    assert (lists.number_count, lists.findings) == (1, ())
    assert not lists.declared_entries.active_on(date(2026, 11, 23)).files[0].numbers


def test_the_latest_date_that_people_may_write_is_given(read):
    text = (
        "listId: a\ndefaults: {reasonCode: LOCAL, expirationPolicy: NEVER}\n"
        'entries: [{phone: "+12125550101", requestedOn: %s}]'
    )
    assert read(text % "2026-11-24").findings == ()
    assert [f.rule for f in read(text % "2026-11-25").findings] == ["LIST-04"]


@pytest.mark.parametrize("form", ["  - {phone: %s}\n", "  - phones: [%s]\n"])
def test_no_finding_shows_a_whole_number(read, form):
    numbers = ["+12125550101", "2125550101", "+1 212 555 0101", "'+12125550101x'"]
    text = "listId: +12125550101\n+12125550101: a\nentries:\n" + "".join(form % n for n in numbers * 2)
    found = read(text).findings
    assert found
    for finding in found:
        assert "5550101" not in (finding.message + finding.path).replace(" ", "")
