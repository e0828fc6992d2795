"""Every row of the reconcile table, over real HTTP and git."""

import pytest

from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


def test_create_then_nothing(project: Project):
    revision = project.list(entry(A, B))
    planned = project.plan()
    assert planned.changes == [("create", "protective", "declared", [A, B], [])]
    document = planned.json
    assert document["format_version"] == "1.0"
    assert (document["tenant"], document["revision"], document["held_revision"]) == (
        "production",
        revision,
        None,
    )
    assert (document["applyable"], document["complete"], document["errored"]) == (True, True, False)
    assert document["changes"][0]["before"] is None
    assert document["changes"][0]["after"] == {
        "reasonCode": "CUSTOMER_REQUESTED",
        "expirationPolicy": "NEVER",
        "source": "dnc",
    }
    assert document["as_of"] == "2026-11-23"
    assert document["live"] | {"read_at": ""} == {"entries": 0, "unreadable": 0, "foreign": 0, "read_at": ""}
    assert document["cost"]["requests"] == 2
    assert document["digest"].startswith("sha256:")

    done = project.apply()
    assert done.outcomes == {"applied": 2}
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER", B: "CUSTOMER_REQUESTED NEVER"}

    again = project.plan("--detailed-exitcode")
    assert again.changes == []
    assert again.counts() == {"unchanged": 2}
    assert again.json["held_revision"] == revision
    assert again.json["applyable"] is False
    assert project.apply().json["status"] == "in-sync"


def test_live_already(project: Project):
    project.agent("add", A)
    project.list(entry(A))
    assert project.plan().counts() == {"unchanged": 1}


@pytest.mark.parametrize("terms", [("UNKNOWN", "NEVER"), ("CUSTOMER_REQUESTED", "ABSOLUTE")])
def test_weaker_live_is_updated(project: Project, terms):
    project.agent("add", A, *terms)
    project.list(entry(A))
    planned = project.plan()
    assert planned.changes == [("update", "protective", "declared", [A], [])]
    assert planned.json["changes"][0]["before"] == {"reasonCode": terms[0], "expirationPolicy": terms[1]}
    project.apply()
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER"}


def test_equal_but_different_is_corrected(project: Project):
    project.agent("add", A, "COMPANY_POLICY", "RELATIVE")
    project.list(dated(A))
    assert project.plan().changes == [("update", "protective", "corrected", [A], [])]
    project.apply()
    assert project.live() == {A: "COMPANY_POLICY ABSOLUTE"}


def test_the_files_hold_more_than_before(project: Project):
    project.list(dated(A))
    project.apply()
    project.list(entry(A))
    assert project.plan().changes == [("update", "protective", "strengthened", [A], [])]
    project.apply()
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER"}


def test_stronger_live_is_kept(project: Project):
    project.list(dated(A))
    project.apply()
    project.agent("modify", A)
    planned = project.plan()
    assert planned.changes == []
    assert planned.drift == [("strengthened", [A])]
    assert project.run("drift").code == 3
    project.apply()
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER"}


def test_stronger_live_of_what_was_never_held_is_kept(project: Project):
    project.agent("add", A)
    project.list(dated(A))
    assert (project.plan().changes, project.plan().drift) == ([], [("strengthened", [A])])


def test_taken_off_in_cxone_comes_back_loudly(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.agent("remove", A)
    planned = project.plan()
    assert planned.changes == [("create", "protective", "restored", [A], [])]
    assert planned.drift == [("removed", [A])]
    assert "! dnc-list-01: 1 number removed" in project.run("plan").out
    project.apply()
    assert set(project.live()) == {A, B}
    assert project.newest["restored"] == [{"list_id": LIST, "phones": [A]}]


def test_weakened_in_cxone_comes_back(project: Project):
    project.list(entry(A))
    project.apply()
    project.agent("modify", A, "UNKNOWN", "ABSOLUTE")
    assert project.plan().changes == [("update", "protective", "restored", [A], [])]
    project.apply()
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER"}


def test_a_release_takes_a_number_off(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, on="2026-11-25")])
    planned = project.plan()
    assert planned.changes == [("delete", "exposing", "released", [A], [])]
    assert planned.json["changes"][0]["before"] == {
        "reasonCode": "CUSTOMER_REQUESTED",
        "expirationPolicy": "NEVER",
    }
    assert planned.json["changes"][0]["after"] is None
    done = project.apply()
    assert done.outcomes == {"applied": 1}
    assert set(project.live()) == {B}
    assert project.newest["removed"] == {LIST: 1}
    assert project.plan().changes == []


