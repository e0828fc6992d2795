"""The shipped pipeline: which jobs each event has, and what must hold of them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from reconciler.cli.app import application
from tests.pipeline.gitlab import FILE, Pipeline, component
from tests.support.project import ROOT

TEXT = FILE.read_text(encoding="utf-8")
TEMPLATE = (FILE.parent / "templates" / "dnc.yml").read_text(encoding="utf-8")
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_DEFAULT_BRANCH": "main"}
MAIN = {"CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "main"}
SCHEDULE = {**MAIN, "CI_PIPELINE_SOURCE": "schedule"}
BRANCH = {**MAIN, "CI_COMMIT_BRANCH": "feature"}
AUDIT = {**MAIN, "CI_COMMIT_BRANCH": "dnc-audit"}
TAG = {"CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_TAG": "v1"}


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(TEXT)


def test_passes_gitlabs_schema():
    checker = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", FILE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("event", [MERGE_REQUEST, MAIN, SCHEDULE])
def test_these_have_a_pipeline(pipeline, event):
    assert pipeline.starts(event)


@pytest.mark.parametrize("event", [BRANCH, AUDIT, TAG])
def test_a_branch_has_its_merge_requests_pipeline_and_no_second_one(pipeline, event):
    assert not pipeline.starts(event)


def test_a_merge_request_is_validated_and_planned(pipeline):
    assert set(pipeline.runs(MERGE_REQUEST)) == {"tests", "validate", "plan"}


def test_main_applies_with_validate_beside_it(pipeline):
    assert set(pipeline.runs(MAIN)) == {"tests", "validate", "apply"}


def test_a_schedule_applies_validates_looks_for_drift_and_verifies(pipeline):
    assert set(pipeline.runs(SCHEDULE)) == {"validate", "apply", "drift", "audit"}


@pytest.mark.parametrize("event", [MAIN, SCHEDULE])
def test_nothing_stands_before_apply(pipeline, event):
    apply = pipeline.jobs["apply"]
    assert apply["needs"] == []
    assert pipeline.runs(event)["apply"] == "on_success"


def test_an_apply_is_alone_and_not_interrupted(pipeline):
    apply = pipeline.jobs["apply"]
    assert apply["interruptible"] is False
    assert apply["resource_group"] == "cxone-$DNC_TENANT"
    assert apply["environment"] == {"name": "$DNC_TENANT"}


def test_what_follows_apply_in_a_schedule_runs_whatever_it_came_to(pipeline):
    stages = pipeline.document["stages"]
    for job in ("drift", "audit"):
        assert stages.index(pipeline.jobs[job]["stage"]) > stages.index(pipeline.jobs["apply"]["stage"])
        assert pipeline.runs(SCHEDULE)[job] == "always"


@pytest.mark.parametrize(("job", "codes"), [("plan", [6]), ("apply", [7]), ("drift", [3])])
def test_these_exit_codes_pass_with_a_warning(pipeline, job, codes):
    assert pipeline.jobs[job]["allow_failure"] == {"exit_codes": codes}


@pytest.mark.parametrize("job", ["tests", "validate", "audit"])
def test_these_jobs_may_not_fail(pipeline, job):
    assert "allow_failure" not in pipeline.jobs[job]


@pytest.mark.parametrize("job", ["validate", "plan", "apply"])
def test_artifacts_are_kept_when_a_job_fails_and_are_not_for_guests(pipeline, job):
    artifacts = pipeline.jobs[job]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["access"] == "developer"


def test_reports_are_what_gitlab_reads(pipeline):
    assert set(pipeline.jobs["validate"]["artifacts"]["reports"]) == {"codequality", "junit"}
    assert set(pipeline.jobs["plan"]["artifacts"]["reports"]) == {"terraform"}
    assert set(pipeline.jobs["apply"]["artifacts"]["reports"]) == {"metrics"}


@pytest.mark.parametrize("job", ["validate", "plan", "apply"])
def test_every_artifact_is_written_by_the_job(pipeline, job):
    said = pipeline.jobs[job]
    artifacts = said["artifacts"]
    files = [*artifacts.get("paths", ()), *artifacts.get("reports", {}).values()]
    lines = "\n".join([*said["script"], *said.get("after_script", ())])
    for file in files:
        assert f"={file}" in lines or f"> {file}" in lines, file


def test_only_apply_writes_the_sandboxs_state(pipeline):
    caches = {name: job["cache"] for name, job in pipeline.jobs.items() if "cache" in job}
    assert {name: cache["policy"] for name, cache in caches.items()} == {
        "apply": "pull-push",
        "drift": "pull",
    }
    for cache in caches.values():
        assert cache["key"] == pipeline.jobs["apply"]["resource_group"]
        assert cache["paths"] == [".dnc/"]


def test_no_job_restores_a_cache_that_any_branch_can_write(pipeline):
    """S4: GitLab keeps protected branches' caches apart, unless told not to; merge requests have none."""
    for name, job in pipeline.jobs.items():
        assert not job.get("cache", {}).get("unprotect"), name
    assert "cache" not in pipeline.jobs["plan"]
    assert "cache" not in pipeline.jobs["validate"]


