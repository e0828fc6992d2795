"""`--changed-since`: what a branch changes is judged as the whole run judges it, and nothing else is."""

import json
from collections.abc import Iterator

import pytest

from tests.support.project import LIST, ROOT, Project, entry, making, release

A, B, C, D = (f"+1212555010{n}" for n in range(4))
AFTER_THE_ONE_OPT_OUT_RULE = "2027-02-10"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Iterator[tuple[Project, str]]:
    """A main with three files, one of them with findings of its own."""
    with making(tmp_path_factory.mktemp("changed")) as project:
        project.list(entry(A, requestedOn="2026-11-02"), name="a", commit=False)
        project.list(entry(B, B, reason="LOCAL"), name="b", commit=False)
        project.list(entry(C), name="c", list_id="other")
        yield project, project.head


@pytest.fixture
def branch(repository: tuple[Project, str]) -> Project:
    """A branch off that main, as it was before any other test."""
    project, base = repository
    project.git("switch", "-qfC", "main", base)
    project.git("clean", "-qfd")
    project.git("switch", "-qC", "work")
    project.git("push", "-qf", "origin", "main", "work")
    return project


def validated(project: Project, *arguments: str) -> tuple[dict, str]:
    done = project.run("validate", "--format", "json", *arguments)
    assert done.code in {0, 4}, done.err
    return done.json, done.err


def changed(project: Project, since="main", *arguments: str) -> dict:
    """Validate what changed; it must be what the whole run says of those files."""
    found, _ = validated(project, "--changed-since", since, *arguments)
    assert found["changed_since"] == since
    whole, _ = validated(project, *arguments)
    names = {f["file"] for f in found["findings"]} | set(_differing(project, since))
    assert found["findings"] == [f for f in whole["findings"] if f["file"] in names]
    return found


def _differing(project: Project, since: str) -> list[str]:
    committed = project.git("diff", "--name-only", "--no-renames", f"{since}...HEAD").split()
    here = project.git("status", "--porcelain", "--no-renames", "--untracked-files=all").splitlines()
    return [*committed, *(line.strip().split(" ", 1)[1].strip() for line in here)]


def rules(found: dict) -> list[tuple[str, str]]:
    told = [(finding["file"].removeprefix("dnc-lists/"), finding["rule"]) for finding in found["findings"]]
    return [one for one in told if not one[1].startswith(("NUM", "GEN"))]


def edited(project: Project) -> None:
    project.list(entry(A, D, A), name="a")


def new(project: Project) -> None:
    project.list(entry(D, D), name="new")


def deleted(project: Project) -> None:
    project.git("rm", "-q", "dnc-lists/c.yaml")
    project.commit()


def renamed(project: Project) -> None:
    project.git("mv", "dnc-lists/b.yaml", "dnc-lists/moved.yaml")
    project.commit()


def unreached(project: Project) -> None:
    project.write("dnc-lists/typo.yml", "listId: x\n")
    project.commit()


def unreadable(project: Project) -> None:
    project.write("dnc-lists/a.yaml", "listId: [\n")
    project.commit()


def not_committed(project: Project) -> None:
    project.list(entry(A, A), name="a", commit=False)


def not_tracked(project: Project) -> None:
    project.list(entry(D, D), name="new", commit=False)


def no_list(project: Project) -> None:
    project.write("README.md", "nothing of ours")
    project.commit()


def a_release_judged_by_a_claim_elsewhere(project: Project) -> None:
    given = release(A, reason="NUMBER_REASSIGNED") | {"evidence": "rnd:yes:2026-11-01"}
    project.list(releases=[given], name="releases")


