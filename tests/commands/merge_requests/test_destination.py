"""Where a merge request's plan sends secrets (S8): where the target does, in variables of CXone's."""

import json
from typing import Any

import pytest

from reconciler.gitlab.notes import split_sections
from tests.support.gitlab_api import serving
from tests.support.groups_project import grouped
from tests.support.project import MERGE_REQUEST, Project, entry, merge_request, release
from tests.support.recorder import Recorder
from tests.support.result import Result
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
CANARY = "canary-0123456789"
OTHERS = (
    *("GITLAB_TOKEN", "CI_JOB_TOKEN", "DNC_GIT_TOKEN", "DNC_FINGERPRINT_KEY", "DNC_NOTIFY_URL"),
    *("DNC_SIGNING_KEY", "DNC_READING_KEY", "DNC_MASK_KEY", "DNC_TENANT", "HOME", "cxone_secret"),
)


@pytest.fixture
def branch(project: Project) -> Project:
    """A branch off a main on which A and B are applied."""
    project.list(entry(A, B))
    project.apply()
    project.git("switch", "-qc", "work")
    project.sandbox.requests.clear()
    return project


def unread(project: Project, planned: Result, *said: str) -> None:
    """Hold a plan to have asked nobody, and to say so and nothing else."""
    assert project.sandbox.requests.list_requests() == []
    document = planned.json
    told = {key: document[key] for key in ("applyable", "complete", "errored", "digest", "direction")}
    assert told == {
        "applyable": False, "complete": False, "errored": False, "digest": None, "direction": "none",
    }  # fmt: skip
    assert set(document["summary"].values()) == {0}
    assert (document["changes"], document["drift"]) == ([], [])
    assert (document["live"]["from"], document["live"]["read_at"]) == ("none", None)
    (found,) = (f for f in document["findings"] if f["rule"] == "CONF-10")
    assert found["severity"] == "warning"
    for words in (*said, "made without CXone", "fix: "):
        assert words in found["message"], found["message"]


ELSEWHERE: dict[str, dict[str, Any]] = {
    "baseUrl": {"baseUrl": "URL"},
    "orgId": {"orgId": "evil"},
    "clientId": {"clientId": "another"},
    "clientSecret": {"clientSecret": "${CXONE_OTHER_SECRET}"},
    "clientSecret, baseUrl": {
        "clientSecret": "${DNC_TENANT_SECRET}",
        "baseUrl": "URL/${CXONE_CLIENT_SECRET}",
    },
    "embedded": {"embedded": True},
}


@pytest.mark.parametrize("keys", ELSEWHERE)
def test_other_addresses_and_credentials_are_not_used(branch: Project, attacker: Recorder, keys: str):
    """S8."""
    settings = json.loads(json.dumps(ELSEWHERE[keys]).replace("URL", attacker.url, 1))
    branch.tenant(**settings)
    planned = merge_request(branch)
    unread(branch, planned, "of tenant production differ from origin/main", *keys.split(", "))
    for saved in ("auto", "saved", "live"):
        unread(branch, merge_request(branch, "--reading", saved, "--detailed-exitcode"))
    unread(branch, branch.plan("--onto", "origin/main", CI=""))
    assert attacker.told == []


def test_another_dialect_with_its_own_addresses(branch: Project, attacker: Recorder):
    def groups(configuration: dict[str, Any]) -> None:
        configuration["tenants"]["production"] = {
            "dialect": "dnc-groups", "accessKeyId": "x", "accessKeySecret": "${CXONE_CLIENT_SECRET}",
            "authUrl": attacker.url, "discoveryUrl": attacker.url, "apiUrl": attacker.url,
        }  # fmt: skip

    branch.configure(groups)
    unread(branch, merge_request(branch), "dialect", "authUrl", "discoveryUrl", "apiUrl", "accessKeySecret")
    assert attacker.told == []


@pytest.mark.parametrize("key", ["authUrl", "discoveryUrl", "apiUrl", "accessKeyId", "accessKeySecret"])
def test_each_key_of_a_tenant_with_groups(tmp_path, attacker: Recorder, key: str):
    with grouped(tmp_path) as project:
        project.list(entry(A))
        project.git("switch", "-qc", "work")
        project.tenant(**{key: attacker.url if key.endswith("Url") else "${CXONE_CLIENT_SECRET}"})
        unread(project, merge_request(project), key)
        assert attacker.told == []


