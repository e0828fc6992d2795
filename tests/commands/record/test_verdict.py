"""The verdict of `dnc audit verify`: its last line, its exit code, and what it says of each tenant."""

from pathlib import Path

import pytest

from tests.support.project import BRANCH, Project, entry, making
from tests.support.result import Result
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
NOTHING = "NOTHING TO VERIFY: "


@pytest.fixture
def applied(project: Project) -> Project:
    """A repository with two reports, both pushed."""
    for phones in ((A,), (A, B)):
        project.list(entry(*phones))
        project.apply()
    return project


def verify(project: Project, *arguments: str, code: int, **environ: str) -> Result:
    """Verify; the text's last line and the JSON say one verdict, with one exit code."""
    done = project.run("audit", "verify", *arguments, **environ)
    assert done.code == code, (done.code, done.out, done.err)
    told = project.run("audit", "verify", *arguments, "--format", "json", **environ)
    assert (told.code, told.json["exit_code"]) == (code, code)
    assert last(done) == f"{told.json['verdict']}: {told.json['verdict_text']}"
    return done


def last(done: Result) -> str:
    return done.out.splitlines()[-1]


def sha256_of_first(project: Project) -> str:
    return str(project.run("audit", "verify", "--format", "json").json["heads"][0]["first"])


def test_a_record_that_is_whole_is_ok(applied: Project):
    done = verify(applied, code=0)
    assert last(done) == (
        "OK: production: 2 reports, unbroken, nothing changed or removed. This clone and origin agree."
    )
    (tenant,) = applied.run("audit", "verify", "--format", "json").json["tenants"]
    assert tenant == {
        "tenant": "production",
        "verdict": "OK",
        "reports": 2,
        "not_at_remote": 0,
        "not_here": 0,
        "pinned": False,
    }


def test_a_record_that_was_removed_here_and_at_the_remote_does_not_pass(applied: Project):
    applied.git("branch", "-D", BRANCH)
    applied.git("push", "-q", "origin", f":{BRANCH}")
    done = verify(applied, code=3)
    assert last(done).startswith(f"{NOTHING}no report of production, here or at origin.")
    assert f"restore the branch {BRANCH}" in last(done)
    assert not applied.run("audit", "verify", "--format", "json").json["verified"]


def test_before_the_first_report_there_is_nothing_and_the_line_says_what_writes_it(project: Project):
    done = verify(project, code=3)
    assert last(done).startswith(f"{NOTHING}no report of production, here or at origin.")
    assert last(done).endswith("Otherwise dnc apply writes the first.")
    assert "warning" not in done.out


def test_nothing_without_a_remote(tmp_path: Path):
    with making(tmp_path, origin=False) as project:
        done = verify(project, code=3)
        assert "no report of production, in this clone, which has no remote." in last(done)


def test_a_record_without_a_remote_says_that_nobody_else_has_it(tmp_path: Path):
    with making(tmp_path, origin=False) as project:
        project.list(entry(A))
        project.apply()
        done = verify(project, code=0)
        assert last(done).endswith("They are in this clone only, which has no remote.")
        (tenant,) = project.run("audit", "verify", "--format", "json").json["tenants"]
        assert (tenant["not_at_remote"], tenant["not_here"]) == (None, None)


def test_a_removed_report_fails_and_names_the_first_problem(applied: Project):
    other = applied.clone("other", "--branch", BRANCH)
    name = next(name for name in other.git("ls-files").splitlines() if name.endswith(".json"))
    other.git("rm", "-q", name)
    other.git("commit", "-qm", "gone")
    other.git("push", "-q", "origin", BRANCH)
    done = verify(applied, code=4)
    assert last(done).startswith("FAILED: production: ")
    assert f"origin/{BRANCH}:{name}: the commit {other.head} removed it" in last(done)
    assert "Show it to an auditor" in last(done)
    assert done.err.startswith("error: ")
    assert "genesis: {" not in done.out  # nobody pins what is in doubt


