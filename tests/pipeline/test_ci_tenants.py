"""A job for each tenant: which there are, what GitLab takes, and forty of them run."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reconciler.cli.render.gitlab_reports import MAX_REPORT_BYTES, child_pipeline
from reconciler.core.model.errors import InvalidInput
from reconciler.use_cases.operations.ci_tenants import FanOut, Work
from tests.support.project import MERGE_REQUEST, ROOT, Project, entry, making
from tests.support.sandbox import phone

APPLY = 'dnc apply --tenant "$DNC_TENANT" --format json > "plans/$DNC_TENANT.json"'


def name(place: int) -> str:
    return f"t{place:02}"


def tenant(place: int, url="http://127.0.0.1:9") -> dict:
    return {
        "dialect": "entries",
        "orgId": f"org{place}",
        "baseUrl": url,
        "clientId": "dnc-tests",
        "clientSecret": "${CXONE_CLIENT_SECRET}",
        "lists": [f"dnc-lists/{name(place)}/**/*.yaml"],
        "requestsPerMinute": 1_000_000,
    }


def configure(project: Project, tenants: dict) -> None:
    project.configure(lambda c: c.update(defaultTenant=next(iter(tenants)), tenants=tenants))


@pytest.fixture
def project(tmp_path):
    with making(tmp_path) as made:
        yield made


@pytest.fixture
def three(project):
    """Give a repository with three tenants, each with a list of its own."""
    configure(project, {name(n): tenant(n) for n in range(3)})
    for n in range(3):
        project.list(entry(phone(n)), name=f"{name(n)}/main", commit=False)
    project.commit()
    return project


def tenants_of(project: Project, *arguments: str, **environ: str) -> list[str]:
    done = project.run("ci", "tenants", *arguments, **environ)
    assert done.code == 0, done.err
    jobs = yaml.safe_load(done.out)
    return [job["variables"]["DNC_TENANT"] for job in jobs.values() if "extends" in job]


def passes_gitlabs_schema(file: Path) -> None:
    checker = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_tenant_has_a_job(three):
    assert tenants_of(three) == ["t00", "t01", "t02"]


def settings(project: Project, **more) -> None:
    tenants = {name(n): tenant(n) for n in range(3)}
    project.configure(lambda c: c.update({"defaultTenant": "t00", "tenants": tenants} | more))


def a_new_tenant(project: Project) -> None:
    configure(project, {name(n): tenant(n) for n in range(4)})


def settings_of_one(project: Project) -> None:
    tenants = {name(n): tenant(n) for n in range(3)}
    tenants["t01"]["removal"] = "delete"
    configure(project, tenants)


def a_rule(project: Project) -> None:
    rules = (ROOT / "schema" / "regulation.schema.json").read_text()
    project.write("schema/regulation.schema.json", rules + "\n")
    project.commit()


def a_file_that_is_gone(project: Project) -> None:
    project.git("rm", "-q", "dnc-lists/t02/main.yaml")
    project.commit()


def something_else(project: Project) -> None:
    project.write("README.md", "nothing of ours")
    project.commit()


@pytest.mark.parametrize(
    ("change", "whose"),
    [
        (lambda project: project.list(entry(phone(9)), name="t01/more"), ["t01"]),
        (a_file_that_is_gone, ["t02"]),
        (settings_of_one, ["t01"]),
        (a_new_tenant, ["t03"]),
        (lambda project: settings(project, safety={"maxRemovals": 7}), ["t00", "t01", "t02"]),
        (lambda project: settings(project, audit={"push": "never"}), ["t00", "t01", "t02"]),
        (a_rule, ["t00", "t01", "t02"]),
        (something_else, []),
        (lambda project: settings(project, defaultTenant="t02"), []),
    ],
    ids=["file", "file-gone", "settings", "new-tenant", "limits", "audit", "rule", "else", "default"],
)
def test_only_what_changed_has_a_job(three, change, whose):
    before = three.head
    change(three)
    assert tenants_of(three, "--changed-since", before) == whose


def test_a_merge_request_that_is_behind_has_only_its_own_changes(three):
    three.git("switch", "-qc", "feature")
    three.list(entry(phone(9)), name="t01/more", commit=False)
    three.commit(push=False)
    three.git("switch", "-q", "main")
    three.list(entry(phone(8)), name="t02/more")
    three.git("switch", "-q", "feature")
    assert tenants_of(three, "--changed-since", "origin/main", **MERGE_REQUEST) == ["t01"]


@pytest.mark.parametrize("since", ["0" * 40, "f" * 40, "no-such-branch", "origin/gone"])
def test_what_cannot_be_compared_is_every_tenant(three, since):
    assert tenants_of(three, "--changed-since", since) == ["t00", "t01", "t02"]


def test_a_past_that_cannot_be_read_is_every_tenant(three):
    three.write("dnc.yaml", "nonsense: true")
    before = three.commit()
    settings(three)
    assert tenants_of(three, "--changed-since", before) == ["t00", "t01", "t02"]


def test_a_configuration_that_cannot_be_read_is_told(three):
    three.write("dnc.yaml", "nonsense: true")
    done = three.run("ci", "tenants")
    assert (done.code, done.out) == (4, "")


def test_the_built_in_cxone_has_no_job(three):
    three.configure(lambda c: c["tenants"].update(production=tenant(1)))
    done = three.run("ci", "tenants")
    assert "plan toy" not in done.out
    assert "left out, being the built-in CXone: toy" in done.err


@pytest.mark.parametrize("arguments", [(), ("--work", "plan"), ("--work", "apply")])
def test_gitlab_takes_it(three, tmp_path, arguments):
    file = tmp_path / "child.yml"
    common = tmp_path / "common.yml"
    common.write_text("default:\n  image: python:3.11\n  before_script: [pip install .]\n")
    three.run("ci", "tenants", *arguments, "--with", str(common), "-o", str(file))
    passes_gitlabs_schema(file)
    assert yaml.safe_load(file.read_text())["default"]["image"] == "python:3.11"


def test_nothing_to_do_is_a_pipeline_too(three, tmp_path):
    file = tmp_path / "child.yml"
    three.run("ci", "tenants", "--changed-since", three.head, "-o", str(file))
    passes_gitlabs_schema(file)
    assert [job for job in yaml.safe_load(file.read_text()) if job not in {"workflow", "stages"}] == [
        "nothing"
    ]


def test_five_hundred_tenants_fit_with_room(tmp_path):
    found = FanOut(Work.APPLY, tuple(f"tenant-{n:03}" for n in range(500)), "dnc.yaml")
    text = child_pipeline(found)
    assert len(text.encode()) < MAX_REPORT_BYTES / 20
    jobs = yaml.safe_load(text)
    assert sum("extends" in job for job in jobs.values()) == 500
    groups = {job["resource_group"] for job in jobs.values() if "resource_group" in job}
    assert len(groups) == 500
    assert not any("parallel" in job for job in jobs.values())
    file = tmp_path / "child.yml"
    file.write_text(text)
    passes_gitlabs_schema(file)


def test_more_than_gitlab_takes_is_refused(monkeypatch):
    monkeypatch.setattr("reconciler.cli.render.gitlab_reports.MAX_REPORT_BYTES", 2_000)
    found = FanOut(Work.PLAN, tuple(f"t{n:02}" for n in range(20)), "dnc.yaml")
    with pytest.raises(InvalidInput, match=r"20 tenants has [0-9],[0-9]{3} bytes, and GitLab takes 2,000"):
        child_pipeline(found)


@pytest.mark.parametrize("common", ["stages: [a]", "- a", "a: [", "gather: {script: x}"])
def test_what_comes_first_must_not_take_our_place(common):
    with pytest.raises(InvalidInput, match="what comes first"):
        child_pipeline(FanOut(Work.PLAN, ("a",), "dnc.yaml"), common)


def jobs_of(found: FanOut) -> dict:
    return yaml.safe_load(child_pipeline(found))


@pytest.mark.parametrize(("work", "code"), [(Work.PLAN, 6), (Work.APPLY, 7)])
def test_no_tenant_stops_another(work, code):
    jobs = jobs_of(FanOut(work, ("a", "b"), "dnc.yaml"))
    assert jobs[".tenant"]["needs"] == []
    assert jobs[".tenant"]["allow_failure"] == {"exit_codes": [code]}
    assert jobs[".tenant"]["artifacts"]["when"] == "always"
    # The report comes by its stage, whatever the others came to: `needs` takes 50 jobs only.
    assert (jobs["gather"]["stage"], jobs["gather"]["when"], "needs" in jobs["gather"]) == (
        "report",
        "always",
        False,
    )
    assert jobs["stages"] == ["tenants", "report"]


def test_an_apply_is_alone_with_its_tenant_and_not_interrupted():
    jobs = jobs_of(FanOut(Work.APPLY, ("a",), "dnc.yaml"))
    assert jobs[".tenant"]["interruptible"] is False
    assert (jobs["apply a"]["resource_group"], jobs["apply a"]["environment"]) == ("cxone-a", {"name": "a"})


def test_what_an_apply_read_is_kept_for_protected_jobs():
    """S4: a plan restores nothing, since any branch could have written it."""
    found = jobs_of(FanOut(Work.APPLY, ("a",), "a/dnc.yaml"))[".tenant"]["cache"]
    assert found["key"] == "cxone-$DNC_TENANT"  # that of the shipped pipeline, too
    assert (found["policy"], *found["paths"]) == ("pull-push", "a/.dnc/")
    assert "unprotect" not in found
    assert "cache" not in jobs_of(FanOut(Work.PLAN, ("a",), "dnc.yaml"))[".tenant"]


def test_an_apply_does_not_wait_for_a_plan():
    plans, applies = (jobs_of(FanOut(work, ("a",), "dnc.yaml")) for work in (Work.PLAN, Work.APPLY))
    assert plans["plan a"]["resource_group"] != applies["apply a"]["resource_group"]


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({"CI": ""}, 'dnc plan --tenant "$DNC_TENANT" -o "plans/$DNC_TENANT.json"'),
        (
            MERGE_REQUEST,
            'dnc plan --tenant "$DNC_TENANT" --onto origin/main -o "plans/$DNC_TENANT.json"',
        ),
        ({}, APPLY),
        (
            {"CI_PIPELINE_SOURCE": "schedule"},
            f"CI_PIPELINE_SOURCE=schedule {APPLY}",
        ),
    ],
    ids=["by-hand", "merge-request", "main", "schedule"],
)
def test_what_a_job_does_is_what_its_pipeline_is_for(three, environ, command):
    done = three.run("ci", "tenants", **environ)
    assert yaml.safe_load(done.out)[".tenant"]["script"] == ["mkdir -p plans", command]


@pytest.mark.parametrize(
    ("arguments", "environ", "script"),
    [
        (
            (),
            {**MERGE_REQUEST, "CI_MERGE_REQUEST_IID": "3"},
            "dnc ci gather --note -o plans.md plans/t00.json",
        ),
        (("--work", "apply"), {**MERGE_REQUEST, "CI_MERGE_REQUEST_IID": "3"}, "dnc ci gather -o plans.md"),
        ((), {}, "dnc ci gather -o plans.md plans/t00.json"),
    ],
)
def test_the_last_job_writes_the_merge_requests_note(three, arguments, environ, script):
    done = three.run("ci", "tenants", *arguments, **environ)
    gather = yaml.safe_load(done.out)["gather"]
    assert gather["script"][0].startswith(script)
    # A child pipeline of an older GitLab does not know whose merge request it is.
    assert gather.get("variables") == ({"CI_MERGE_REQUEST_IID": "3"} if "--note" in script else None)


def test_a_configuration_below_the_root_is_named_from_there(three):
    (three.folder / "lists").mkdir()
    three.git("mv", "dnc.yaml", "dnc-lists", "lists/")
    three.commit()
    done = three.run("--config", "lists/dnc.yaml", "ci", "tenants", CI="")
    assert done.code == 0, done.err
    assert yaml.safe_load(done.out)[".tenant"]["script"][1].startswith("dnc plan --config lists/dnc.yaml ")