def test_a_release_while_a_claim_stands_changes_nothing(project: Project):
    project.list(entry(A))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(A), releases=[release(A, on="2026-11-25")])
    assert project.plan().counts() == {"unchanged": 1}


def test_a_term_that_is_over_comes_off(project: Project):
    project.list(entry(A), dated(B, until="2026-11-30"))
    project.apply()
    project.clock.move(days=7, hours=23)  # 2026-12-01, 11:00 UTC: still November at UTC-12
    assert project.plan().changes == []
    project.clock.move(hours=2)
    assert project.plan().changes == [("delete", "exposing", "lapsed", [B], [])]
    project.apply()
    assert set(project.live()) == {A}


def test_a_term_that_was_over_before_it_was_held_is_never_live(project: Project):
    project.list(entry(A), dated(B, until="2026-11-20"))
    assert project.plan().changes == [("create", "protective", "declared", [A], [])]


def test_a_line_of_a_lapsed_claim_may_vanish_with_it(project: Project):
    project.list(entry(A), dated(B, until="2026-11-30"))
    project.apply()
    project.clock.move(days=20)
    project.list(entry(A))
    assert project.plan().changes == [("delete", "exposing", "lapsed", [B], [])]


def test_unmanaged_is_never_touched(project: Project):
    project.agent("add", C)
    project.list(entry(A))
    planned = project.plan()
    assert planned.drift == [("unmanaged", [C])]
    assert planned.counts() == {"create": 1, "unmanaged": 1}
    project.apply()
    project.clock.move(days=2)
    project.list(entry(A), releases=[release(C, on="2026-11-25")])
    assert project.plan().changes == []
    project.apply()
    assert set(project.live()) == {A, C}


def test_foreign_and_unreadable_are_counted_and_left_alone(project: Project):
    project.agent("add", C, list_id="sales")
    project.agent("add", "212-555-0100")
    project.agent("add", "+1212555\u0660\u0661\u0660\u0660")
    project.list(entry(A))
    planned = project.plan()
    live = planned.json["live"]
    assert (live["entries"], live["unreadable"], live["foreign"]) == (3, 2, 1)
    assert planned.changes == [("create", "protective", "declared", [A], [])]
    project.apply()
    assert len(project.sandbox.entries()) == 4
    assert project.run("drift").code == 0


def test_two_lists_are_two_keys(project: Project):
    project.list(entry(A, B))
    project.list(dated(A), name="second", list_id="second")
    project.apply()
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER", B: "CUSTOMER_REQUESTED NEVER"}
    assert project.live("second") == {A: "COMPANY_POLICY ABSOLUTE"}
    project.clock.move(days=2)
    project.list(dated(B), name="second", list_id="second", releases=[release(A, on="2026-11-25")])
    project.apply()
    assert set(project.live("second")) == {B}
    assert set(project.live()) == {A, B}


def test_list_ids_of_the_tenant(project: Project):
    project.tenant(listIds={LIST: "Tenant's own"})
    project.list(entry(A))
    project.apply()
    assert project.live("Tenant's own") == {A: "CUSTOMER_REQUESTED NEVER"}
    assert project.plan().counts() == {"unchanged": 1}


def test_a_list_that_only_held_names_is_still_ours(project: Project):
    project.list(entry(A))
    project.apply()
    project.git("rm", "-q", "dnc-lists/main.yaml")
    project.commit()
    assert project.plan(code=6).changes == [("delete", "exposing", "vanished", [A], ["no-release"])]
