"""`dnc plan --note` and `--auto-merge`: what a merge request is told, and who may merge it."""

import json
from collections.abc import Iterator

import pytest

from reconciler.gitlab.notes import LARGEST_NOTE, split_sections
from tests.support.gitlab_api import GitLabApi, serving
from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


@pytest.fixture
def api(monkeypatch) -> Iterator[GitLabApi]:
    monkeypatch.setattr("reconciler.gitlab.notes.SETTLE", (0.0, 0.0))
    monkeypatch.setattr("reconciler.gitlab.notes._BACKOFF", 0.0)
    with serving() as server:
        yield server


@pytest.fixture
def branch(project: Project) -> Project:
    """A branch off a main on which A and B are held."""
    project.list(entry(A, B))
    project.apply()
    project.git("switch", "-qc", "work")
    return project


def planned(project: Project, api: GitLabApi, *options: str, code=0, **environ: str):
    """Plan; `code` is that of the plan, ... where it does not matter."""
    api.merge_request["sha"] = project.head
    options = options or ("--note",)
    done = project.run("plan", *options, **api.environ(**environ))
    assert code in {done.code, ...}, (done.code, done.err)
    return done


def section(api: GitLabApi, tenant="production") -> str:
    return split_sections(api.bodies[0])[tenant]


def merging(api: GitLabApi) -> bool:
    return api.merge_request["merge_when_pipeline_succeeds"]


def test_the_note_says_all_that_a_reviewer_asks(branch: Project, api: GitLabApi):
    branch.agent("add", D)
    branch.list(entry(B, C), releases=[release(A)])
    planned(branch, api)
    said = section(api)
    assert said.startswith("#### `production`: 1 to add, 1 to remove; 1 unchanged, 1 added by others")
    assert "changes entries, withdrawn entries, releases." in said
    assert (
        said.index("**To remove or weaken**")
        < said.index("**To add or strengthen**")
        < said.index("**Drift**")
    )
    assert "1 number CUSTOMER\\_REQUESTED (new)" in said
    assert "Cost: 3 requests" in said
    assert f"newest report `{sha256(branch)}`" in said


def sha256(project: Project) -> str:
    listed = project.run("audit", "list", "--format", "json")
    return listed.json["reports"][0]["sha256"]


def test_no_whole_number_is_in_the_note(branch: Project, api: GitLabApi):
    branch.agent("add", D)
    branch.list(entry(C))
    planned(branch, api, code=6)
    for number in (A, B, C, D):
        assert number not in api.bodies[0]
    assert "no release allows its removal; fix: restore the line" in section(api)


def test_the_next_push_edits_the_note(branch: Project, api: GitLabApi):
    branch.list(entry(A, B, C))
    planned(branch, api)
    branch.list(entry(A, B, C, D))
    planned(branch, api)
    assert len(api.notes) == 1
    assert "2 to add" in section(api)


def test_a_plan_that_fails_says_so_in_the_note(branch: Project, api: GitLabApi):
    branch.list(entry("+1212555"))
    planned(branch, api, code=4)
    assert section(api).startswith("#### `production`: **there is no plan**")
    assert "`dnc-lists/main.yaml:" in section(api)


def test_a_large_plan_stays_below_the_limit(branch: Project, api: GitLabApi):
    for number in range(300):
        branch.list(
            entry(phone(100 + number), source=f"s{number}"),
            name=f"n{number}",
            list_id=f"list-{'x' * 200}{number}",
            commit=False,
        )
    branch.commit()
    planned(branch, api)
    assert len(api.bodies[0]) <= LARGEST_NOTE
    assert "300 to add" in section(api)
    assert "in the plan's artifact" in section(api)


@pytest.mark.parametrize("missing", ["GITLAB_TOKEN", "CI_MERGE_REQUEST_IID", "CI_API_V4_URL"])
def test_without_what_it_needs_the_plan_goes_on(branch: Project, api: GitLabApi, missing):
    branch.list(entry(A, B, C))
    done = planned(branch, api, **{missing: ""})
    assert f"warning: the note was not written: not set: {missing}" in done.err


def test_a_failure_to_post_is_a_warning(branch: Project, api: GitLabApi):
    branch.list(entry(A, B, C))
    done = planned(branch, api, GITLAB_TOKEN="a-wrong-token")
    assert "warning: the note was not written: GitLab answers 401" in done.err
    assert "a-wrong-token" not in done.out + done.err


# Two lanes.


def test_what_only_adds_merges_by_itself(branch: Project, api: GitLabApi):
    branch.list(entry(A, B, C))
    done = planned(branch, api, "--auto-merge")
    assert merging(api)
    assert "merges by itself when this pipeline succeeds" in done.err


