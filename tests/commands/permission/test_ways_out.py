"""The two ways out of a blocked number, pasted as they are printed; a batch taken back; a list that moved."""

import re

import pytest

from tests.docs.pages import names, section
from tests.support.project import LIST, ROOT, entry

OTHER = "dnc-list-02"


def phones(count):
    return [f"+1212555{number:04}" for number in range(101, 101 + count)]


def printed(text, verb):
    """Give the arguments of a command that a message prints."""
    found = re.search(rf"`?dnc ({verb} [^`\n]*?)`", text)
    assert found, text
    return found[1].split()


@pytest.fixture
def vanished(project):
    """Give a project of two numbers, one of which vanished from the files."""
    first, second = phones(2)
    project.list(entry(first, evidence="CALL-1"), entry(second, evidence="CALL-2"))
    project.apply()
    project.list(entry(first, evidence="CALL-1"))
    return project, second


def test_the_line_comes_back_as_it_was(vanished):
    project, gone = vanished
    told = project.run("plan", CI="").out
    done = project.run(*printed(told, "restore"), CI="")
    assert done.code == 0, done.err
    assert f"{gone} is back on {LIST}, dnc-lists/main.yaml" in done.out
    assert project.plan().counts() == {"unchanged": 2}
    assert (
        '"CALL-2"' in (project.folder / "dnc-lists/main.yaml").read_text()
        or "CALL-2" in (project.folder / "dnc-lists/main.yaml").read_text()
    )


def test_or_it_is_released(vanished):
    project, gone = vanished
    told = project.run("plan", CI="").out
    words = printed(told, "release")
    assert project.run(*words, CI="").code == 2  # REASON is for people to say
    words[words.index("REASON")] = "CONSENT_GIVEN"
    assert project.run(*words, CI="").code == 4  # and so is the evidence
    words[words.index("EVIDENCE")] = "FORM-1"
    done = project.run(*words, CI="")
    assert done.code == 0, done.err
    project.commit()
    project.clock.move(days=2)
    assert ("delete", "exposing", "released", [gone], []) in project.plan().changes


def test_in_a_pipeline_no_number_is_printed(vanished):
    project, gone = vanished
    done = project.run("plan")
    assert gone not in done.out
    assert f"dnc restore NUMBER --list {LIST}" in done.out
    applied = project.run("apply")
    assert f"dnc restore NUMBER --list {LIST}" in applied.out
    assert gone not in applied.out


def test_a_line_that_was_kept_for_long_comes_back_too(vanished):
    project, gone = vanished
    project.apply(code=6)
    (project.folder / "dnc-lists/main.yaml").unlink()
    project.list(entry(phones(3)[2]), name="other")
    project.apply(code=6)
    done = project.run("restore", "--list", LIST, CI="")
    assert done.code == 0, done.err
    assert done.out.count("is back on") == 2
    project.commit()
    assert project.plan().counts() == {"unchanged": 3}
    assert gone in (project.folder / "dnc-lists/main.yaml").read_text()


def test_a_weaker_line_gets_its_terms_back(project):
    (number,) = phones(1)
    project.list(entry(number))
    project.apply()
    project.list(entry(number, expirationPolicy="ABSOLUTE", expirationDate="2030-01-01"))
    done = project.run("restore", number, CI="")
    assert done.code == 0, done.err
    assert project.plan().counts() == {"unchanged": 1}


def test_what_is_there_is_left_and_what_never_was_is_said(vanished):
    project, _ = vanished
    there = project.run("restore", phones(1)[0], CI="")
    assert (there.code, "is there already" in there.out) == (0, True)
    never = project.run("restore", "+12125550199", CI="")
    assert never.code == 4
    assert "dnc add" in never.err


def test_where_one_number_has_no_line_on_the_list_none_is_put_back(project):
    first, second, third = phones(3)
    project.list(entry(first), entry(third))
    project.list(entry(second), entry(third), name="other", list_id=OTHER)
    project.apply()
    project.list(entry(third))
    project.list(entry(third), name="other", list_id=OTHER)
    done = project.run("restore", first, second, "--list", LIST, CI="")
    assert done.code == 4
    assert "nothing was written" in done.err
    assert first not in (project.folder / "dnc-lists/main.yaml").read_text()


def test_before_the_first_report_git_alone_tells(project):
    first, second = phones(2)
    project.list(entry(first), entry(second))
    project.list(entry(first))
    done = project.run("restore", second, CI="")
    assert done.code == 0, done.err
    assert second in (project.folder / "dnc-lists/main.yaml").read_text()


