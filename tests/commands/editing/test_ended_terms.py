"""An entry whose term is over before it begins protects nobody: it is refused, and never said to be added."""

import os
import subprocess

import pytest

from tests.support.project import LIST, Project, dated, entry

LOCAL = ("--list", LIST, "--reason", "COMPANY_POLICY")
A, B, C = "+12125550101", "+12125550102", "+12125550103"

NEVER_IN_FORCE = {
    "a request of long ago, and its period": (
        "RELATIVE",
        "--requested-on",
        "2019-11-20",
        "--retention",
        "P5Y",
    ),
    "a last day that is over": ("ABSOLUTE", "--until", "2026-10-31"),
    "a last day of yesterday": ("ABSOLUTE", "--until", "2026-11-22"),
    "an end before the request": ("ABSOLUTE", "--requested-on", "2026-11-20", "--until", "2026-11-19"),
    "a year of another century": ("RELATIVE", "--requested-on", "1926-11-20", "--retention", "P5Y"),
    "a year without its first digit": ("RELATIVE", "--requested-on", "0206-11-20", "--retention", "P5Y"),
    "a last day of another century": ("ABSOLUTE", "--until", "1927-11-20"),
    "a request that never was, for ever": ("NEVER", "--requested-on", "1926-11-20"),
}


@pytest.mark.parametrize("options", NEVER_IN_FORCE.values(), ids=NEVER_IN_FORCE)
def test_nothing_is_added_that_is_over(folder, options):
    before = folder.files()
    done = folder.dnc("add", "2125550124", *LOCAL, "--policy", *options)
    assert done.code == 4
    assert "nothing was written" in done.err
    assert any(said in done.err for said in ("ended on", "ends before it was requested", "a day before 2003"))
    assert any(fix in done.err for fix in ("NEVER", "write the day that is meant"))
    assert folder.files() == before


@pytest.mark.parametrize(
    "options",
    [
        ("ABSOLUTE", "--until", "2026-11-23"),
        ("RELATIVE", "--requested-on", "2021-11-24", "--retention", "P5Y"),
        ("NEVER", "--requested-on", "2004-01-02"),
    ],
)
def test_what_still_holds_today_is_added(folder, options):
    assert folder.dnc("add", "2125550124", *LOCAL, "--policy", *options).code == 0


def test_a_registrys_entry_has_no_end_of_ours(folder):
    options = ("--list", LIST, "--reason", "STATE", "--policy", "ABSOLUTE", "--until", "2026-10-31")
    assert folder.dnc("add", "2125550124", *options).code == 0


def test_rows_are_refused_one_by_one_with_their_line(folder):
    rows = (
        "2125550101,1926-11-20",
        "2125550102,2019-11-20",
        "2125550103,0206-11-20",
        "2125550104,2026-11-02",
    )
    folder.write("n.csv", "Phone,Requested On\n" + "\n".join(rows) + "\n")
    done = folder.dnc("import", "n.csv", *LOCAL, "--policy", "RELATIVE", "--retention", "P5Y")
    assert done.code == 8
    rejects = folder.read("n.csv.rejects.csv").splitlines()
    assert [line.split(",")[0] for line in rejects] == ["line", "2", "3", "4"]
    assert "a day before 2003" in rejects[1]
    assert "the term ended on 2024-11-20, so it is over before it begins" in rejects[2]
    assert "a day before 2003" in rejects[3]
    assert "line 3" in done.err + done.out or "3:" in done.err + done.out
    written = "".join(text.decode() for name, text in folder.files().items() if name.startswith("dnc-lists"))
    assert [number in written for number in (A, B, C, "+12125550104")] == [False, False, False, True]