def a_hold_of_a_list_elsewhere(project: Project) -> None:
    hold = {"matter": "M-1", "from": "2026-11-02", "listId": "other"}
    project.write("dnc-lists/holds.yaml", json.dumps({"holds": [hold, hold | {"listId": "none"}]}))
    project.commit()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (edited, [("a.yaml", "LIST-03")]),
        (new, [("new.yaml", "LIST-03")]),
        (deleted, []),
        (renamed, [("moved.yaml", "LIST-03")]),
        (unreached, [("typo.yml", "LIST-05")]),
        (unreadable, [("a.yaml", "YAML-01")]),
        (not_committed, [("a.yaml", "LIST-03")]),
        (not_tracked, [("new.yaml", "LIST-03")]),
        (no_list, []),
        (a_release_judged_by_a_claim_elsewhere, [("releases.yaml", "OPS-DEL-01")]),
        (a_hold_of_a_list_elsewhere, [("holds.yaml", "LIST-08")]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_changed_is_judged_as_the_whole_run_judges_it(branch, change, told):
    change(branch)
    assert rules(changed(branch)) == told


@pytest.mark.parametrize("name", ["b", "z"])
def test_a_rule_over_the_whole_company_sees_all_files(branch, name):
    branch.list(entry(D), name=name)
    found = changed(branch, "main", "--as-of", AFTER_THE_ONE_OPT_OUT_RULE)
    # It is told where the last of the lists is kept: in c.yaml, which is not what changed.
    assert [one for one in rules(found) if one[0].endswith(".yaml")] == []
    branch.list(entry(D), name=name, list_id="third")
    found = changed(branch, "main", "--as-of", AFTER_THE_ONE_OPT_OUT_RULE)
    assert [one for one in rules(found) if one[0].endswith(".yaml")] == [(f"{name}.yaml", "US-REV-04")]


def test_only_what_changed_is_counted(branch):
    branch.list(entry(A, D), name="a")
    found = changed(branch)
    assert (found["files"], found["numbers"]) == (1, 2)
    a_hold_of_a_list_elsewhere(branch)  # all files are read, and two of them are judged
    found = changed(branch)
    assert (found["files"], found["numbers"]) == (2, 2)


def test_what_others_merged_since_is_none_of_the_branch(branch):
    edited(branch)
    branch.git("switch", "-q", "main")
    new(branch)
    branch.git("switch", "-q", "work")
    assert {file for file, _ in rules(changed(branch, "origin/main"))} == {"a.yaml"}


def a_rule(project: Project) -> str:
    given = (ROOT / "schema" / "regulations" / "fr.json").read_text()
    project.write("schema/regulations/fr.json", given + "\n")
    project.commit()
    return "schema/regulations/fr.json differs"


def settings(project: Project) -> str:
    project.tenant(removal="none")
    return "dnc.yaml differs"


@pytest.mark.parametrize("change", [a_rule, settings])
def test_everything_is_judged_where_rules_or_settings_changed(branch, change):
    said = change(branch)
    found, err = validated(branch, "--changed-since", "main")
    assert said in err
    assert (found["changed_since"], found["files"]) == (None, 3)
    assert found["findings"] == validated(branch)[0]["findings"]


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("0" * 40, "no commit to compare with"),
        ("f" * 40, "ffffffffffff is not in this clone"),
        ("origin/gone", "origin/gone"),
    ],
)
def test_everything_is_judged_where_nothing_can_be_compared(branch, since, said):
    found, err = validated(branch, "--changed-since", since)
    assert said in err
    assert "every file is judged" in err
    assert (found["changed_since"], found["files"]) == (None, 3)


def test_everything_is_judged_outside_of_a_repository(branch):
    (branch.folder / ".git").rename(branch.folder / "elsewhere")
    found, err = validated(branch, "--changed-since", "main")
    (branch.folder / "elsewhere").rename(branch.folder / ".git")
    assert "there is no repository to find main in; so every file is judged" in err
    assert found["files"] == 3


def test_fmt_puts_in_order_what_changed(branch):
    branch.write("dnc-lists/new.yaml", f"listId: {LIST}\nentries: []\n\n\n")
    done = branch.run("fmt", "--check", "--changed-since", "main")
    assert (done.code, done.out) == (3, "dnc-lists/new.yaml: not canonical\n")
    assert branch.run("fmt", "--check").out.count("not canonical") > 1


@pytest.mark.parametrize("command", ["validate", "fmt"])
def test_files_are_named_or_asked_for_by_what_changed(branch, command):
    done = branch.run(command, "dnc-lists/a.yaml", "--changed-since", "main")
    assert done.code == 2
    assert "not both" in done.err