# A batch that was imported by mistake.


@pytest.fixture
def imported(project):
    """Give a project that imported four numbers, of which one was live and one is in another file."""
    live, other, plain, touched = phones(4)
    project.list(entry(other))
    project.agent("add", live)
    project.apply()
    project.write("mistake.csv", f"phone\n{live}\n{plain}\n{touched}\n")
    terms = ("--list", LIST, "--reason", "CUSTOMER_REQUESTED", "--policy", "NEVER", "--batch", "oops")
    done = project.run("import", "mistake.csv", *terms, CI="")
    assert done.code == 0, done.err
    (project.folder / "mistake.csv").unlink()
    project.commit()
    project.apply()
    return project, live, plain, touched


def test_a_batch_is_taken_back_but_for_what_is_not_its_own(imported):
    project, live, plain, touched = imported
    project.agent("remove", touched)
    project.apply()
    done = project.run("undo", "oops", CI="")
    assert done.code == 0, done.err
    assert f"{live} stays on {LIST}: someone" in done.out  # written before the read
    assert f"{touched} stays on {LIST}: someone" in done.out
    assert plain not in done.out
    text = (project.folder / f"dnc-lists/releases/{LIST}.yaml").read_text()
    assert plain in text
    assert "undo:oops" in text.replace('"', "")
    assert live not in text
    project.commit()
    project.clock.move(days=2)
    assert [c[3] for c in project.plan().changes] == [[plain]]


def test_what_another_file_claims_stays_and_a_file_that_is_empty_goes(project):
    first, second = phones(2)
    project.write("mistake.csv", f"phone\n{first}\n{second}\n")
    terms = ("--list", LIST, "--reason", "CUSTOMER_REQUESTED", "--policy", "NEVER", "--batch", "oops")
    assert project.run("import", "mistake.csv", *terms, CI="").code == 0
    (project.folder / "mistake.csv").unlink()
    project.list(entry(second))
    done = project.run("undo", "oops", CI="")
    assert f"{second} stays on {LIST}: dnc-lists/main.yaml lists it too" in done.out
    assert first not in (project.folder / f"dnc-lists/{LIST}-oops-0001.yaml").read_text()
    (project.folder / "dnc-lists/main.yaml").unlink()
    assert project.run("undo", "oops", CI="").code == 0
    assert not (project.folder / f"dnc-lists/{LIST}-oops-0001.yaml").exists()
    assert not (project.folder / "dnc-lists/releases").exists()  # nothing was applied: nothing is held
    assert project.run("undo", "oops", CI="").code == 4


# A list that moved.


def test_many_that_vanish_here_and_are_new_there_are_told_with_the_release(project):
    many = phones(12)
    project.list(entry(*many), name="old")
    project.apply()
    project.list(entry("+12125550190"), name="old", commit=False)
    project.list(entry(*many), name="new", list_id=OTHER)
    plan = project.run("plan", "--format", "json")
    (found,) = [f for f in plan.json["findings"] if f["rule"] == "LIST-MOVED"]
    assert f"12 numbers vanished from {LIST} and are new on {OTHER}" in found["message"]
    words = printed(found["message"], "release")
    words[words.index("EVIDENCE")] = "TICKET-1"
    done = project.run(*words, CI="")
    assert done.code == 0, done.err
    project.commit()
    rules = {f["rule"] for f in project.run("plan", "--format", "json").json["findings"]}
    assert "LIST-MOVED" not in rules


def test_a_few_are_no_move(project):
    few = phones(9)
    project.list(entry(*few), name="old")
    project.apply()
    project.list(entry("+12125550190"), name="old", commit=False)
    project.list(entry(*few), name="new", list_id=OTHER)
    assert "LIST-MOVED" not in project.run("plan").out


def test_programs_are_told_what_came_back(vanished):
    project, gone = vanished
    document = project.run("restore", gone, "--format", "json", CI="").json
    explained = section(ROOT / "docs" / "how-to" / "daily.md", "For programs")
    (row,) = [row for row in explained.splitlines() if row.startswith("| `dnc restore` |")]
    assert set(names([row.split("|")[2]])) <= set(document)
    (back,) = document["restored"]
    assert (back["phone"], back["list_id"], back["file"]) == (gone, LIST, "dnc-lists/main.yaml")
    assert document["files"] == ["dnc-lists/main.yaml"]
