"""Which revision is applied, and where files come from."""

import subprocess

import pytest

from tests.commands.record.test_doubtful_chain import append
from tests.support.project import BRANCH, Project, entry, making, release
from tests.support.recorder import recording
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


def test_a_branch_that_is_not_merged(project: Project):
    project.list(entry(A))
    project.git("checkout", "-qb", "feature")
    project.list(entry(A, B))
    assert project.plan().counts() == {"create": 2}
    done = project.apply(code=7)
    assert done.json["errored"] is True
    assert project.live() == {}
    assert project.tip() == ""
    assert "merge it first" in done.err


def test_what_is_not_merged_sends_no_secret_anywhere(project: Project):
    """B12: the address of a branch that nobody merged is refused before anything is sent to it."""
    project.list(entry(A))
    project.apply()
    with recording() as attacker:
        project.git("checkout", "-qb", "feature")
        project.tenant(baseUrl=attacker.url)
        project.apply(code=7, CI_COMMIT_BRANCH="feature", CI_DEFAULT_BRANCH="main")
        project.git("checkout", "-q", "--detach")
        project.apply(code=7, CI_COMMIT_TAG="v1", CI_DEFAULT_BRANCH="main")
        assert attacker.told == []


@pytest.mark.parametrize("ahead", [True, False])
def test_a_report_of_a_revision_that_is_not_merged_holds_nothing_up(project: Project, ahead: bool):
    """B14: whoever can write a report must not be able to stop what protects with exit 7."""
    project.list(entry(A, B))
    project.apply()
    if ahead:
        project.list(entry(A, B, C))
    project.git("checkout", "-qb", "side")
    project.git("commit", "-q", "--allow-empty", "-m", "side")
    side = project.head
    project.git("push", "-q", "origin", "side")
    project.git("checkout", "-q", "main")
    append(project, lambda report: report.update(revision=side))
    if not ahead:
        project.list(entry(A, C), releases=[release(B)])
    done = project.apply(code=7)
    assert "not on the remote's default branch" in done.err
    assert set(project.live()) == {A, B, C}


def test_a_merged_revision_that_is_not_the_tip_may_protect(project: Project):
    first = project.list(entry(A))
    project.list(entry(A, B))
    project.git("checkout", "-q", first)
    project.apply()
    assert set(project.live()) == {A}
    project.git("checkout", "-q", "main")
    project.apply()
    assert set(project.live()) == {A, B}


def test_a_merged_revision_that_is_not_the_tip_exposes_nothing(project: Project):
    project.list(entry(A, B))
    project.apply()
    released = project.list(entry(B), releases=[release(A)])
    project.list(entry(A, B))
    project.git("checkout", "-q", released)
    project.apply(code=6)
    assert set(project.live()) == {A, B}


def test_an_older_revision_changes_nothing(project: Project):
    older = project.list(entry(A))
    project.list(entry(A, B))
    project.apply()
    tip, writes = project.tip(), project.asked("bulk")
    project.git("checkout", "-q", older)
    project.agent("remove", A)
    project.apply(code=7)
    assert (project.tip(), project.asked("bulk")) == (tip, writes)
    assert set(project.live()) == {B}


def test_rewritten_history_needs_a_word_and_is_protective_only(project: Project):
    project.list(entry(A))
    base = project.head
    project.list(entry(A, B))
    project.apply()
    project.git("reset", "-q", "--hard", base)
    project.list(entry(A, C), releases=[release(B)], commit=False)
    project.git("add", "-A")
    project.git("commit", "-qm", "rewritten")
    project.git("push", "-qf", "origin", "HEAD")
    done = project.apply(code=7)
    assert "--accept-history" in done.err
    assert set(project.live()) == {A, B, C}  # doubt holds nothing protective up
    project.apply("--accept-history", code=6)
    assert set(project.live()) == {A, B, C}
    (kept,) = project.newest["kept"]
    assert (kept["phones"], kept["blocked_by"]) == ([B], ["superseded"])
    project.apply()
    assert set(project.live()) == {A, C}


