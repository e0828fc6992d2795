"""`dnc pull`: what agents added in CXone comes into files, and nobody's list changes by it."""

import csv
import io
import json

import pytest

from reconciler.use_cases.edits import adopt
from tests.docs.pages import names, section
from tests.support.project import LIST, ROOT, Project, entry, release
from tests.support.sandbox import phone

HERE = "dnc-lists/adopted/production/"
FILE = f"{HERE}{LIST}.yaml"


def managed(project: Project, *phones: str) -> None:
    project.list(entry(*phones))
    project.apply()


def pulled(project: Project, *arguments: str) -> str:
    done = project.run("pull", *arguments)
    assert done.code == 0, done.err
    return done.err


def in_sync(project: Project) -> None:
    """What was adopted is valid, and nothing is to be done for it."""
    validated = project.run("validate")
    assert validated.code == 0, validated.err
    assert project.plan().json["summary"] | {"update": 0, "unchanged": 0} == dict.fromkeys(
        ("create", "update", "delete", "unchanged", "unmanaged", "blocked", "by_hand"), 0
    )


def test_what_an_agent_added_is_adopted_as_cxone_has_it(project):
    managed(project, phone(1))
    project.agent("add", phone(2), "LOCAL")
    said = pulled(project)
    assert (project.folder / FILE).read_text() == (
        "# yaml-language-server: $schema=../../../schema/dnc-list.schema.json\n"
        f"listId: {LIST}\n"
        'description: "Adopted from CXone. Who asked, and when, is not known yet."\n'
        "entries:\n"
        f'  - phone: "{phone(2)}"\n'
        "    reasonCode: LOCAL\n    expirationPolicy: NEVER\n    source: cxone\n    firstSeenOn: 2026-11-23\n"
    )
    assert f"{LIST}: 1 number adopted" in said
    assert "2 read, 1 written, 1 there already" in said
    in_sync(project)
    project.commit()
    project.apply()
    assert project.live() == {phone(1): "CUSTOMER_REQUESTED NEVER", phone(2): "LOCAL NEVER"}


def test_the_same_call_twice_changes_nothing(project):
    managed(project, phone(1))
    project.agent("add", phone(2))
    pulled(project)
    before = (project.folder / FILE).read_bytes()
    said = pulled(project)
    assert (project.folder / FILE).read_bytes() == before
    assert "2 read, 0 written, 2 there already" in said


@pytest.mark.parametrize(
    ("reason", "policy", "adopted", "remark"),
    [
        ("FRAUD", "NEVER", "UNKNOWN", "  # reason in CXone: FRAUD"),
        ("bad code\n# x", "NEVER", "UNKNOWN", ""),
        ("LOCAL", "RELATIVE", "LOCAL", "  # RELATIVE in CXone, which does not tell its end"),
        ("STATE", "ABSOLUTE", "STATE", "  # ABSOLUTE in CXone, which does not tell its end"),
        (
            "X-1",
            "ABSOLUTE",
            "UNKNOWN",
            "  # reason in CXone: X-1; ABSOLUTE in CXone, which does not tell its end",
        ),
        ("LOCAL", "SOMETIMES", "LOCAL", ""),
    ],
)
def test_what_files_can_not_say_is_never_with_a_remark(project, reason, policy, adopted, remark):
    managed(project, phone(1))
    project.agent("add", phone(2), reason, policy)
    pulled(project)
    text = (project.folder / FILE).read_text()
    assert f"reasonCode: {adopted}\n" in text
    assert "expirationPolicy: NEVER\n" in text
    assert f'"{phone(2)}"{remark}\n' in text
    assert project.run("fmt", "--check", FILE).code == 0
    in_sync(project)


def test_comments_of_adopted_files_stay_and_numbers_go_to_their_places(project):
    managed(project, phone(1))
    for number in (2, 5):
        project.agent("add", phone(number))
    pulled(project)
    text = (project.folder / FILE).read_text().replace(f'"{phone(5)}"', f'"{phone(5)}"  # asked Bob')
    project.write(FILE, "# ours\n" + text)
    project.agent("add", phone(3))
    pulled(project)
    after = (project.folder / FILE).read_text()
    assert after.startswith("# ours\n")
    lines = [line.strip() for line in after.splitlines() if phone(0)[:5] in line]
    assert [line[:16] for line in lines] == [f'- "{phone(number)}"' for number in (2, 3, 5)] or len(
        lines
    ) == 3
    assert "# asked Bob" in after
    in_sync(project)


def test_a_number_that_guards_keep_is_not_adopted(project):
    project.list(entry(phone(1)), entry(phone(2)))
    project.apply()
    project.list(entry(phone(1)))
    assert "0 written" in pulled(project)
    assert not (project.folder / HERE).exists()


