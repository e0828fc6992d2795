"""Very many additions in one merge request are planned once somebody has counted them; `apply` never asks."""

import json

import pytest

from tests.support.project import LIST, Project, entry
from tests.support.sandbox import phone

MANY = [phone(number) for number in range(10, 16)]


@pytest.fixture
def branch(project: Project) -> Project:
    """A branch beside main, where up to five additions go without a word."""
    project.configure(lambda c: c.update(safety={"confirmAdditions": 5}))
    project.list(entry(phone(1)))
    project.git("checkout", "-q", "-b", "intake")
    return project


def add(project: Project, name: str, *phones: str, confirmed: int | None = None) -> None:
    content = {"listId": LIST, "entries": [entry(*phones)]}
    if confirmed is not None:
        content["confirmed"] = confirmed
    project.write(f"dnc-lists/{name}.yaml", json.dumps(content, indent=1))
    project.commit(push=False)


def planned(project: Project, code: int = 0):
    return project.plan("--onto", "origin/main", code=code)


def test_up_to_the_limit_nobody_is_asked(branch):
    add(branch, "few", *MANY[:5])
    assert planned(branch).json["summary"]["create"] == 6


def test_beyond_it_the_plan_fails_and_names_the_line_to_write(branch):
    add(branch, "many", *MANY)
    done = planned(branch, code=4)
    assert "6 numbers are added, and more than 5 need someone who has counted them" in done.err
    assert "write `confirmed: 6` at the top of dnc-lists/many.yaml" in done.err
    (finding,) = done.json["findings"]
    assert (finding["file"], finding["rule"]) == ("dnc-lists/many.yaml", "CONF-09")
    assert done.json["errored"]


def test_in_a_merge_request_pipeline_it_is_the_same(branch):
    add(branch, "many", *MANY)
    branch.plan(code=4, CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")


@pytest.mark.parametrize(("said", "code"), [(6, 0), (5, 4), (7, 4), (60, 4)])
def test_the_number_must_be_the_very_one(branch, said, code):
    add(branch, "many", *MANY, confirmed=said)
    planned(branch, code=code)


def test_what_is_confirmed_in_one_file_does_not_confirm_another(branch):
    add(branch, "a", *MANY[:4], confirmed=4)
    add(branch, "b", *(phone(number) for number in range(20, 26)))
    done = planned(branch, code=4)
    assert [f["file"] for f in done.json["findings"]] == ["dnc-lists/b.yaml"]
    add(branch, "b", *(phone(number) for number in range(20, 26)), confirmed=6)
    planned(branch)


def test_many_small_files_add_up(branch):
    for place, number in enumerate(MANY):
        add(branch, f"f{place}", number)
    done = planned(branch, code=4)
    assert len(done.json["findings"]) == 6
    assert "and so on in 5 more" in done.err


def test_numbers_that_only_move_are_not_added(branch):
    branch.git("checkout", "-q", "main")
    branch.list(entry(phone(1), *MANY))
    branch.git("checkout", "-q", "-B", "intake")
    add(branch, "main", phone(1))
    add(branch, "elsewhere", *MANY)
    planned(branch)


def test_a_merge_request_does_not_lift_its_own_limit(branch):
    branch.configure(lambda c: c.update(safety={"confirmAdditions": 5000}))
    add(branch, "many", *MANY)
    planned(branch, code=4)


def test_apply_never_asks(branch):
    add(branch, "many", *MANY)
    branch.git("checkout", "-q", "main")
    branch.git("merge", "-q", "intake")
    branch.git("push", "-q", "origin", "main")
    branch.apply()
    assert len(branch.live()) == 7


def test_it_is_no_other_part_of_a_merge_request(branch):
    """A confirmed addition only adds, so it may merge by itself where that is switched on."""
    add(branch, "many", *MANY, confirmed=6)
    done = branch.run(
        "plan", "--onto", "origin/main", "--auto-merge", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main"
    )
    assert done.code == 0
    assert "other files" not in done.err


@pytest.mark.parametrize("said", [0, -1, "many", 1.5])
def test_what_is_no_count_is_no_valid_list(branch, said):
    add(branch, "many", *MANY, confirmed=said)
    done = branch.run("validate")
    assert done.code == 4
    assert "no count" in done.out + done.err


def confirm(project: Project, count: int, *arguments: str, code: int = 0):
    done = project.run("confirm", str(count), *arguments)
    assert done.code == code, done.err
    return done


def test_a_command_writes_it_into_every_file(branch):
    branch.write(
        "dnc-lists/b.yaml",
        f"# ours\nlistId: {LIST}\nentries:  # all\n"
        + "".join(
            f'  - phone: "{number}"\n    reasonCode: LOCAL\n    expirationPolicy: NEVER\n'
            for number in MANY[2:]
        ),
    )
    add(branch, "a", phone(1), *MANY[:2])
    said = planned(branch, code=4).err
    assert "`dnc confirm 6` does it for you" in said
    assert confirm(branch, 6).out.splitlines() == [
        "dnc-lists/a.yaml: confirmed: 2",
        "dnc-lists/b.yaml: confirmed: 4",
    ]
    text = (branch.folder / "dnc-lists/b.yaml").read_text()
    assert text.startswith(f"# ours\nlistId: {LIST}\nconfirmed: 4\nentries:  # all\n")
    branch.commit(push=False)
    planned(branch)
    assert "nothing to do" in confirm(branch, 6).err
    add(branch, "c", phone(30))
    done = confirm(branch, 7, "--onto", "origin/main", "--format", "json").json
    assert (done["files"], sum(done["added"].values())) == (["dnc-lists/c.yaml"], 7)


def test_another_sum_writes_nothing(branch):
    add(branch, "many", *MANY, confirmed=5)
    before = (branch.folder / "dnc-lists/many.yaml").read_text()
    done = confirm(branch, 7, code=4)
    assert "6 numbers are added, not 7: nothing was written" in done.err
    assert (branch.folder / "dnc-lists/many.yaml").read_text() == before
    confirm(branch, 6)
    assert json.loads((branch.folder / "dnc-lists/many.yaml").read_text())["confirmed"] == 6


def test_what_is_not_committed_cannot_be_counted(branch):
    branch.write("dnc-lists/many.yaml", json.dumps({"listId": LIST, "entries": [entry(*MANY)]}))
    assert "not committed: dnc-lists/many.yaml" in confirm(branch, 6, code=4).err