def test_rewritten_history_is_accepted_once_also_where_nothing_is_to_do(project: Project):
    project.list(entry(A))
    project.list(entry(A, B))
    project.apply()
    project.git("commit", "-q", "--amend", "-m", "said better")
    project.git("push", "-qf", "origin", "HEAD")
    project.apply(code=7)
    project.apply("--accept-history")
    assert project.newest["revision"] == project.head
    project.apply()


def test_another_target_holds_nothing(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])
    planned = project.plan(CXONE_ORG_ID="another")
    assert planned.json["held_revision"] is None
    assert planned.drift == [("unmanaged", [A])]
    assert "a different CXone" in planned.err
    project.apply(CXONE_ORG_ID="another")
    assert set(project.live()) == {A, B, C}
    assert project.newest["target"]["organisation"] == "another"


@pytest.mark.parametrize("variables", [{}, {"CI": ""}])
def test_no_remote(tmp_path, variables):
    with making(tmp_path, origin=False) as project:
        project.list(entry(A, B))
        project.apply("--yes", **variables)
        project.list(entry(B), releases=[release(A)])
        project.apply("--yes", **variables)
        assert set(project.live()) == {B}
        assert [r["seq"] for r in project.reports()] == [1, 2]


DIRT = ["changed", "untracked", "ignored", "deleted", "configuration", "schema", "staged"]


def disturb(project: Project, dirty: str) -> None:
    """Let the working tree differ from the commit."""
    match dirty:
        case "changed":
            project.list(entry(A, B), commit=False)
        case "untracked":
            project.list(entry(B), name="new", commit=False)
        case "ignored":
            project.list(entry(B), name="local", commit=False)
        case "deleted":
            (project.folder / "dnc-lists/main.yaml").unlink()
        case "configuration":
            project.write("dnc.yaml", (project.folder / "dnc.yaml").read_text() + "\n")
        case "schema":
            project.write("schema/regulations/mine.json", "{}")
        case "staged":
            project.list(entry(B), name="new", commit=False)
            project.git("add", "-A")


@pytest.mark.parametrize("dirty", DIRT)
def test_apply_on_a_terminal_needs_what_counts_committed(project: Project, dirty):
    project.write(".gitignore", "dnc-lists/local.yaml\n")
    project.list(entry(A))
    disturb(project, dirty)
    done = project.run("apply", "--yes", "--format", "json", CI="")
    assert done.code == 4
    assert done.json["errored"] is True
    assert project.live() == {}
    assert "not committed" in done.err
    if dirty != "schema":  # which is invalid besides
        planned = project.plan()
        assert "working tree differs" in planned.err


@pytest.mark.parametrize("dirty", DIRT)
def test_apply_in_a_pipeline_sends_the_commit_and_exposes_nothing(project: Project, dirty):
    project.write(".gitignore", "dnc-lists/local.yaml\n")
    project.list(entry(A, C))
    project.apply()
    project.list(entry(A, D), releases=[release(C)])
    disturb(project, dirty)
    done = project.apply(code=6)
    assert set(project.live()) == {A, C, D}
    assert ("delete", "exposing", "released", [C], ["superseded"]) in done.changes
    assert "GIT-TREE" in {finding["rule"] for finding in done.json["findings"]}
    assert "working tree differs from the commit" in done.err
    project.git("stash", "-q", "--all")
    project.apply()
    assert set(project.live()) == {A, D}


def test_other_dirt_does_not_matter(project: Project):
    project.list(entry(A))
    project.write("README.md", "dirt\n")
    project.write("notes.yaml", "dirt: true\n")
    project.apply()
    assert set(project.live()) == {A}
    assert "differs" not in project.plan().err


def test_a_plan_reads_the_working_tree(project: Project):
    project.list(entry(A))
    project.list(entry(A, B), commit=False)
    planned = project.plan()
    assert planned.counts() == {"create": 2}
    assert planned.json["source"] == {
        "kind": "working-tree",
        "uncommitted": ["dnc-lists/main.yaml"],
        "onto": None,
    }