def test_a_number_that_is_to_come_off_is_not_adopted(project):
    project.list(entry(phone(1)), entry(phone(2)))
    project.apply()
    project.list(entry(phone(1)), releases=[release(phone(2))])
    assert "0 written" in pulled(project)


def test_full_files_are_followed_by_others(project, monkeypatch):
    monkeypatch.setattr(adopt, "MAX_FILE_NUMBERS", 3)
    managed(project, phone(1))
    for number in range(2, 7):
        project.agent("add", phone(number))
    pulled(project)
    for number in range(7, 10):
        project.agent("add", phone(number))
    pulled(project)
    sizes = {path.name: path.read_text().count('"+1') for path in (project.folder / HERE).iterdir()}
    assert sizes == {f"{LIST}.yaml": 3, f"{LIST}-0002.yaml": 3, f"{LIST}-0003.yaml": 2}
    in_sync(project)


def test_a_file_that_is_not_reached_protects_nobody_and_is_not_written(project):
    project.tenant(lists=["dnc-lists/*.yaml"])
    managed(project, phone(1))
    project.agent("add", phone(2))
    done = project.run("pull")
    assert done.code == 4
    assert f"add {HERE}**/*.yaml" in done.err
    assert not (project.folder / HERE).exists()


def test_without_the_audit_branch_nothing_is_adopted(project):
    managed(project, phone(1))
    project.agent("add", phone(2))
    project.origin.rename(project.origin.with_name("gone"))
    done = project.run("pull")
    assert done.code == 4
    assert "audit branch" in done.err
    assert not (project.folder / HERE).exists()


def test_a_list_that_no_file_names_is_adopted_whole(project):
    managed(project, phone(1))
    for number in range(10, 15):
        project.agent("add", phone(number), "LOCAL", list_id="old")
    project.agent("add", "call me", list_id="old")
    project.agent("add", "+1999", list_id="old")
    project.agent("add", phone(20), list_id="other")
    said = pulled(project, "--list", "old", "--new-list")
    assert "7 read, 5 written, 0 there already, 2 unreadable" in said
    assert (project.folder / f"{HERE}old.yaml").is_file()
    rows = list(csv.reader(io.StringIO((project.folder / "unreadable.csv").read_text())))
    assert sorted(row[1] for row in rows[1:]) == ["+1999", "call me"]
    in_sync(project)
    assert len(project.live("old")) == 7


def test_all_lists_are_adopted_under_the_names_that_files_can_have(project):
    project.tenant(listIds={"mapped": "Their own"})
    managed(project, phone(1))
    for list_id in ("old", "Their own", "No name", "con", LIST):
        project.agent("add", phone(30), list_id=list_id)
    said = pulled(project, "--all-lists")
    assert sorted(p.name for p in (project.folder / HERE).iterdir()) == sorted(
        [f"{LIST}.yaml", "mapped.yaml", "old.yaml", "con-0002.yaml"]  # Windows has no con.yaml
    )
    assert "No name needs a name in the files" in said
    in_sync(project)


def test_a_list_of_a_tenant_with_the_same_cxone_is_left_to_it(project):
    def two(configuration):
        tenants = configuration["tenants"]
        tenants["second"] = tenants["production"] | {"lists": ["second/**/*.yaml"]}

    project.configure(two)
    managed(project, phone(1))
    project.write("second/theirs.yaml", json.dumps({"listId": "theirs", "entries": [entry(phone(5))]}))
    project.agent("add", phone(5), list_id="theirs")
    said = pulled(project, "--all-lists")
    assert "theirs is tenant second's" in said
    assert not (project.folder / HERE).exists()


def test_a_list_that_is_nowhere_is_said(project):
    managed(project, phone(1))
    project.agent("add", phone(5), list_id="other")
    assert "CXone has nothing on old; it has other" in pulled(project, "--list", "old", "--new-list")


@pytest.mark.parametrize("words", [("--list", "a b"), ("--list", "a", "--all-lists")])
def test_what_can_not_be_meant_is_refused(project, words):
    assert project.run("pull", *words).code in {2, 4}


def test_programs_are_told_what_was_adopted(project):
    managed(project, phone(1))
    project.agent("add", phone(2))
    document = project.run("pull", "--format", "json").json
    explained = section(ROOT / "docs" / "how-to" / "daily.md", "For programs")
    (row,) = [row for row in explained.splitlines() if row.startswith("| `dnc pull` |")]
    assert set(names([row.split("|")[2]])) <= set(document)
    assert (document["files"], document["written"]) == ([FILE], {LIST: 1})
    assert document["summary"] == {"read": 2, "written": 1, "present": 1, "unreadable": 0}
    assert document["merge_request"] is None
