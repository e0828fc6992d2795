"""A reviewer sees what authorizes a removal: reason, evidence, day and author, in every form of a plan."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.gitlab_api import serving
from tests.support.project import LIST, ROOT, Project, dated, entry, merge_request, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
MANY = [phone(100 + n) for n in range(60)]


def commit_as(project: Project, name: str, *, push=True) -> None:
    """Commit all that lies there as somebody."""
    project.git("add", "-A")
    project.git(
        "commit", "-qm", "a change", f"--author={name} <{name.partition(' ')[0].lower()}@example.com>"
    )
    if push:
        project.git("push", "-q", "origin", "HEAD")


def releases_file(project: Project, *releases, name="releases") -> None:
    project.write(
        f"dnc-lists/{name}.yaml", json.dumps({"listId": LIST, "releases": list(releases)}, indent=1)
    )


@pytest.fixture
def held(project: Project) -> Project:
    """A, B and many are live by files of Carl's."""
    project.list(entry(A, B, *MANY), commit=False)
    commit_as(project, "Carl Clerk")
    project.apply()
    project.list(entry(B, *MANY), commit=False)
    return project


def rows(document, action="delete") -> list[dict]:
    return [
        row
        for change in document["changes"]
        if change["action"] == action and change["direction"] == "exposing"
        for row in change["authorized_by"]
    ]


def forms(project: Project, folder: Path, **environ: str) -> dict[str, str]:
    """Plan a merge request, in each form that a reviewer may see."""
    files = {kind: folder / f"plan.{kind}" for kind in ("markdown", "html")}
    reports = [option for kind, file in files.items() for option in ("--report", f"{kind}={file}")]
    with serving() as api:
        api.merge_request["sha"] = project.head
        done = project.run("plan", "--note", *reports, **api.environ(**environ))
        note = api.bodies[0]
    plain = {kind: file.read_text() for kind, file in files.items()} | {"text": done.out, "note": note}
    return {kind: text.replace("\\", "") for kind, text in plain.items()}


@pytest.fixture(autouse=True)
def _fast(monkeypatch) -> None:
    monkeypatch.setattr("reconciler.gitlab.notes.SETTLE", (0.0, 0.0))


def test_every_form_of_a_merge_request_s_plan_has_the_release(held: Project, tmp_path):
    held.git("switch", "-qc", "work")
    releases_file(held, release(A, on="2026-11-23", evidence="FORM-77"))
    commit_as(held, "Ann Analyst")
    for kind, text in forms(held, tmp_path).items():
        assert "released: CONSENT_GIVEN, FORM-77, 2026-11-23, by Ann Analyst" in text, kind
        assert "Carl Clerk" not in text
    (row,) = rows(merge_request(held).json)
    assert {
        name: row[name] for name in ("permission", "release", "released_on", "evidence", "to", "file")
    } == {
        "permission": "release",
        "release": "CONSENT_GIVEN",
        "released_on": "2026-11-23",
        "evidence": "FORM-77",
        "to": None,
        "file": "dnc-lists/releases.yaml",
    }
    assert row["authors"] == [{"name": "Ann Analyst", "email": "ann@example.com", "how": "asserted"}]
    assert row["commits"] == [held.head]
    assert (row["author_unknown"], row["count"], row["phones"]) == (None, 1, [A])


def test_a_release_that_nobody_committed_has_no_author(held: Project):
    releases_file(held, release(A))
    said = held.run("plan").out
    assert (
        "released: CONSENT_GIVEN, FORM-221, 2026-11-23, by an unknown author (it is not committed yet)"
        in said
    )
    (row,) = rows(held.plan().json)
    assert (row["authors"], row["author_unknown"]) == ([], "it is not committed yet")


def test_only_an_exposing_change_has_the_key(held: Project):
    held.list(entry(A, B, C, *MANY))
    (change,) = held.plan().json["changes"]
    assert "authorized_by" not in change


