"""Who permitted what came off: as the report says where it does, else as the files said."""

from reconciler.audit.report import Report
from reconciler.use_cases.history.changes import authorizations_in

A, B = "+12125550101", "+12125550102"
RELEASED = {
    "list_id": "dnc-list-01", "phones": [A], "permission": "release", "file": "dnc-lists/off.yaml",
    "release": "CONSENT_GIVEN", "evidence": "FORM-1", "approved_by": "bob", "self_approved": False,
    "author": {"name": "Ann", "email": "ann@example.com", "how": "asserted"},
    "merge_request": {"reference": "sales/dnc!17", "approvers": ["bob", "carol"]},
}  # fmt: skip
LAPSED = {
    "list_id": "dnc-list-01", "phones": [A, B], "permission": "lapse", "file": "dnc-lists/main.yaml",
    "author": None, "merge_request": None,
}  # fmt: skip


def test_a_report_that_names_nobody_leaves_it_to_the_files():
    assert authorizations_in(Report({})) is None
    assert authorizations_in(Report({"actors": {"triggerer": {"login": "ann"}, "unknown": []}})) is None


def test_each_number_has_its_authorizations():
    told = authorizations_in(Report({"actors": {"exposing": [RELEASED, LAPSED]}}))
    assert told is not None
    release, lapse = told["dnc-list-01", A]
    assert (release.release, release.evidence, release.author) == ("CONSENT_GIVEN", "FORM-1", "Ann")
    assert release.merge_request is not None
    assert (release.approvers, release.merge_request.reference) == (("bob", "carol"), "sales/dnc!17")
    assert (release.is_approved, lapse.is_approved) == (True, False)
    assert told["dnc-list-01", B] == (lapse,)


def test_an_author_alone_has_not_approved():
    told = authorizations_in(Report({"actors": {"exposing": [{**RELEASED, "self_approved": True}]}}))
    assert told is not None
    assert [one.is_approved for one in told["dnc-list-01", A]] == [False]