def test_git_trusts_the_projects_folder_alone(pipeline):
    """S22."""
    for name, job in pipeline.jobs.items():
        if name != "tests":
            assert 'safe.directory "$CI_PROJECT_DIR"' in job["before_script"][0], name
    for file in ("Dockerfile", "templates/dnc.yml", ".gitlab-ci.yml"):
        assert not re.search(r"safe\.directory\s+.?\*", (ROOT / file).read_text()), file


def test_history_is_whole_where_it_is_needed(pipeline):
    for name, job in pipeline.jobs.items():
        assert job["variables"]["GIT_DEPTH"] == 0, name


def test_every_input_is_used_and_explained_or_has_a_default():
    spec = yaml.safe_load(TEMPLATE.partition("\n---\n")[0])["spec"]["inputs"]
    assert set(spec) == set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", TEMPLATE))
    for name, said in spec.items():
        assert "description" in said or "default" in said, name


def test_two_includes_for_two_tenants_share_no_job_and_no_turn():
    jobs = [
        component(TEMPLATE, {"tenant": tenant, "install": "true", "suffix": f"-{tenant}"})
        for tenant in ("one", "two")
    ]
    names = [{name for name in found if "script" in (found[name] or {})} for found in jobs]
    assert not names[0] & names[1]
    assert jobs[0]["apply-one"]["resource_group"] != jobs[1]["apply-two"]["resource_group"]


@pytest.mark.parametrize(("wanted", "options"), [("false", "--note"), ("true", "--note --auto-merge")])
def test_only_with_a_token_is_the_merge_request_told(wanted, options):
    plan = component(TEMPLATE, {"tenant": "t", "install": "true", "auto-merge": wanted})["plan"]
    script = plan["script"][0] + 'echo "$@"'
    for token, told in (("", ""), ("secret", options)):
        done = subprocess.run(
            ["sh", "-c", script], env={"GITLAB_TOKEN": token}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == told


@pytest.mark.parametrize(("wanted", "jobs"), [("false", set()), ("true", {"site"})])
def test_the_site_is_published_where_it_is_asked_for(wanted, jobs):
    found = Pipeline(TEXT, pages=wanted)
    for event in (MAIN, SCHEDULE):
        assert found.runs(event).keys() & {"site"} == jobs
        assert all(found.runs(event)[job] == "always" for job in jobs)
    assert "site" not in found.runs(MERGE_REQUEST)
    site = found.jobs["site"]
    assert (site["pages"], site["artifacts"]["paths"]) == (True, ["public"])
    assert found.document["stages"].index(site["stage"]) > found.document["stages"].index("deploy")


@pytest.mark.parametrize(
    ("code", "written", "green"), [(0, True, True), (4, True, True), (4, False, False), (1, True, False)]
)
def test_a_site_that_tells_of_a_broken_chain_is_published_too(pipeline, tmp_path, code, written, green):
    (script,) = pipeline.jobs["site"]["script"]
    page = "mkdir -p public; touch public/index.html; " if written else ""
    dnc = f"dnc() {{ {page}return {code}; }}\n"
    done = subprocess.run(["sh", "-e", "-c", dnc + script], cwd=tmp_path, check=False)
    assert (done.returncode == 0) == green


def test_every_job_has_its_own_rules(pipeline):
    for name in pipeline.jobs:
        assert pipeline.document[name]["rules"], name


def test_an_embedded_tenant_is_asked_for_by_name(pipeline):
    commands = [line for job in pipeline.jobs.values() for line in job["script"] if line.startswith("dnc ")]
    for line in commands:
        if not line.startswith(("dnc validate", "dnc audit verify", "dnc site")):
            assert '--tenant "$DNC_TENANT"' in line


def test_the_default_tenant_is_one_of_ours(pipeline):
    configuration = yaml.safe_load((FILE.parent / "dnc.yaml").read_text(encoding="utf-8"))
    assert pipeline.document["variables"]["DNC_TENANT"]["value"] in configuration["tenants"]


def test_paths_are_relative_and_no_registry_is_named():
    for text in (TEXT, TEMPLATE):
        assert not re.search(r"(?<![\w.$}/:@\"-])/[a-z]", text.replace("https://oauth2", ""))
        assert not re.search(r"index-url|pypi", text)


def test_every_command_and_option_is_one_that_dnc_has(pipeline):
    root = get_command(application())
    everywhere = {option for parameter in root.params for option in parameter.opts}
    scripts = [job["script"] + job.get("after_script", []) for job in pipeline.jobs.values()]
    lines = [line for script in scripts for line in script if line.startswith("dnc ")]
    assert lines
    for line in lines:
        words = line.split()[1:]
        command = root
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = everywhere | {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", " ".join(words))) <= known, line