def test_no_history_is_read_where_nothing_comes_off(held: Project, monkeypatch):
    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr("reconciler.git.repository.Repository.list_file_revisions", never)
    releases_file(held, release(D))
    held.list(entry(A, B, C, *MANY))
    assert held.plan().counts()["create"] == 1


def test_a_line_that_vanished_has_nothing_that_authorizes_it(held: Project):
    held.commit()
    (change,) = held.plan(code=6).json["changes"]
    assert (change["reason"], change["authorized_by"]) == ("vanished", [])


def test_a_lapse_says_which_term_ended_when(project: Project, tmp_path):
    project.list(dated(A, until="2026-11-30"), entry(B))
    project.apply()
    project.clock.move(days=10)
    said = "lapsed: the term of its COMPANY_POLICY entry (ABSOLUTE) ended on 2026-11-30"
    project.git("switch", "-qc", "work")
    project.commit()
    for kind, text in forms(project, tmp_path).items():
        assert said in text, kind
    (row,) = rows(project.plan().json)
    assert (row["permission"], row["ended_on"], row["file"]) == ("lapse", "2026-11-30", "dnc-lists/main.yaml")
    assert row["terms"]["reasonCode"] == "COMPANY_POLICY"


def test_moved_says_where_to(project: Project, tmp_path):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), commit=False)
    project.list(entry(A), name="other", list_id="dnc-list-02", commit=False)
    project.git("switch", "-qc", "work")
    releases_file(project, release(A, reason="MOVED", to="dnc-list-02", evidence="TICKET-4"))
    commit_as(project, "Ann Analyst")
    for kind, text in forms(project, tmp_path).items():
        assert "released: MOVED to dnc-list-02, TICKET-4, 2026-11-23, by Ann Analyst" in text, kind


