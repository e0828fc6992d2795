"""Forty tenants, each with a CXone of its own: every job of the child pipeline, and the report of all."""

import re
import shlex
from contextlib import ExitStack

import pytest
import yaml

from reconciler.gitlab.notes import split_sections
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from tests.pipeline.test_ci_tenants import configure, name, tenant
from tests.support.gitlab_api import serving
from tests.support.project import CLIENTS, Project, entry, making
from tests.support.sandbox import phone

MANY = 40
DOWN, INVALID = 7, 21


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    """Give a repository with forty tenants: one cannot be reached, one has a file that is invalid."""
    with ExitStack() as stack:
        project = stack.enter_context(making(tmp_path_factory.mktemp("forty")))
        worlds = [
            stack.enter_context(Sandbox(None, clock=project.clock, settings=Settings(clients=CLIENTS)))
            for _ in range(MANY)
        ]
        urls = [stack.enter_context(world.serve()) for world in worlds]
        urls[DOWN] = "http://127.0.0.1:1"
        configure(project, {name(n): tenant(n, urls[n]) for n in range(MANY)})
        for n in range(MANY):
            numbers = [phone(2 * n), "+1999" if n == INVALID else phone(2 * n + 1)]
            project.list(entry(*numbers), name=f"{name(n)}/main", commit=False)
        project.commit()
        yield project, worlds


def run(project: Project, *arguments: str, **environ: str) -> dict[str, int]:
    """Do what GitLab does: write the child pipeline, run each job in its own clone's stead, gather."""
    written = project.run("ci", "tenants", *arguments, **environ)
    assert written.code == 0, written.err
    child = yaml.safe_load(written.out)
    (project.folder / "plans").mkdir(exist_ok=True)
    codes = {}
    for title, job in child.items():
        if isinstance(job, dict) and job.get("extends"):
            codes[title] = _command(project, child[".tenant"]["script"][-1], job["variables"], environ)
    last = "gather" if "gather" in child else "nothing"
    for line in child[last]["script"]:
        if line.startswith("dnc "):
            codes[last] = _command(project, line, {}, environ)
    return codes


def _command(project: Project, line: str, variables: dict[str, str], environ: dict[str, str]) -> int:
    said = re.sub(r"\$(\w+)", lambda found: variables[found[1]], line)
    words, _, target = said.partition(" > ")
    done = project.run(*shlex.split(words)[1:], **environ)
    if target:
        (project.folder / shlex.split(target)[0]).write_text(done.out)
    return done.code


@pytest.fixture(scope="module")
def api():
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        patch.setattr("reconciler.gitlab.notes.SETTLE", (0.0, 0.0))
        yield server


@pytest.fixture(scope="module")
def planned(forty, api):
    project, _ = forty
    codes = run(project, **api.environ())
    return codes, (project.folder / "plans.md").read_text()


def test_neither_one_that_is_down_nor_one_that_is_invalid_stops_another(planned):
    codes, _ = planned
    assert len(codes) == MANY + 1
    bad = {f"plan {name(DOWN)}": 5, f"plan {name(INVALID)}": 4}
    assert {title: code for title, code in codes.items() if code} == bad


def test_the_report_says_who_has_no_plan_before_everything_else(planned):
    _, report = planned
    lines = report.splitlines()
    assert lines[0] == "### dnc: 40 tenants"
    assert lines[2] == f"**2 tenants without a plan; {2 * (MANY - 2)} to add**"
    assert [line[2:9] for line in lines[6:8]] == [f"**{name(DOWN)}**", f"**{name(INVALID)}**"]
    assert sum(line.startswith("| t") for line in lines[9:]) == MANY - 2 + 1  # and the heading
    assert phone(0) not in report


def test_the_merge_request_has_one_note_for_all(forty, planned, api):
    project, _ = forty
    _, report = planned
    assert len(api.bodies) == 1
    assert split_sections(api.bodies[0]) == {"-all-": report.rstrip("\n")}
    before = project.head
    # The next push takes back what the last one changed.
    assert run(project, "--changed-since", before, **api.environ()) == {"nothing": 0}
    assert len(api.bodies) == 1
    assert "**no tenant has changed**" in split_sections(api.bodies[0])["-all-"]


def test_a_merge_request_of_no_tenant_gets_no_note(forty, api):
    project, _ = forty
    api.notes.clear()
    assert run(project, "--changed-since", project.head, **api.environ()) == {"nothing": 0}
    assert api.bodies == []


def test_what_a_push_changed_is_applied_and_nothing_else(forty, planned):
    project, worlds = forty
    before = project.head
    pushed = {3, DOWN, INVALID, 33, 39}
    for n in pushed:
        project.list(entry("+12" if n == INVALID else phone(200 + n)), name=f"{name(n)}/more", commit=False)
    project.commit()
    codes = run(project, "--changed-since", before)
    assert codes == {
        **{f"apply {name(n)}": 0 for n in sorted(pushed)},
        f"apply {name(DOWN)}": 5,
        f"apply {name(INVALID)}": 8,
        "gather": 0,
    }
    live = {n: len(world.entries()) for n, world in enumerate(worlds) if world.entries()}
    assert live == {3: 3, INVALID: 1, 33: 3, 39: 3}  # what is not wrong there goes on
    project.git("fetch", "-q", "origin", "dnc-audit")
    reported = project.git("ls-tree", "-d", "--name-only", "FETCH_HEAD", "audit/").splitlines()
    assert reported == [f"audit/{name(n)}" for n in (3, INVALID, 33, 39)]
    assert (
        "**1 tenant without a plan; 1 tenant not applied in full; 10 to add**"
        in (project.folder / "plans.md").read_text()
    )
