"""Dialect `dnc-groups` over real HTTP and git: the reconcile table, ends, and what may come off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import LIST, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
FOREVER = ""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[GroupsProject]:
    with grouped(tmp_path) as made:
        yield made


def rules(document) -> list[str]:
    """Which rules speak besides those of the files."""
    return sorted({f["rule"] for f in document["findings"] if not f["line"]})


def test_create_then_nothing(project):
    project.list(entry(A), dated(B, until="2027-06-30"))
    planned = project.plan()
    assert planned.changes == [
        ("create", "protective", "declared", [B], []),
        ("create", "protective", "declared", [A], []),
    ]
    assert [c["after"] for c in planned.json["changes"]] == [
        {"expiredDate": "2027-07-02", "end": "2027-06-30"},
        {},
    ]
    shown = project.run("plan").out
    assert "1 number, until 2027-06-30 (new)" in shown
    assert "1 number, without end (new)" in shown
    assert project.apply().outcomes == {"applied": 2}
    assert project.live() == {A: FOREVER, B: "2027-07-02"}
    assert project.plan("--detailed-exitcode").counts() == {"unchanged": 2}
    assert project.apply().json["status"] == "in-sync"
    assert project.sent() == 1
    assert project.newest["target"] == {
        "dialect": "dnc-groups",
        "organisation": "sandbox",
        "host": project.url.removeprefix("http://"),
        "groups": {LIST: str(project.records()[0].group)},
    }


def test_two_lists_are_two_requests(project):
    project.group("second")
    project.list(entry(A, B))
    project.list(entry(B, C), name="second", list_id="second")
    assert project.plan().json["cost"]["requests"] == 2 + 3 + 5  # writes, read-back, skills
    project.apply()
    assert [chunk["size"] for chunk in project.newest["chunks"]] == [2, 2]
    assert set(project.live()) == {A, B}
    assert set(project.live("second")) == {B, C}


def test_only_the_end_is_compared(project):
    project.list(entry(A, reason="COMPANY_POLICY"), dated(B))
    project.apply()
    project.list(entry(A, reason="CUSTOMER_REQUESTED"), dated(B, reason="LOCAL"))
    assert project.plan().counts() == {"unchanged": 2}


def test_what_this_cxone_never_learns_is_said_once_a_list(project):
    project.list(entry(A), dated(B))
    said = [f for f in project.plan().json["findings"] if f["rule"] == "CXONE-CARRIES"]
    assert len(said) == 1
    assert said[0]["severity"] == "warning"
    assert (
        f"list {LIST}: of its terms expirationPolicy, reasonCode, source live only in git"
        in said[0]["message"]
    )


def test_a_later_end_is_an_update_and_an_earlier_one_needs_a_release(project):
    project.list(dated(A, until="2027-06-30"))
    project.apply()
    project.list(dated(A, until="2027-12-31"))
    planned = project.plan()
    assert planned.changes == [("update", "protective", "strengthened", [A], [])]
    assert "end 2027-06-30 → 2027-12-31" in project.run("plan").out
    project.apply()
    assert project.live() == {A: "2028-01-02"}
    project.list(dated(A, until="2027-03-31"))
    assert project.plan(code=6).changes == [("update", "exposing", "vanished", [A], ["no-release"])]
    project.clock.move(days=3)
    project.list(dated(A, until="2027-03-31"), releases=[release(A, on="2026-11-25")])
    assert project.plan().changes == [("update", "exposing", "released", [A], [])]
    project.apply()
    assert project.live() == {A: "2027-04-02"}
    assert project.plan().changes == []


def test_a_term_that_is_over_takes_its_record_with_it(project):
    project.list(dated(A, until="2026-12-10"), entry(B))
    project.apply()
    project.clock.move(days=19)
    assert set(project.live()) == {B}
    assert project.plan().counts() == {"unchanged": 1}
    assert project.apply().json["status"] == "in-sync"
    assert project.sent("DELETE") == 0


def test_an_agents_number_is_an_opt_out(project):
    project.list(entry(A))
    project.apply()
    project.acts("add", B)
    planned = project.plan()
    assert (planned.changes, planned.drift) == ([], [("unmanaged", [B])])
    project.apply()
    assert set(project.live()) == {A, B}
    assert project.run("drift").code == 3


def test_what_an_agent_expired_comes_back_loudly(project):
    project.list(entry(A, B))
    project.apply()
    project.acts("expire", A)
    planned = project.plan()
    assert planned.changes == [("create", "protective", "restored", [A], [])]
    assert planned.drift == [("removed", [A])]
    project.apply()
    assert project.live() == {A: FOREVER, B: FOREVER}


def test_a_record_that_lasts_longer_is_kept(project):
    project.acts("add", A)
    project.list(dated(A))
    planned = project.plan()
    assert (planned.changes, planned.drift) == ([], [("strengthened", [A])])


def released(project) -> None:
    """Hold two numbers, then let one go."""
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, on="2026-11-24")])


def test_a_release_expires_the_record_and_says_what_that_does_not_do(project):
    released(project)
    planned = project.plan()
    assert planned.changes == [("delete", "exposing", "released", [A], [])]
    assert "CXONE-REMOVAL" in rules(planned.json)
    assert planned.json["cost"]["requests"] == 3 + 2 + 3  # removal, read-back, skills
    assert "not retroactive" in project.run("plan").out
    done = project.run("apply")
    assert done.code == 0
    assert "not retroactive" in done.out
    assert "after the read-back: 1 removed, each looked up again" in done.out
    read_back = project.newest["read_back"]
    assert (read_back["rows"], read_back["entries"], read_back["removals_seen"]) == (2, 2, True)
    assert set(project.live()) == {B}
    assert [r.phone for r in project.records()] == [A[2:], B[2:]]
    assert "not retroactive" in project.newest["safety"]["removal_note"]
    assert "not retroactive" in project.run("audit", "show").out
    again = project.plan()
    assert again.changes == []
    assert "CXONE-REMOVAL" not in rules(again.json)


def test_without_removal_people_expire_it(project):
    project.tenant(removal="none")
    released(project)
    planned = project.plan()
    assert planned.counts() == {"by_hand": 1, "unchanged": 1}
    assert "CXONE-REMOVAL" in rules(planned.json)
    assert project.apply().json["status"] == "in-sync"
    assert set(project.live()) == {A, B}
    assert "not retroactive" in project.newest["safety"]["removal_note"]


def test_a_line_that_vanishes_changes_nothing(project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B))
    assert project.plan(code=6).changes == [("delete", "exposing", "vanished", [A], ["no-release"])]
    project.apply(code=6)
    assert set(project.live()) == {A, B}


def test_a_later_opt_out_wins(project):
    released(project)
    project.acts("add", A)
    assert project.plan(code=6).changes == [("delete", "exposing", "vanished", [A], ["later-opt-out"])]
    project.apply(code=6)
    assert set(project.live()) == {A, B}


def test_an_opt_out_between_read_back_and_removal_wins(project, monkeypatch):
    released(project)
    project.quirks.second_post = "update"
    project.on_read[2] = lambda: project.acts("add", A)
    project.list(entry(B, C), releases=[release(A, on="2026-11-24")])
    project.apply(code=6)
    assert set(project.live()) == {A, B, C}


def test_a_list_is_never_emptied_and_the_budget_holds(project):
    many = [phone(n) for n in range(12)]
    project.list(entry(*many))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(*many[6:]), releases=[release(*many[:6], on="2026-11-24")])
    planned = project.plan(code=6)
    assert planned.changes[0][4] == ["budget"]
    project.apply("--allow-removals", "6")
    assert set(project.live()) == set(many[6:])
    assert project.newest["overrides"]["allow_removals"] == 6


def test_the_chain_is_proven(project):
    released(project)
    project.apply()
    shown = project.run("audit", "show")
    assert "report 2 of production: complete" in shown.out
    assert project.run("audit", "verify").code == 0
    assert project.run("audit", "list").out.count("complete") == 2


def test_the_built_in_cxone_speaks_it(project):
    project.list(entry(A))
    assert project.run("apply", "--tenant", "toy").code == 0
    assert project.run("plan", "--tenant", "toy", "--detailed-exitcode").code == 0
    assert project.live() == {}