def test_a_weakening_has_it_too(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(dated(A), entry(B), releases=[release(A)], commit=False)
    commit_as(project, "Ann Analyst")
    (row,) = rows(project.plan().json, "update")
    assert row["authors"][0]["name"] == "Ann Analyst"
    assert "released: CONSENT_GIVEN, FORM-221, 2026-11-23, by Ann Analyst" in project.run("plan").out


def test_what_a_guard_keeps_has_it_too(held: Project):
    held.list(entry(A, B), commit=False)
    releases_file(held, release(*MANY))
    commit_as(held, "Ann Analyst")
    (row,) = [r for r in rows(held.plan(code=6).json) if r["count"] == len(MANY)]
    assert row["evidence"] == "FORM-221"
    said = held.run("plan").out
    assert "budget: " in said
    assert "released: CONSENT_GIVEN, FORM-221, 2026-11-23, by Ann Analyst" in said


def test_a_release_that_waits_for_an_approval_is_there_to_be_approved(held: Project):
    held.configure(lambda c: c["safety"].update(approvals=1))
    releases_file(held, release(A, evidence="FORM-77"))
    commit_as(held, "Ann Analyst")
    assert rows(held.plan(code=6).json)[0]["evidence"] == "FORM-77"
    said = held.run("plan").out
    assert "release to approve: CONSENT_GIVEN, FORM-77, 2026-11-23, by Ann Analyst" in said


# Who brought it.


def test_a_number_that_somebody_added_later_has_its_own_author(held: Project):
    held.list(entry(*MANY), commit=False)
    releases_file(held, release(A))
    commit_as(held, "Ann Analyst")
    releases_file(held, release(A, B))
    commit_as(held, "Bob Builder")
    assert [(row["phones"], row["authors"][0]["name"]) for row in rows(held.plan().json)] == [
        ([A], "Ann Analyst"),
        ([B], "Bob Builder"),
    ]


def test_whoever_changes_the_evidence_brings_another_release(held: Project):
    for name, evidence in (("Ann Analyst", "FORM-1"), ("Bob Builder", "FORM-2")):
        releases_file(held, release(A, evidence=evidence))
        commit_as(held, name)
    assert "FORM-2, 2026-11-23, by Bob Builder" in held.run("plan").out


def test_whoever_moves_it_to_another_file_did_not_bring_it(held: Project):
    releases_file(held, release(A), release(D))
    commit_as(held, "Ann Analyst")
    releases_file(held, release(D))
    releases_file(held, release(A), name="releases/2026")
    commit_as(held, "Bob Builder")
    held.git("mv", "dnc-lists/releases/2026.yaml", "dnc-lists/releases/archive.yaml")
    commit_as(held, "Carl Clerk")
    (row,) = rows(held.plan().json)
    assert (row["file"], row["authors"][0]["name"]) == ("dnc-lists/releases/archive.yaml", "Ann Analyst")


def test_a_file_that_could_not_be_read_meanwhile_hides_nobody(held: Project):
    releases_file(held, release(A))
    commit_as(held, "Ann Analyst")
    good = (held.folder / "dnc-lists/releases.yaml").read_text()
    held.write("dnc-lists/releases.yaml", f"{good}\n- [")
    commit_as(held, "Bob Builder")
    held.write("dnc-lists/releases.yaml", good)
    commit_as(held, "Carl Clerk")
    assert "by Ann Analyst" in held.run("plan").out


def test_a_file_that_began_unreadable_names_nobody(held: Project):
    releases_file(held, release(A))
    good = (held.folder / "dnc-lists/releases.yaml").read_text()
    held.write("dnc-lists/releases.yaml", f"{good}\n- [")
    commit_as(held, "Ann Analyst")
    held.write("dnc-lists/releases.yaml", good)
    commit_as(held, "Bob Builder")
    (row,) = rows(held.plan().json)
    assert row["authors"] == []
    assert "dnc-lists/releases.yaml cannot be read as " in row["author_unknown"]


def test_both_who_brought_it_are_named(held: Project):
    base = held.head
    releases_file(held, release(A))
    commit_as(held, "Ann Analyst")
    held.git("switch", "-qc", "work", base)
    held.list(entry(B, *MANY), commit=False)
    releases_file(held, release(A))
    commit_as(held, "Bob Builder")
    held.git("merge", "-q", "-m", "both", "main")
    (row,) = rows(held.plan().json)
    assert {author["name"] for author in row["authors"]} == {"Ann Analyst", "Bob Builder"}
    assert len(row["commits"]) == 2


def test_a_shallow_clone_names_the_author_as_well(held: Project):
    releases_file(held, release(A))
    commit_as(held, "Ann Analyst")
    for number in range(5):
        held.write("README.md", f"{number}\n")
        held.commit()
    job = held.clone("job", "--depth", "1")
    assert rows(job.plan().json)[0]["authors"][0]["name"] == "Ann Analyst"


def test_a_history_that_is_too_large_names_nobody(held: Project, monkeypatch):
    for evidence in ("FORM-2", "FORM-1"):
        releases_file(held, release(A, evidence="FORM-1"), release(D, evidence=evidence))
        commit_as(held, "Ann Analyst")
    monkeypatch.setattr("reconciler.use_cases.reconcile.report.release_origins.MAX_PARSED_BYTES", 10)
    said = held.run("plan").out
    assert (
        "by an unknown author (the history of dnc-lists/releases.yaml is too large to look through)" in said
    )


# Many, and foreign.


def test_numbers_with_one_release_are_one_row(held: Project):
    held.list(entry(A, B), commit=False)
    releases_file(held, release(*MANY))
    commit_as(held, "Ann Analyst")
    said = held.run("plan").out
    assert said.count("released: ") == 1
    assert "(60 numbers)" not in said.partition("released: ")[2].partition("\n")[0]


def test_many_different_ones_are_cut_and_counted(held: Project, tmp_path):
    held.list(entry(A, B), commit=False)
    held.git("switch", "-qc", "work")
    each = [release(number, evidence=f"FORM-{n}") for n, number in enumerate(MANY[3:])]
    releases_file(held, release(*MANY[:3], evidence="FORM-777"), *each)
    commit_as(held, "Ann Analyst")
    found = [change for change in merge_request(held, code=6).json["changes"] if change["authorized_by"]]
    (change,) = found
    counts = [row["count"] for row in change["authorized_by"]]
    assert (len(counts), sum(counts), counts[0]) == (58, 60, 3)
    assert all(first >= second for first, second in pairwise(counts))
    for kind, text in forms(held, tmp_path).items():
        assert "FORM-777, 2026-11-23, by Ann Analyst (3 numbers)" in text, kind
        assert "53 more, for 53 numbers: see authorized_by in the plan as JSON" in text, kind
        assert text.count("released: ") == 5, kind


def test_what_others_wrote_breaks_no_form(held: Project, tmp_path):
    schema = json.loads((ROOT / "schema/dnc-list.schema.json").read_text())
    schema["$defs"]["reference"] = {"type": "string"}
    held.write("schema/dnc-list.schema.json", json.dumps(schema))
    held.commit()
    held.git("switch", "-qc", "work")
    evil = "a | b <script>x</script> @all \x1b[31m `c` [l](http://e)"
    releases_file(held, release(A, evidence=evil))
    commit_as(held, "Ann | <b>Analyst</b> @all")
    held.run(
        "plan", "--report", f"markdown={tmp_path / 'raw.md'}", "--report", f"html={tmp_path / 'raw.html'}"
    )
    markdown, html = ((tmp_path / name).read_text() for name in ("raw.md", "raw.html"))
    (line,) = [line for line in markdown.splitlines() if "released: " in line]
    assert line.replace("\\|", "").count("|") == 6
    assert "\\<script\\>" in line
    assert "\\@all" in line
    assert "<script>x" not in html
    assert "<b>Analyst" not in html
    assert all("\x1b" not in text for text in (markdown, html, held.run("plan").out))


@pytest.mark.parametrize(
    "evidence",
    ["CALL-{national}", "CALL{e164}.wav", "tel:{spread}", "{e164}", "calls/{spread}/1", "1.{spread}"],
)
def test_no_whole_number_of_an_evidence_leaves_the_plan(held: Project, tmp_path, evidence):
    national = A.removeprefix("+1")
    spread = f"{national[:3]}-{national[3:6]}-{national[6:]}"
    written = evidence.format(national=national, e164=A[1:], spread=spread)
    held.git("switch", "-qc", "work")
    releases_file(held, release(A, evidence=written))
    commit_as(held, "Ann Analyst")
    for kind, text in forms(held, tmp_path).items():
        assert "by Ann Analyst" in text, kind
        assert national not in text, kind
        assert spread not in text, kind
    copy = merge_request(held, "--numbers", "masked", DNC_MASK_KEY="k" * 16)
    assert national not in copy.out
    assert spread not in copy.out
    assert rows(merge_request(held).json)[0]["evidence"] == written
    assert written in held.run("plan", CI="").out


def test_evidence_without_a_number_stays_as_it_is(held: Project, tmp_path):
    held.git("switch", "-qc", "work")
    evidence = "sha256:" + "1234567890abcdef" * 4
    releases_file(held, release(A, evidence=evidence))
    commit_as(held, "Ann Analyst")
    for kind, text in forms(held, tmp_path).items():
        assert evidence in text, kind


def test_a_child_pipelines_gathered_note_has_it(held: Project, tmp_path):
    releases_file(held, release(A, evidence="FORM-77"))
    commit_as(held, "Ann Analyst")
    (tmp_path / "plans").mkdir()
    held.plan("-o", str(tmp_path / "plans/production.json"))
    done = held.run("ci", "gather", str(tmp_path / "plans/production.json"))
    assert "released: CONSENT\\_GIVEN, FORM-77, 2026-11-23, by Ann Analyst" in done.out


def test_an_apply_that_nobody_confirms_reads_no_history_first(held: Project, monkeypatch):
    """What protects waits for nothing; the result names the author all the same."""
    releases_file(held, release(A))
    commit_as(held, "Ann Analyst")
    done = held.apply()
    (row,) = rows(done.json)
    assert row["authors"][0]["name"] == "Ann Analyst"
    assert "released: CONSENT_GIVEN, FORM-221, 2026-11-23\n" in done.err