def test_what_exposes_never_does_and_takes_it_back(branch: Project, api: GitLabApi):
    api.merge_request["merge_when_pipeline_succeeds"] = True
    branch.list(entry(B, C), releases=[release(A)])
    done = planned(branch, api, "--auto-merge")
    assert not merging(api)
    assert "people merge this: the plan's direction is exposing" in done.err
    assert "auto-merge is called off" in done.err


def test_a_plan_that_fails_takes_it_back(branch: Project, api: GitLabApi):
    api.merge_request["merge_when_pipeline_succeeds"] = True
    branch.list(entry("+1212555"))
    planned(branch, api, "--auto-merge", code=4)
    assert not merging(api)


@pytest.mark.parametrize(
    ("path", "touches"),
    [
        ("dnc.yaml", "configuration"),
        ("schema/dnc-list.schema.json", "rules"),
        (".gitlab-ci.yml", "pipeline"),
        ("templates/dnc.yml", "pipeline"),
        ("README.md", "other files"),
    ],
)
def test_what_touches_more_than_entries_never_does(branch: Project, api: GitLabApi, path, touches):
    if path == "dnc.yaml":
        branch.tenant(chunkSize=400)
    elif path.startswith("schema"):
        from tests.support.project import ROOT  # noqa: PLC0415

        branch.write(path, (ROOT / path).read_text() + "\n")
    else:
        branch.write(path, "x: 1\n")
    branch.list(entry(A, B, C))
    done = planned(branch, api, "--auto-merge")
    assert not merging(api)
    assert f"it changes entries, {touches}" in done.err


def test_a_release_alone_never_does(branch: Project, api: GitLabApi):
    branch.list(entry(C), name="more", commit=False)
    branch.list(entry(A, B), releases=[release(D)])
    done = planned(branch, api, "--auto-merge")
    assert not merging(api)
    assert "it changes entries, releases" in done.err


def test_a_line_that_vanishes_never_does_although_it_stays_live(branch: Project, api: GitLabApi):
    branch.list(entry(A, C))
    done = planned(branch, api, "--auto-merge", code=6)
    assert not merging(api)
    assert "withdrawn entries" in done.err


def refused(project: Project, api: GitLabApi, why: str, *, code=0) -> None:
    """Nothing merges by itself, for this reason."""
    done = planned(project, api, "--auto-merge", code=code)
    assert not merging(api)
    assert why in done.err


def standing(branch: Project, *entries, **more) -> None:
    """Have these entries on main, applied, and be on a branch of it."""
    branch.git("switch", "-q", "main")
    branch.list(*entries, **more)
    branch.apply()
    branch.git("switch", "-qC", "work")


TX = {"reason": "STATE", "jurisdiction": "US-TX", "source": "tx-list"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (entry(C, reason="NATIONAL"), entry(C)),
        (entry(C), entry(C, reason="NATIONAL")),
        (
            entry(C, policy="ABSOLUTE", expirationDate="2026-12-05", listedOn="2023-11-20", **TX),
            entry(C, policy="RELATIVE", requestedOn="2021-12-06", retention="P5Y", evidence="C-9"),
        ),
        (dated(C), entry(C, reason="NATIONAL")),
        (entry(C, reason="NATIONAL"), dated(C, until="2099-01-01", reason="LOCAL")),
    ],
)
def test_another_kind_of_reason_never_does(branch: Project, api: GitLabApi, before, after):
    """S1: nobody would look at the registry's line that goes."""
    standing(branch, entry(A, B), before)
    branch.list(entry(A, B), after, commit=False)
    branch.list(entry(D), name="more")
    refused(branch, api, "entries between registry and company reasons", code=...)


def test_nor_across_files(branch: Project, api: GitLabApi):
    standing(branch, entry(A, B), entry(C, reason="NATIONAL"))
    branch.list(entry(A, B), commit=False)
    branch.list(entry(C, D), name="more")
    refused(branch, api, "withdrawn entries", code=...)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (dated(C), dated(C, until="2027-06-29"), "withdrawn entries"),
        (entry(C), dated(C), "withdrawn entries"),
        (entry(C, requestedOn="2026-11-20"), entry(C, requestedOn="2026-11-02"), "changed entries"),
        (entry(C, requestedOn="2026-11-20"), entry(C), "changed entries"),
        (dated(C), entry(C, firstSeenOn="2026-11-02"), "changed entries"),
        (entry(C, firstSeenOn="2026-11-20"), entry(C, firstSeenOn="2026-11-02"), "changed entries"),
        (entry(C, evidence="CALL-1"), entry(C, evidence="CALL-2"), "changed entries"),
        (entry(C, **TX), entry(C, **{**TX, "jurisdiction": "US-IN"}), "changed entries"),
    ],
)
def test_a_line_that_says_something_else_never_does(branch: Project, api: GitLabApi, before, after, why):
    standing(branch, entry(A, B), before)
    branch.list(entry(A, B), after, commit=False)
    branch.list(entry(D), name="more")
    refused(branch, api, why, code=...)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (dated(C), dated(C, until="2027-07-01")),
        (dated(C), entry(C, requestedOn="2026-11-02", evidence="CALL-2")),
        (entry(C, reason="UNKNOWN"), entry(C, reason="LOCAL")),
    ],
)
def test_stronger_terms_of_the_same_kind_do(branch: Project, api: GitLabApi, before, after):
    standing(branch, entry(A, B), before)
    branch.list(entry(A, B), after, commit=False)
    branch.list(entry(D), name="more")
    planned(branch, api, "--auto-merge")
    assert merging(api)


