"""A tenant whose `lists` reach no file protects nobody, and nothing about it is green."""

import json

import pytest

from tests.support.project import LIST, Project, entry

A, B = "+12125550101", "+12125550102"
TYPO = "dnc-list/**/*.yaml"
MEANT = "did you mean dnc-lists/**/*.yaml?"


def mistyped(project: Project, *globs: str) -> str:
    return project.tenant(lists=list(globs or (TYPO,)))


def line_of(project: Project, text: str) -> int:
    lines = (project.folder / "dnc.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if f'"{text}"' in line)


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift", "doctor", "status"])
def test_no_command_is_green(project, command):
    project.list(entry(A))
    mistyped(project)
    done = project.run(command)
    told = done.out + done.err
    assert done.code == 4
    assert f"dnc.yaml:{line_of(project, TYPO)}:" in told
    assert (
        f"the lists of tenant production reach no file ({TYPO}), so its numbers are not protected: {MEANT}"
        in told
    )
    assert "[CONF-11]" in told
    assert project.live() == {}


def test_a_plan_says_it_to_machines(project):
    project.list(entry(A))
    mistyped(project)
    found = [one for one in project.plan(code=4).json["findings"] if one["rule"] == "CONF-11"]
    assert [(one["severity"], one["path"]) for one in found] == [("error", "/tenants/production/lists/0")]


def test_it_is_no_less_so_after_a_run(project):
    """What was applied stays live, and new requests would not be sent."""
    project.list(entry(A))
    project.apply()
    mistyped(project)
    project.list(entry(A, B))
    for command in ("validate", "plan", "apply", "drift", "doctor", "status"):
        assert project.run(command).code == 4, command
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER"}


def test_only_the_tenant_that_is_meant_is_held_up(project):
    project.list(entry(A))
    project.configure(lambda c: c["tenants"]["toy"].update(lists=[TYPO]))
    assert project.run("plan").code == 0
    assert project.run("apply").code == 0
    done = project.run("validate")
    assert done.code == 4
    assert f"the lists of tenant toy reach no file ({TYPO})" in done.out
    assert project.run("plan", "--tenant", "toy", CI="").code == 4


@pytest.mark.parametrize(
    ("glob", "said"),
    [
        ("dnc-list/**/*.yaml", "did you mean dnc-lists/**/*.yaml?"),
        ("DNC-Lists/**/*.yaml", "did you mean dnc-lists/**/*.yaml?"),
        ("dnc_lists/**/*.yaml", "did you mean dnc-lists/**/*.yaml?"),
        ("dnc-lists/**/*.yml", "did you mean dnc-lists/**/*.yaml?"),
        ("dnc-lists/*.yml", "did you mean dnc-lists/**/*.yaml?"),
        ("dnc-lists/main.yml", "did you mean dnc-lists/**/*.yaml?"),
        ("lists/**/*.yaml", "did you mean dnc-lists/**/*.yaml?"),
        ("dnc-lists/acme/**/*.yaml", ""),
        ("elsewhere/of-ours/*.yaml", ""),
    ],
)
def test_the_nearest_pattern_is_named(project, glob, said):
    project.list(entry(A))
    mistyped(project, glob)
    done = project.run("validate")
    assert done.code == 4
    assert f"reach no file ({glob}), so its numbers are not protected" in done.out
    assert ("did you mean" in done.out) is bool(said)
    assert said in done.out
    assert "write its first list file, or remove the tenant" in done.out


def test_a_folder_that_was_moved_below_another_is_found(project):
    project.write("dnc-lists/us/main.yaml", json.dumps({"listId": LIST, "entries": [entry(A)]}))
    mistyped(project, "dnc-lists/*.yaml")
    assert MEANT in project.run("validate").out


def test_one_pattern_of_several_is_a_warning(project):
    project.list(entry(A))
    mistyped(project, "dnc-lists/**/*.yaml", "dnc-list/more/*.yaml")
    done = project.run("validate")
    assert done.code == 0
    at = line_of(project, "dnc-list/more/*.yaml")
    assert f"dnc.yaml:{at}:" in done.out
    assert "warning: this pattern of tenant production reaches no file (dnc-list/more/*.yaml)" in done.out
    planned = project.plan()
    assert [one["severity"] for one in planned.json["findings"] if one["rule"] == "CONF-11"] == ["warning"]
    assert project.run("apply").code == 0


def test_the_folder_that_pull_fills_may_be_empty(project):
    project.list(entry(A))
    mistyped(project, "dnc-lists/*.yaml", "dnc-lists/adopted/production/**/*.yaml")
    assert "CONF-11" not in project.run("validate").out


def test_a_named_file_is_judged_with_the_configuration(project):
    project.list(entry(A))
    mistyped(project)
    assert "[CONF-11]" in project.run("validate", "dnc-lists/main.yaml").out


# Honest ways to have no file yet, or no more.


def test_where_there_is_no_list_at_all_it_is_said(project):
    """Nobody asked yet: a new project is no error, and not silent either."""
    done = project.run("validate")
    assert done.code == 0
    assert "warning: the lists of tenant production reach no file (dnc-lists/**/*.yaml)" in done.out
    assert "write its first list file, or remove the tenant" in done.out
    assert [one["rule"] for one in project.plan().json["findings"]] == ["CONF-11"]
    assert project.run("apply").code == 0


@pytest.mark.parametrize("glob", ["elsewhere/*.yaml", "lists/**/*.yml"])
def test_files_that_no_tenant_reaches_at_all_are_found(project, glob):
    """Below no list folder, they are no finding of their own."""
    project.list(entry(A))
    project.write("templates/dnc.yaml", "image: python\n")

    def alone(configuration):
        del configuration["tenants"]["toy"]
        configuration["tenants"]["production"]["lists"] = [glob]

    project.configure(alone)
    for command in ("validate", "plan", "apply", "doctor"):
        assert project.run(command).code == 4, command


def test_a_list_without_entries_is_a_file(project):
    project.list()
    assert project.run("validate").code == 0
    assert project.plan().counts() == {}
    project.apply()


def test_what_init_writes_is_green(tmp_path, project):
    assert project.run("init", str(tmp_path / "new")).code == 0
    project.folder = tmp_path / "new"
    project.git("init", "-q")
    project.commit(push=False)
    assert project.run("validate").code == 0
    assert project.run("plan", CI="").code == 0


def test_a_tenant_moves_in_by_pull(project):
    project.agent("add", A)
    assert project.run("pull", "--all-lists").code == 0
    assert project.run("validate").code == 0
    assert project.run("plan").code == 0


def test_a_tenant_that_is_set_up_gets_its_first_number(project):
    project.list(entry(A))
    mistyped(project, "acme/**/*.yaml")
    options = ("--list", "acme", "--reason", "LOCAL", "--policy", "NEVER")
    assert project.run("add", B, *options, CI="").code == 4
    assert project.run("add", B, *options, "--new-list", CI="").code == 0
    assert (project.folder / "acme/acme.yaml").is_file()


def test_a_number_does_not_go_where_a_typing_error_points_to(project):
    project.list(entry(A))
    project.configure(lambda c: (c["tenants"]["production"].update(lists=[TYPO]), c["tenants"].pop("toy")))
    done = project.run("add", B, "--list", LIST, "--reason", "LOCAL", "--policy", "NEVER", CI="")
    assert done.code == 4
    assert MEANT in done.err
    assert not (project.folder / "dnc-list").exists()


def test_files_that_were_all_taken_away_take_nobody_off(project):
    """There is no file that could be meant: what was applied is kept, and put back."""
    project.list(entry(A, B))
    project.apply()
    project.git("rm", "-q", "dnc-lists/main.yaml")
    project.commit()
    project.agent("remove", B)
    assert "CONF-11" in project.run("validate").out
    planned = project.plan(code=6)
    assert [one["severity"] for one in planned.json["findings"] if one["rule"] == "CONF-11"] == ["warning"]
    project.apply(code=6)
    assert set(project.live()) == {A, B}


def test_a_number_is_looked_up_all_the_same(project):
    project.list(entry(A))
    project.apply()
    mistyped(project)
    assert project.run("check", A, "--live").code in {0, 3}


def test_a_merge_requests_plan_says_it(project):
    project.list(entry(A))
    project.git("switch", "-qc", "work")
    mistyped(project)
    done = project.run(
        "plan",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
        CI_PIPELINE_SOURCE="merge_request_event",
    )
    assert done.code == 4
    assert MEANT in done.out + done.err


def test_a_tenant_that_a_merge_request_sets_up_may_get_its_files_later(project):
    """Its plan is made without CXone, applies nothing, and says it; the run after the merge is refused."""
    project.list(entry(A))
    project.git("switch", "-qc", "work")
    project.configure(
        lambda c: c["tenants"].update(new={**c["tenants"]["production"], "lists": ["acme/**/*.yaml"]})
    )
    merging = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_PIPELINE_SOURCE": "merge_request_event"}
    planned = project.run("plan", "--tenant", "new", "--format", "json", **merging)
    assert (planned.code, planned.json["applyable"]) == (0, False)
    assert [one["severity"] for one in planned.json["findings"] if one["rule"] == "CONF-11"] == ["warning"]
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "work")
    project.git("push", "-q", "origin", "main")
    assert project.run("apply", "--tenant", "new").code == 4