def test_a_row_without_an_end_is_not_taken_under_such_a_day_either(folder):
    folder.write("n.csv", "Phone,Requested On\n2125550101,1926-11-20\n")
    done = folder.dnc("import", "n.csv", *LOCAL, "--policy", "NEVER")
    assert done.code == 8
    assert "a day before 2003" in folder.read("n.csv.rejects.csv")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ("expirationPolicy: NEVER, requestedOn: 1926-11-20", 0),  # it protects: so it is only odd
        ("expirationPolicy: NEVER, listedOn: 0206-11-20", 0),
        ("expirationPolicy: RELATIVE, retention: P5Y, requestedOn: 1926-11-20", 4),
        ("expirationPolicy: RELATIVE, retention: P900Y, requestedOn: 1926-11-20", 4),
        ("expirationPolicy: ABSOLUTE, expirationDate: 0206-11-20", 4),
        ("expirationPolicy: ABSOLUTE, requestedOn: 2026-11-20, expirationDate: 2026-11-19", 4),
        ("expirationPolicy: ABSOLUTE, requestedOn: 1926-11-20, expirationDate: 2030-11-19", 4),
    ],
)
def test_a_file_with_such_a_day_is_told_of_it(folder, terms, code):
    folder.entries("a", f'  - {{phone: "{A}", reasonCode: LOCAL, {terms}}}\n')
    done = folder.dnc("validate")
    assert done.code == code
    assert any(rule in done.out for rule in ("[GEN-03]", "[LIST-06]"))


def test_a_table_of_which_nothing_holds_adds_nothing(folder):
    folder.write("n.csv", "Phone,Until\n2125550101,2026-10-31\n")
    done = folder.dnc("import", "n.csv", *LOCAL, "--policy", "ABSOLUTE", "--map", "expirationDate=Until")
    assert done.code == 8
    assert not [name for name in folder.files() if name.startswith("dnc-lists")]


# Files that people write.


OVER = (
    '  - {phone: "+12125550101", reasonCode: COMPANY_POLICY, expirationPolicy: RELATIVE,'
    " requestedOn: 2019-11-20, retention: P5Y}\n"
)


def test_without_git_every_line_is_new(folder):
    folder.entries("a", OVER)
    done = folder.dnc("validate")
    assert done.code == 4
    assert (
        "dnc-lists/a.yaml:4: the term of +1 212 ••• ••01 ended on 2024-11-20, before this was added"
        in done.out
    )
    assert "write a later end or NEVER, or correct requestedOn [LIST-10]" in done.out


def test_many_of_one_term_are_said_once(folder):
    numbers = "".join(f'      - "{number}"\n' for number in (A, B, C))
    terms = "reasonCode: LOCAL\n    expirationPolicy: ABSOLUTE\n    expirationDate: 2026-10-31\n    phones:\n"
    folder.entries("a", f"  - {terms}{numbers}")
    done = folder.dnc("validate")
    assert done.code == 4
    assert (
        "dnc-lists/a.yaml:8: the term of 3 numbers, the first of them here, ended on 2026-10-31" in done.out
    )


def test_the_day_that_is_asked_about_is_not_the_day_on_which_it_was_added(folder):
    folder.entries("a", OVER.replace("2019", "2025"))
    assert folder.dnc("validate").code == 0
    assert folder.dnc("validate", "--as-of", "2040-01-01").code == 0


def commit_at(project: Project, day: str) -> None:
    """Commit as on another day."""
    moment = f"{day}T12:00:00Z"
    environ = {**os.environ, "GIT_COMMITTER_DATE": moment, "GIT_AUTHOR_DATE": moment}
    project.git("add", "-A")
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    command = ["git", *identity, "-C", str(project.folder), "commit", "-qm", "then", "--allow-empty"]
    subprocess.run(command, env=environ, check=True)


@pytest.mark.parametrize(("day", "code"), [("2026-10-30", 0), ("2026-10-31", 0), ("2026-11-02", 4)])
def test_git_tells_whether_it_was_over_when_it_was_added(project, day, code):
    project.list(dated(A, until="2026-10-31"), commit=False)
    commit_at(project, day)
    done = project.run("validate")
    assert (done.code, "[LIST-10]" in done.out) == (code, code == 4)