@pytest.mark.parametrize(
    "settings",
    [
        {"confirmed": 1},
        {"description": "another"},
        {"defaults": {"source": "x"}},
        {"registry": {"name": "US-TX", "retrievedAt": "2026-11-20", "sha256": "0" * 64}},
    ],
)
def test_the_settings_of_a_list_file_never_do(branch: Project, api: GitLabApi, settings):
    content = {"listId": LIST, **settings, "entries": [entry(A, B, C)]}
    branch.write("dnc-lists/main.yaml", json.dumps(content))
    branch.commit()
    refused(branch, api, "list settings", code=...)


@pytest.mark.parametrize("path", [".gitattributes", "dnc-lists/.gitattributes", "dnc-lists/a/.gitattributes"])
def test_attributes_of_git_never_do(branch: Project, api: GitLabApi, path):
    """S3: they decide what a checkout makes of a list."""
    branch.write(path, "* text\n")
    branch.list(entry(A, B, C))
    refused(branch, api, "git attributes")


def test_a_list_file_that_becomes_executable_never_does(branch: Project, api: GitLabApi):
    branch.list(entry(C), name="more", commit=False)
    (branch.folder / "dnc-lists/main.yaml").chmod(0o755)
    branch.commit()
    refused(branch, api, "other files")


DATED = {"policy": "ABSOLUTE", "requestedOn": "2021-11-20", "expirationDate": "2026-11-26", "evidence": "C-9"}


@pytest.mark.parametrize("claim", [entry(D, **DATED), dated(D), entry(D)])
def test_a_claim_of_what_somebody_else_added_never_does(branch: Project, api: GitLabApi, claim):
    """S2: the claim's date would become the end of their opt-out."""
    branch.agent("add", D, "CUSTOMER_REQUESTED", "ABSOLUTE")
    branch.list(entry(A, B, C), claim)
    refused(branch, api, "from someone else")


def test_a_claim_over_somebody_elses_change_never_does(branch: Project, api: GitLabApi):
    standing(branch, entry(A, B), dated(C))
    branch.clock.move(days=1)
    branch.agent("modify", C, "UNKNOWN", "ABSOLUTE")
    branch.list(entry(A, B), dated(C, until="2027-12-31"))
    refused(branch, api, "from someone else")


@pytest.mark.parametrize("lists", [["dnc-lists/**/*.yaml"], ["dnc-lists/theirs/*.yaml"]])
def test_a_list_of_another_tenant_never_does(branch: Project, api: GitLabApi, lists):
    def add(configuration) -> None:
        tenants = configuration["tenants"]
        tenants["second"] = {**tenants["production"], "orgId": "other", "lists": lists}
        tenants["production"]["lists"] = ["dnc-lists/*.yaml"]

    branch.git("switch", "-q", "main")
    branch.configure(add)
    branch.apply()
    branch.git("switch", "-qC", "work")
    branch.list(entry(A, B, C), commit=False)
    branch.list(entry(D), name="theirs/more", list_id="dnc-list-02")
    refused(branch, api, "a list file of another tenant")


def test_a_branch_that_is_behind_never_does(branch: Project, api: GitLabApi):
    branch.list(entry(C), name="more")
    branch.git("switch", "-q", "main")
    branch.list(entry(D), name="main-went-on")
    branch.git("switch", "-q", "work")
    done = planned(branch, api, "--auto-merge")
    assert not merging(api)
    assert "behind the target: rebase" in done.err


def test_the_plan_says_its_direction(branch: Project):
    assert branch.plan().json["direction"] == "none"
    branch.list(entry(A, B, C))
    assert branch.plan().json["direction"] == "protective"
    branch.list(entry(B, C), releases=[release(A)])
    assert branch.plan().json["direction"] == "exposing"
    assert branch.plan(CXONE_CLIENT_SECRET="wrong", code=5).json["direction"] == "none"