def test_a_branch_that_is_gone_at_the_remote_alone_fails(applied: Project):
    applied.git("-C", str(applied.origin), "update-ref", "-d", f"refs/heads/{BRANCH}")
    done = verify(applied, code=4)
    assert last(done).startswith(f"FAILED: production: 1 problem in the record, the first: origin/{BRANCH}:")


def test_a_branch_that_is_only_here_was_not_pushed(project: Project):
    project.list(entry(A))
    project.apply("--yes", CI="")
    done = verify(project, code=0)
    assert last(done) == (
        "OK: production: 1 report, unbroken, nothing changed or removed. "
        "Not at the remote: 1 report (push: dnc audit push)."
    )
    assert "agree" not in done.out


def test_a_branch_that_is_only_at_the_remote_is_read_there(applied: Project):
    done = verify(applied.clone("fresh"), code=0)
    assert last(done).endswith(f"They are at origin; this clone has no branch {BRANCH} to compare with.")


def test_one_report_that_was_not_pushed_is_counted(applied: Project):
    applied.list(entry(A, B, C))
    applied.apply("--yes", CI="")
    done = verify(applied, code=0)
    assert "3 reports, unbroken" in last(done)
    assert "Not at the remote: 1 report (" in last(done)
    (tenant,) = applied.run("audit", "verify", "--format", "json").json["tenants"]
    assert (tenant["reports"], tenant["not_at_remote"], tenant["not_here"]) == (3, 1, 0)


def test_a_clone_that_lacks_reports_of_others_says_so(applied: Project):
    other = applied.clone("other")
    other.list(entry(A, B, C))
    other.apply()
    done = verify(applied, code=0)
    assert last(done).endswith(f"They are at origin; this clone's {BRANCH} lacks 1 report.")


def test_both_have_reports_that_the_other_lacks(applied: Project):
    other = applied.clone("other")
    applied.list(entry(A, B, C))
    applied.apply("--yes", CI="")
    other.git("pull", "-q")
    other.apply(CI_PIPELINE_SOURCE="schedule")
    done = verify(applied, code=0)
    assert "4 reports, unbroken" in last(done)
    assert "Not at the remote: 1 report (" in last(done)


def test_a_remote_that_does_not_answer_means_that_nothing_was_verified(applied: Project):
    applied.origin.rename(applied.origin.with_suffix(".gone"))
    done = verify(applied, code=4)
    assert last(done).startswith("FAILED: nothing was verified: the remote origin does not answer")
    assert "check the network" in done.err


def test_outside_of_a_repository_nothing_was_verified(project: Project):
    (project.folder / ".git").rename(project.folder / "git")
    done = verify(project, code=4)
    assert last(done) == "FAILED: nothing was verified: this is no git repository"


def test_a_record_that_has_stopped_fails_with_3(applied: Project):
    applied.clock.move(hours=27)
    done = verify(applied, "--max-age", "26h", code=3)
    assert last(done).startswith("FAILED: the newest report of production is too old")
    verify(applied, code=0)


def test_no_report_at_all_with_a_limit_of_age_is_nothing(project: Project):
    assert last(verify(project, "--max-age", "26h", code=3)).startswith(NOTHING)


# Several tenants.


def with_two(project: Project) -> None:
    """Add a second real tenant with lists of its own."""

    def add(configuration):
        tenants = configuration["tenants"]
        tenants["production"]["lists"] = ["dnc-lists/*.yaml"]
        tenants["emea"] = {**tenants["production"], "orgId": "emea", "lists": ["dnc-lists-emea/*.yaml"]}

    project.configure(add)


def test_a_real_tenant_without_a_report_beside_one_with_does_not_pass(applied: Project):
    with_two(applied)
    done = verify(applied, code=3)
    assert "emea: NOTHING TO VERIFY: no report, here or at origin\n" in done.out
    assert "production: OK: 2 reports, unbroken, nothing changed or removed." in done.out
    assert last(done).startswith(f"{NOTHING}no report of emea, here or at origin. OK: production.")
    tenants = applied.run("audit", "verify", "--format", "json").json["tenants"]
    assert {one["tenant"]: one["verdict"] for one in tenants} == {
        "emea": "NOTHING TO VERIFY",
        "production": "OK",
    }