def test_a_tenant_that_the_target_does_not_have(branch: Project, attacker: Recorder):
    branch.write("new/first.yaml", json.dumps({"listId": "new-list", "entries": [entry(A)]}))
    branch.configure(
        lambda c: c["tenants"].update(
            new={**c["tenants"]["production"], "baseUrl": attacker.url, "lists": ["new/*.yaml"]}
        )
    )
    unread(branch, merge_request(branch, "--tenant", "new"), "origin/main has no tenant new")
    assert attacker.told == []
    assert merge_request(branch, "--tenant", "production").json["complete"]


def test_a_configuration_that_the_target_does_not_have(branch: Project, attacker: Recorder):
    branch.tenant(baseUrl=attacker.url)
    branch.git("mv", "dnc.yaml", "other.yaml")
    branch.commit()
    planned = branch.run("--config", "other.yaml", "plan", "--format", "json", **MERGE_REQUEST)
    assert planned.code == 0
    unread(branch, planned, "other.yaml of origin/main is missing or cannot be read")
    assert attacker.told == []


@pytest.mark.parametrize(
    ("audit", "key"),
    [
        ({"branch": "forged"}, "audit.branch"),
        ({"path": "forged"}, "audit.path"),
        ({"push": "always"}, "audit.push"),
        ({"genesis": "0" * 64}, "audit.genesis"),
        ({"signers": "signers"}, "audit.signers"),
    ],
)
def test_other_audit_settings_are_not_used(branch: Project, audit: dict[str, str], key: str):
    branch.configure(lambda c: c.update(audit=audit))
    planned = merge_request(branch)
    unread(branch, planned, key)
    assert planned.json["chain_head"]["seq"] == 1
    assert planned.json["held_revision"] == branch.newest["revision"]


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        *((variable, "clientSecret") for variable in OTHERS),
        *(("GITLAB_TOKEN", place) for place in ("clientId", "orgId", "baseUrl")),
    ],
)
def test_other_variables_are_not_filled_in(project: Project, attacker: Recorder, variable: str, place: str):
    """S8: also where the target branch reads them already."""
    text = f"${{{variable}}}"
    project.list(entry(A))
    project.tenant(baseUrl=attacker.url)
    project.tenant(
        **{"baseUrl": attacker.url, place: f"{attacker.url}/{text}" if place == "baseUrl" else text}
    )
    project.git("switch", "-qc", "work")
    given = {} if variable == "HOME" else {variable: CANARY}
    planned = merge_request(project, **given)
    unread(
        project,
        planned,
        f"{place} of tenant production reads the variable {variable}",
        "DNC_ALLOWED_VARIABLES",
    )
    assert CANARY not in planned.out + planned.err
    assert attacker.told == []


@pytest.mark.parametrize("told", ["ACME_ID", "A, ACME_ID", "A ACME_ID B", "A,ACME_ID,B", "A\nACME_ID"])
def test_the_pipeline_can_allow_more(branch: Project, told: str):
    branch.git("switch", "-q", "main")
    branch.tenant(clientId="${ACME_ID}")
    branch.git("switch", "-qc", "more")
    branch.environ["ACME_ID"] = "dnc-tests"
    assert merge_request(branch, DNC_ALLOWED_VARIABLES=told).json["complete"]
    branch.sandbox.requests.clear()
    for other in ("", "ACME", "ACME_ID2", "acme_id"):
        unread(branch, merge_request(branch, DNC_ALLOWED_VARIABLES=other))


def test_what_a_tag_or_branch_of_the_targets_name_says_does_not_count(branch: Project, attacker: Recorder):
    branch.tenant(baseUrl=attacker.url)
    branch.git("tag", "origin/main")
    branch.git("branch", "origin/main")
    unread(branch, merge_request(branch), "baseUrl")
    assert attacker.told == []