def test_a_plan_names_what_it_planned(project: Project):
    project.list(entry(A))
    head = project.head[:12]
    assert project.run("plan").out.startswith(f"Plan for production at {head}, first run\n")
    assert project.plan().json["source"]["kind"] == "commit"
    project.list(entry(A, B), commit=False)
    done = project.run("plan", "--report", "markdown=plan.md", "--report", "html=plan.html")
    named = f"{head} + 1 uncommitted file (dnc-lists/main.yaml)"
    assert done.out.startswith(f"Plan for production at {named}, first run\n")
    assert "the working tree differs from the commit in 1 file, and is what is planned: " in done.err
    assert f"Plan at {head} + 1 uncommitted file (dnc-lists/main.yaml)." in (
        project.folder / "plan.md"
    ).read_text().replace("\\", "")
    assert f"Plan at {named}; " in (project.folder / "plan.html").read_text()


def test_many_uncommitted_files_are_counted(project: Project):
    project.list(entry(A))
    for name in "abcde":
        project.list(entry(phone(ord(name))), name=name, commit=False)
    first = project.run("plan").out.splitlines()[0]
    assert " + 5 uncommitted files (dnc-lists/a.yaml, dnc-lists/b.yaml, dnc-lists/c.yaml and 2 more)" in first


def test_a_merged_plan_says_what_it_is_merged_into(project: Project):
    project.list(entry(A))
    first = project.run("plan", "--onto", "origin/main").out.splitlines()[0]
    assert f" at {project.head[:12]} merged into origin/main, " in first


def test_a_plan_without_any_commit(tmp_path):
    with making(tmp_path) as project:
        subprocess.run(["rm", "-rf", str(project.folder / ".git")], check=True)
        project.git("init", "-q", "-b", "main", str(project.folder))
        project.list(entry(A), commit=False)
        planned = project.plan()
        assert (planned.json["revision"], planned.json["held_revision"]) == (None, None)
        assert planned.json["source"]["kind"] == "no-commit"
        assert "of the files as they are: no commit yet, first run" in project.run("plan").out
        assert planned.counts() == {"create": 1}
        project.apply(code=4)
        assert project.live() == {}


def test_a_plan_outside_a_repository(tmp_path):
    with making(tmp_path) as project:
        subprocess.run(["rm", "-rf", str(project.folder / ".git")], check=True)
        project.list(entry(A), commit=False)
        planned = project.plan(GIT_CEILING_DIRECTORIES=str(tmp_path))
        assert planned.json["revision"] is None
        assert planned.json["source"]["kind"] == "no-repository"
        assert "not a git repository: planning the files as they are" in planned.err
        shown = project.run("plan", GIT_CEILING_DIRECTORIES=str(tmp_path)).out
        assert shown.startswith("Plan for production of the files as they are: not a git repository, ")
        assert planned.counts() == {"create": 1}
        project.apply(code=4)
        assert project.run("validate").code == 0


