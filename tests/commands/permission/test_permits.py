"""Who permitted what came off: as the report says where it does, else as the files said."""

from reconciler.audit.report import Report
from reconciler.use_cases.history.changes import permits_told

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
    assert permits_told(Report({})) is None
    assert permits_told(Report({"actors": {"triggerer": {"login": "ann"}, "unknown": []}})) is None


def test_each_number_has_its_permits():
    told = permits_told(Report({"actors": {"exposing": [RELEASED, LAPSED]}}))
    assert told is not None
    release, lapse = told["dnc-list-01", A]
    assert (release.reason, release.evidence, release.author) == ("CONSENT_GIVEN", "FORM-1", "Ann")
    assert (release.approved_by, release.merge_request) == (("bob", "carol"), "sales/dnc!17")
    assert (release.approved, lapse.approved) == (True, False)
    assert told["dnc-list-01", B] == (lapse,)


def test_an_author_alone_has_not_approved():
    told = permits_told(Report({"actors": {"exposing": [{**RELEASED, "self_approved": True}]}}))
    assert told is not None
    assert [permit.approved for permit in told["dnc-list-01", A]] == [False]