def test_a_target_that_is_not_protected_decides_nothing(branch: Project, attacker: Recorder):
    branch.tenant(baseUrl=attacker.url)
    branch.git("push", "-q", "origin", "work:theirs")
    onto = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "theirs",
        "CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED": "false",
        "CI_DEFAULT_BRANCH": "main",
    }
    unread(branch, merge_request(branch, **onto), "baseUrl")
    assert attacker.told == []


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED": "false"},
        {"CI_DEFAULT_BRANCH": "main"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "", "CI_DEFAULT_BRANCH": "main"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": ""},
    ],
)
def test_a_target_that_nobody_tells_to_be_protected_decides_nothing(
    branch: Project, attacker: Recorder, told: dict[str, str]
):
    """B21: what GitLab does not tell is not taken as good."""
    branch.tenant(baseUrl=attacker.url)
    branch.git("push", "-q", "origin", "work:theirs")
    unread(
        branch, merge_request(branch, **{"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "theirs", **told}), "baseUrl"
    )
    assert attacker.told == []


@pytest.mark.parametrize("told", [{"CI_COMMIT_BRANCH": "work"}, {"CI_COMMIT_TAG": "v1"}])
def test_a_pipeline_of_another_branch_signs_in_as_the_default_one_does(
    branch: Project, attacker: Recorder, told: dict[str, str]
):
    """B12: no merge request is needed to let a pipeline run."""
    environ = {"CI_DEFAULT_BRANCH": "main", **told}
    assert branch.plan(**environ).json["complete"]
    branch.tenant(baseUrl=attacker.url)
    branch.sandbox.requests.clear()
    unread(branch, branch.plan(**environ), "baseUrl")
    assert branch.run("drift", **environ).code == 4
    assert branch.run("apply", **environ).code == 7
    assert attacker.told == []


def test_other_commands_in_a_merge_requests_pipeline_refuse(branch: Project, attacker: Recorder):
    branch.tenant(baseUrl=attacker.url)
    for call in (("drift",), ("doctor",), ("check", "--live", A), ("apply",)):
        done = branch.run(*call, **MERGE_REQUEST)
        assert (done.code, "baseUrl of tenant production differ" in done.out + done.err) == (4, True), (
            call,
            done,
        )
    assert attacker.told == []


def test_lists_are_judged_all_the_same(branch: Project):
    branch.tenant(orgId="evil")
    branch.list(entry("+1"))
    merge_request(branch, code=4)
    branch.list(entry(A, B, C, phone(3)))
    branch.configure(
        lambda c: (c["tenants"]["production"].update(orgId="e"), c["safety"].update(confirmAdditions=1))
    )
    assert "write `confirmed: 2`" in merge_request(branch, code=4).err


def test_every_form_says_it_and_it_is_never_merged_by_itself(branch: Project, monkeypatch):
    monkeypatch.setattr("reconciler.gitlab.notes.SETTLE", (0.0, 0.0))
    branch.tenant(orgId="evil")
    branch.list(entry(A, B, C))
    pages = [f"--report={kind}={kind}" for kind in ("markdown", "html")]
    with serving() as api:
        api.merge_request["sha"] = branch.head
        done = branch.run("plan", *pages, "--note", "--auto-merge", **api.environ())
        assert done.code == 0
        assert not api.merge_request["merge_when_pipeline_succeeds"]
        assert "people merge this: its plan was made without CXone" in done.err
        note = split_sections(api.bodies[0])["production"]
    texts = [done.out, note, *((branch.folder / kind).read_text() for kind in ("markdown", "html"))]
    for text in texts:
        assert "CXone was not asked" in text
        assert "orgId of tenant production differ from origin/main" in text.replace("\\", "")
        for untrue in (
            "0 unchanged",
            "as git says",
            "nothing to do",
            "Cost",
            "It sends nothing",
            "Unchanged",
        ):
            assert untrue not in text, untrue


def test_gathered_plans_name_it_too(branch: Project):
    branch.tenant(orgId="evil")
    merge_request(branch, "-o", "production.json")
    branch.run("ci", "gather", "-o", "all.md", "production.json")
    text = (branch.folder / "all.md").read_text().replace("\\", "")
    assert "1 tenant without a plan" in text
    assert "orgId of tenant production differ" in text


def test_a_plan_file_of_it_lets_nothing_off(branch: Project):
    branch.list(entry(B, C), releases=[release(A)])
    branch.tenant(orgId="evil")
    merge_request(branch, "-o", "plan.json")
    branch.git("switch", "-q", "main")
    branch.list(entry(B, C), releases=[release(A)])
    branch.apply("plan.json", code=7)
    assert set(branch.live()) == {A, B, C}