def test_a_branch_that_is_behind_does_not_look_like_a_mass_removal(project: Project):
    base = project.list(entry(A))
    project.list(entry(B), name="second")
    project.apply()
    project.git("checkout", "-qb", "feature", base)
    project.list(entry(C), name="third")
    alone = project.plan(code=6)
    assert ("delete", "exposing", "vanished", [B], ["no-release"]) in alone.changes
    merged = project.plan("--onto", "origin/main")
    assert merged.changes == [("create", "protective", "declared", [C], [])]
    assert merged.json["revision"] == project.head
    by_itself = project.plan(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert by_itself.json["digest"] == merged.json["digest"]
    assert project.plan(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="", code=6).changes == alone.changes


def test_the_configuration_of_a_merge_request_is_the_merged_one(project: Project):
    base = project.list(entry(A))
    project.git("checkout", "-qb", "feature", base)
    project.list(entry(B), name="second")
    project.git("checkout", "-q", "main")
    project.tenant(listIds={"dnc-list-01": "renamed"})
    project.git("checkout", "-q", "feature")
    project.agent("add", A, list_id="renamed")
    assert project.plan("--onto", "origin/main").changes == [("create", "protective", "declared", [B], [])]


def test_a_merge_that_conflicts(project: Project):
    base = project.list(entry(A))
    project.list(entry(B))
    project.git("checkout", "-qb", "feature", base)
    project.list(entry(C))
    done = project.plan("--onto", "origin/main", code=4)
    assert done.json["errored"] is True
    assert "dnc-lists/main.yaml" in done.err
    assert "rebase" in done.json["findings"][0]["message"]


def test_a_target_branch_that_is_not_there(project: Project):
    project.list(entry(A))
    assert project.plan("--onto", "origin/nowhere", code=4).json["errored"] is True
    assert project.plan("--onto", "nowhere", code=4).json["errored"] is True


def test_the_clone_of_a_pipeline(project: Project):
    """Shallow, with a detached head, no identity, and the audit branch not there: what a runner makes."""
    project.list(entry(A, B))
    project.apply()
    for number in range(25):
        project.write("README.md", f"{number}\n")
        project.commit(push=False)
    project.list(entry(B, C), releases=[release(A)])
    job = project.clone("job", "--depth", "20", "--no-tags", "--single-branch")
    job.git("checkout", "-q", "--detach")
    planned = job.plan()
    assert planned.changes == [
        ("create", "protective", "declared", [C], []),
        ("delete", "exposing", "released", [A], []),
    ]
    job.apply()
    assert set(project.live()) == {B, C}
    assert [r["seq"] for r in job.reports()] == [1, 2]
    assert job.run("audit", "verify").code == 0
    author = job.git("log", "-1", "--format=%an <%ae>", BRANCH)
    assert "ann" not in author.lower()


def test_a_shallow_merge_request(project: Project):
    base = project.list(entry(A))
    for number in range(25):
        project.write("README.md", f"{number}\n")
        project.commit(push=False)
    project.list(entry(B), name="second")
    project.git("checkout", "-qb", "feature", base)
    project.list(entry(C), name="third")
    job = project.clone("job", "--depth", "20", "--branch", "feature", "--single-branch")
    planned = job.plan(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert planned.changes == [("create", "protective", "declared", [A, B, C], [])]


def test_a_remote_without_push_options(project: Project):
    project.git("-C", str(project.origin), "config", "receive.advertisePushOptions", "false")
    project.list(entry(A))
    project.apply()
    assert project.tip() == project.git("rev-parse", BRANCH)


def test_a_remote_with_push_options(project: Project):
    hook = project.origin / "hooks/pre-receive"
    hook.write_text('#!/bin/sh\nprintf "%s" "$GIT_PUSH_OPTION_0" > option\n')
    hook.chmod(0o755)
    project.git("-C", str(project.origin), "config", "receive.advertisePushOptions", "true")
    project.list(entry(A))
    project.apply()
    assert (project.origin / "option").read_text() == "ci.skip"


def test_a_project_in_a_folder_of_its_repository(project: Project):
    inner = project.folder / "lists"
    inner.mkdir()
    (project.folder / "dnc.yaml").rename(inner / "dnc.yaml")
    outer, project.folder = project.folder, inner
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    project.apply()
    assert set(project.live()) == {B}
    project.folder = outer
    assert [r["seq"] for r in project.reports()] == [1, 2]


def test_a_branch_that_is_far_behind_plans_only_its_own(project: Project):
    """A thousand numbers were added to main since: none of them looks as if the branch took it off."""
    base = project.list(entry(A))
    added = [f"+1212555{n:04d}" for n in range(2000, 3000)]
    project.list(entry(*added), name="intake")
    project.apply()
    project.git("checkout", "-qb", "feature", base)
    project.list(entry(B), name="mine")
    job = project.clone("far-behind", "--depth", "1", "--branch", "feature", "--single-branch")
    job.git("checkout", "-q", "--detach")
    assert not (job.folder / "dnc-lists/intake.yaml").exists()
    made = job.plan(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main", CI_MERGE_REQUEST_IID="7")
    assert made.changes == [("create", "protective", "declared", [B], [])]
    assert made.json["summary"]["unchanged"] == 1001