def test_the_tenant_that_is_named_is_the_one_that_is_judged(applied: Project):
    with_two(applied)
    assert last(verify(applied, "--tenant", "production", code=0)).startswith("OK: production: 2 reports")
    assert last(verify(applied, "--tenant", "emea", code=3)).startswith(f"{NOTHING}no report of emea,")
    assert last(verify(applied, "--tenant", "toy", code=3)).startswith(f"{NOTHING}no report of toy,")


def test_a_built_in_cxone_without_a_report_is_nobodys(applied: Project):
    assert "toy" not in verify(applied, code=0).out


def test_two_tenants_with_reports_pass_together(applied: Project):
    applied.apply("--tenant", "toy")
    done = verify(applied, code=0)
    assert last(done) == (
        "OK: 2 tenants (production, toy): 3 reports, unbroken, nothing changed or removed. "
        "This clone and origin agree."
    )


def test_a_project_that_is_tried_out_passes_and_names_the_tenant_without_a_report(project: Project):
    project.configure(lambda c: c.update(defaultTenant="toy"))
    project.list(entry(A))
    project.apply("--tenant", "toy")
    done = verify(project, code=0)
    assert last(done).startswith("OK: toy: 1 report, unbroken")
    assert last(done).endswith("No report of production yet.")
    assert last(verify(project, "--tenant", "production", code=3)).startswith(NOTHING)
    assert last(verify(project, "--max-age", "26h", code=3)).startswith(NOTHING)


# The first report.


def test_what_is_not_pinned_is_a_warning_with_the_line_to_paste(applied: Project):
    first = sha256_of_first(applied)
    done = verify(applied, code=0)
    lines = done.out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("warning: "))
    assert "the first report of production is not pinned" in lines[place]
    assert lines[place].endswith("Add this line to dnc.yaml:")
    assert lines[place + 1] == f"audit: {{genesis: {{production: {first}}}}}"
    (warning,) = applied.run("audit", "verify", "--format", "json").json["warnings"]
    assert warning.endswith(lines[place + 1])


def test_the_line_is_pasted_and_pins_it(applied: Project):
    line = f"audit: {{genesis: {{production: {sha256_of_first(applied)}}}}}"
    lines = (applied.folder / "dnc.yaml").read_text().splitlines()
    applied.write("dnc.yaml", "\n".join([*lines[:-1], f", {line}", lines[-1]]))  # it is JSON in one map
    applied.commit()
    done = verify(applied, code=0)
    assert "audit.genesis pins it" in done.out
    assert "warning" not in done.out


def test_the_line_fits_a_section_that_is_there(applied: Project):
    first = sha256_of_first(applied)
    applied.configure(lambda c: c.update(audit={"branch": BRANCH}))
    out = verify(applied, code=0).out
    assert "Add this line below audit: in dnc.yaml:\n" in out
    assert f"\n  genesis: {{production: {first}}}\n" in out


def test_the_line_keeps_what_is_pinned_already(applied: Project):
    first = sha256_of_first(applied)
    applied.configure(lambda c: c.update(audit={"genesis": {"production": first}}))
    applied.apply("--tenant", "toy")
    done = verify(applied, code=0)
    assert "the first report of toy is not pinned" in done.out
    assert "Replace genesis below audit: in dnc.yaml by:\n" in done.out
    assert f"\n  genesis: {{production: {first}, toy: " in done.out


def test_a_pinned_record_that_is_gone_fails(applied: Project):
    first = sha256_of_first(applied)
    applied.configure(lambda c: c.update(audit={"genesis": {"production": first}}))
    applied.git("branch", "-D", BRANCH)
    applied.git("push", "-q", "origin", f":{BRANCH}")
    assert "audit.genesis pins its first one" in last(verify(applied, code=4))
