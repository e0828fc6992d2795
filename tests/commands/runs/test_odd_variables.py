"""Variables that hold what they should not: a plain error with its fix, or GitLab that counts as silent."""

import pytest

from tests.support.gitlab_api import GitLabApi, serving
from tests.support.project import Project, entry, release
from tests.support.sandbox import phone

A, B = phone(1), phone(2)
OTHERS = [phone(n) for n in range(20, 50)]
PUSHED = {
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "",
    "CI_MERGE_REQUEST_IID": "",
    "CI_PIPELINE_SOURCE": "push",
    "CI_DEFAULT_BRANCH": "main",
    "CI_COMMIT_BRANCH": "main",
}
MERGED = {"iid": 3, "state": "merged", "target_branch": "main", "author": {"id": 2}}
HUGE = float("1e999")


@pytest.fixture
def api():
    with serving() as made:
        yield made


@pytest.fixture
def asking(project: Project) -> Project:
    """A release that needs an approval waits, and a new number goes with it."""
    project.configure(lambda c: c["safety"].update(approvals=1))
    project.list(entry(A, requestedOn="2026-11-20", evidence="C-1"), entry(*OTHERS))
    project.apply()
    project.list(entry(*OTHERS, B), releases=[release(A, on="2026-11-23")])
    return project


def demand_unapproved(project: Project, api: GitLabApi, **environ: str) -> None:
    done = project.run("apply", "--format", "json", **api.environ(**PUSHED, **environ))
    assert done.code == 6, done.err
    (off,) = (c for c in done.json["changes"] if c["direction"] == "exposing")
    assert off["blocked_by"] == ["approval"]
    assert {A, B} <= project.live().keys()
    said = [f["message"] for f in done.json["findings"] if f["rule"] == "GITLAB"]
    assert len(said) == 1
    assert "approvals were not read" in said[0]


@pytest.mark.parametrize("token", ["glpat\u2013x", "a\nb", "\U0001f600", "\udcff", "a\x01b", "é"])
def test_a_token_that_is_none_counts_as_silence(asking: Project, api: GitLabApi, token: str):
    """B19: nobody approved, said once; the new number goes."""
    demand_unapproved(asking, api, GITLAB_TOKEN=token)


def test_the_end_of_a_line_belongs_to_no_token(asking: Project, api: GitLabApi):
    """B19: a variable's value often has it."""
    api.brought = {asking.head: [MERGED]}
    api.approve(5, "carol", "2026-11-23T12:00:00Z")
    api.versions = [{"id": 1, "created_at": "2026-11-23T11:00:00Z", "patch_id_sha": "a"}]
    api.events = []
    asking.apply(**api.environ(**PUSHED, GITLAB_TOKEN="glpat-stand-in\r\n"))
    assert A not in asking.live()


@pytest.mark.parametrize(
    "odd", [{"iid": HUGE}, {"author": {"id": HUGE}}, {"author": {"id": float("nan")}}, {"author": None}]
)
def test_numbers_beyond_all_bounds_count_as_silence(asking: Project, api: GitLabApi, odd):
    """B19: in what brought the commit."""
    api.brought = {asking.head: [MERGED | odd]}
    demand_unapproved(asking, api)


def test_a_version_beyond_all_bounds_counts_as_silence(asking: Project, api: GitLabApi):
    """B19: in the versions of the merge request."""
    api.brought = {asking.head: [MERGED]}
    api.approve(5, "carol", "2026-11-23T12:00:00Z")
    api.versions = [{"id": HUGE, "created_at": "2026-11-23T11:00:00Z"}]
    demand_unapproved(asking, api)


@pytest.mark.parametrize("project_id", ["\udcff", "../../x\n"])
def test_a_project_that_is_none_counts_as_silence(asking: Project, api: GitLabApi, project_id: str):
    """B19: whatever variable is odd."""
    demand_unapproved(asking, api, CI_PROJECT_ID=project_id)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GIT_CONFIG_COUNT", "abc", "is no number"),
        ("GIT_CONFIG_COUNT", "-1", "is no number"),
        ("GIT_CONFIG_COUNT", "9" * 5000, "is no number"),
        ("CXONE_CLIENT_SECRET", "\udcff", "is no UTF-8"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply", "doctor"])
def test_a_variable_that_nobody_can_use_is_named(project: Project, command, name, value, said):
    """B27: exit 4 and the fix, no error that nobody foresaw."""
    project.list(entry(A))
    done = project.run(command, **{name: value})
    assert done.code == 4
    assert name in done.err + done.out
    assert said in done.err + done.out
    assert "\udcff" not in done.err + done.out


def test_a_git_token_that_is_no_utf8_is_named_where_it_is_used(project: Project):
    """B27: only a remote that is asked over HTTP gets it."""
    project.list(entry(A))
    project.apply(DNC_GIT_TOKEN="\udcff")
    project.git("remote", "set-url", "origin", "http://127.0.0.1:9/nothing.git")
    done = project.run("apply", DNC_GIT_TOKEN="\udcff")
    assert done.code == 4
    assert "DNC_GIT_TOKEN is no UTF-8" in done.err