def test_a_line_that_was_moved_since_is_the_old_one(project):
    project.list(dated(A, until="2026-10-31"), name="old", commit=False)
    commit_at(project, "2026-09-01")
    project.git("mv", "dnc-lists/old.yaml", "dnc-lists/new.yaml")
    project.write("dnc-lists/new.yaml", "\n\n" + (project.folder / "dnc-lists/new.yaml").read_text())
    assert project.run("validate").code == 0
    commit_at(project, "2026-11-20")
    assert project.run("validate").code == 0


def test_an_end_that_is_moved_into_the_past_is_new(project):
    project.list(dated(A, until="2027-10-31"), commit=False)
    commit_at(project, "2026-09-01")
    project.list(dated(A, until="2026-10-31"), commit=False)
    done = project.run("validate")
    assert done.code == 4
    assert "ended on 2026-10-31, before this was added" in done.out


def test_defaults_that_end_it_in_the_past_are_new(project):
    entries = f'entries: [{{phone: "{A}"}}]\n'
    terms = "reasonCode: LOCAL, expirationPolicy: RELATIVE, requestedOn: 2022-01-10"
    head = f"listId: {LIST}\ndefaults: {{{terms}, retention: "
    project.write("dnc-lists/main.yaml", f"{head}P10Y}}\n{entries}")
    commit_at(project, "2026-09-01")
    project.write("dnc-lists/main.yaml", f"{head}P2Y}}\n{entries}")
    assert "[LIST-10]" in project.run("validate").out


def test_what_was_applied_and_ran_out_is_no_finding(project):
    project.list(entry(B), dated(A, until="2026-12-01"))
    project.apply()
    project.clock.move(days=30)
    assert "LIST-10" not in project.run("validate").out
    planned = project.plan()
    assert "LIST-10" not in planned.out
    assert planned.json["summary"]["delete"] == 1


def test_a_plan_and_a_run_say_it_and_go_on(project):
    project.list(entry(B), dated(A, until="2024-10-31"))
    planned = project.plan()
    (found,) = [finding for finding in planned.json["findings"] if finding["rule"] == "LIST-10"]
    assert found["severity"] == "warning"
    assert "it protects no one" in found["message"]
    line = "dnc-lists/main.yaml:13: warning: the term of +1 212 ••• ••01 ended on 2024-10-31, before this was"
    assert line in project.run("plan").out
    assert project.apply().json["outcomes"]["applied"] == 1
    assert project.live() == {B: "CUSTOMER_REQUESTED NEVER"}
    assert project.run("validate").code == 4


def test_what_an_agent_entered_is_adopted_without_an_end_that_is_over(project):
    """No protection is lost on the way into the files, whatever CXone says of the end."""
    project.list(entry(B))
    project.apply()
    project.agent("add", A, "LOCAL", "ABSOLUTE")
    assert project.run("pull").code == 0
    text = (project.folder / f"dnc-lists/adopted/production/{LIST}.yaml").read_text()
    assert "expirationPolicy: NEVER" in text
    assert project.run("validate").code == 0


# The other commands that write.


def test_a_line_whose_term_is_over_is_not_put_back(project):
    project.list(entry(B), dated(A, until="2026-12-01"))
    project.apply()
    project.list(entry(B))
    project.apply(code=6)
    project.clock.move(days=30)
    before = project.git("status", "--porcelain")
    done = project.run("restore", A, CI="")
    assert done.code == 4
    assert "ended on 2026-12-01: restored, it would protect no one" in done.err
    listed = project.run("restore", "--list", LIST, CI="")
    assert listed.code == 0
    assert "left out, because their term is over: 1 line" in listed.err
    assert project.git("status", "--porcelain") == before


@pytest.mark.parametrize("day", ["1926-11-20", "0206-11-20"])
def test_a_release_of_a_year_that_cannot_be_is_refused(project, day):
    project.list(entry(A))
    options = ("--list", LIST, "--reason", "CONSENT_GIVEN", "--evidence", "FORM-221", "--on", day)
    done = project.run("release", A, *options, CI="")
    assert done.code == 4
    assert "most likely a typing error" in done.err
    assert project.git("status", "--porcelain") == ""
