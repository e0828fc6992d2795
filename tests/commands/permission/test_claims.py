"""Claims that get weaker, end, move, or stand in several files."""

import pytest

from tests.commands.permission.test_permission import blocked
from tests.support.project import Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


@pytest.mark.parametrize(
    "weaker", [dated(A, reason="COMPANY_POLICY"), entry(A, reason="COMPANY_POLICY")], ids=["end", "reason"]
)
def test_weaker_terms_need_a_release(project: Project, weaker):
    project.list(entry(A))
    project.apply()
    project.clock.move(days=2)
    project.list(weaker)
    assert project.plan(code=6).changes == blocked(A, "no-release", action="update")
    project.apply(code=6)
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER"}
    project.apply()

    project.list(weaker, entry(B), releases=[release(A, on="2026-11-25")])
    assert project.plan().changes == [
        ("create", "protective", "declared", [B], []),
        ("update", "exposing", "released", [A], []),
    ]
    project.apply()
    assert project.live()[A] == f"COMPANY_POLICY {weaker['expirationPolicy']}"
    assert project.plan().changes == []
    assert project.newest["kept"] == []


def test_an_end_moved_earlier_is_no_lapse(project: Project):
    project.list(entry(A), dated(B, until="2027-06-30"))
    project.apply()
    project.list(entry(A), dated(B, until="2026-12-31"))
    assert project.plan(code=6).changes == blocked(B, "no-release", action="update")
    project.apply(code=6)
    project.clock.move(days=60)  # after the new end, before the held one
    assert project.plan().changes == blocked(B, "no-release")
    project.apply()
    assert set(project.live()) == {A, B}
    project.clock.move(days=200)  # after the held one
    assert project.plan().changes == [("delete", "exposing", "lapsed", [B], [])]
    project.apply()
    assert set(project.live()) == {A}


def test_an_end_moved_into_the_past_is_no_lapse(project: Project):
    project.list(entry(A), dated(B, until="2027-06-30"))
    project.apply()
    project.list(entry(A), dated(B, until="2026-11-01"))
    assert project.plan(code=6).changes == blocked(B, "no-release")


def test_two_files_claim_one_number(project: Project):
    project.list(entry(A))
    project.list(entry(A, B), name="second")
    project.apply()
    project.list(entry(B), name="second")
    assert project.plan().counts() == {"unchanged": 2}
    project.apply()
    project.list(entry(C))
    assert project.plan(code=6).changes == [
        ("create", "protective", "declared", [C], []),
        *blocked(A, "no-release"),
    ]


def test_each_claim_ends_for_itself(project: Project):
    project.list(entry(A), entry(B, reason="COMPANY_POLICY"))
    project.list(dated(A, B, until="2026-11-30"), name="second")
    project.apply()
    project.clock.move(days=20)
    assert project.plan().counts() == {"unchanged": 2}
    project.apply()
    project.list(entry(A), releases=[release(B, on="2026-12-13")])
    assert project.plan().changes == [("delete", "exposing", "released", [B], [])]


def test_the_stronger_of_two_claims_needs_a_release_to_go(project: Project):
    project.list(entry(A, B))
    project.list(dated(A), name="second")
    project.apply()
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    project.clock.move(days=2)
    project.list(entry(B))
    assert project.plan(code=6).changes == blocked(A, "no-release", action="update")
    project.list(entry(B), releases=[release(A, on="2026-11-25")])
    assert project.plan().changes == [("update", "exposing", "released", [A], [])]
    project.apply()
    assert project.live()[A] == "COMPANY_POLICY ABSOLUTE"


def test_a_line_moves_from_file_to_file(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(A), name="second", commit=False)
    project.list(entry(B))
    assert project.plan().counts() == {"unchanged": 2}


def test_moved_to_another_list(project: Project):
    project.list(entry(A, B))
    project.list(entry(C), name="second", list_id="second")
    project.apply()
    project.list(entry(A, C), name="second", list_id="second", commit=False)
    project.list(entry(B), releases=[release(A, reason="MOVED", to="second")])
    assert project.plan().changes == [
        ("create", "protective", "declared", [A], []),
        ("delete", "exposing", "released", [A], []),
    ]
    project.apply()
    assert set(project.live()) == {B}
    assert set(project.live("second")) == {A, C}
    kinds = [a.kind for a in project.sandbox.requests.list_requests()]
    assert kinds[-1] == "delete"
    assert kinds[-2] == "read"


def test_moved_and_not_taken_there(project: Project):
    project.list(entry(A, B))
    project.list(entry(C), name="second", list_id="second")
    project.apply()
    project.sandbox.conduct.refused = {A: "INVALID_ENTRY"}
    project.list(entry(A, C), name="second", list_id="second", commit=False)
    project.list(entry(B), releases=[release(A, reason="MOVED", to="second")])
    project.apply(code=8)
    assert set(project.live()) == {A, B}
    assert project.asked("delete") == 0
    project.sandbox.conduct.refused = {}
    project.apply()
    assert set(project.live()) == {B}
    assert set(project.live("second")) == {A, C}


def test_moved_to_where_it_is_not(project: Project):
    project.list(entry(A, B))
    project.list(entry(C), name="second", list_id="second")
    project.apply()
    project.list(entry(B), releases=[release(A, reason="MOVED", to="second")])
    assert project.plan(code=6).changes == blocked(A, "release-does-not-fit")
    project.apply(code=6)
    assert set(project.live()) == {A, B}


def test_a_registry_never_lapses(project: Project):
    project.list(entry(A), dated(B, C, until="2026-11-30", reason="STATE"))
    project.apply()
    project.clock.move(days=40)
    assert project.plan().counts() == {"unchanged": 3}
    project.list(entry(A), dated(C, until="2026-11-30", reason="STATE"))
    assert project.plan(code=6).changes == blocked(B, "no-release")
    project.list(
        entry(A),
        dated(C, until="2026-11-30", reason="STATE"),
        releases=[release(B, on="2027-01-02", reason="REGISTRY_REMOVED")],
    )
    assert project.plan().changes == [("delete", "exposing", "released", [B], [])]
