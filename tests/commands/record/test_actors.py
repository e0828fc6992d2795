"""Who stands behind a run and behind each number that came off: what is verified, what is asserted."""

import json
import subprocess

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.gitlab_api import PIPELINE, PROJECT, serving
from tests.support.project import LIST, START, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
ANN, BOB = ("Ann", "ann@example.com"), ("Bob", "bob@example.com")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
USERS = {
    name: {"id": number, "username": name, "name": name.title()}
    for number, name in enumerate(("ann", "bob", "carla"), 11)
}


@pytest.fixture
def api():
    with serving() as made:
        public = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        made.keys = {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        yield made


@pytest.fixture
def project(project: Project) -> Project:
    project.list(entry(A, B, C))
    project.apply()
    return project


def pipeline(api, **more: str) -> dict[str, str]:
    """Give the variables of a pipeline on the default branch."""
    return {
        "CI_API_V4_URL": api.url,
        "CI_SERVER_URL": api.url.removesuffix("/api/v4"),
        "CI_PROJECT_ID": PROJECT,
        "CI_PIPELINE_ID": str(PIPELINE),
        "CI_DEFAULT_BRANCH": "main",
        "GITLAB_TOKEN": "glpat-stand-in",
        "GITLAB_USER_LOGIN": "mallory",
        **more,
    }


def commit(project: Project, who: tuple[str, str], message="a change") -> str:
    name, mail = who
    project.git("add", "-A")
    command = ["git", "-C", str(project.folder), "-c", f"user.name={name}", "-c", f"user.email={mail}"]
    subprocess.run([*command, "commit", "-qm", message], env=project._base(), check=True)
    project.git("push", "-q", "origin", "HEAD:main")
    return project.head


def let_off(project: Project, who=ANN, message="a change", **more: str) -> str:
    """Let B off, by a release with evidence."""
    project.list(entry(A, C), commit=False)
    content = {"listId": LIST, "releases": [release(B, **more)]}
    project.write("dnc-lists/releases.yaml", json.dumps(content, indent=1))
    return commit(project, who, message)


def brought(api, sha: str, *approvers: str) -> None:
    """Have a merge request of Ann's, which Carla merged, bring a commit."""
    api.brought[sha] = [
        {
            "iid": 3,
            "state": "merged",
            "target_branch": "main",
            "author": USERS["ann"],
            "merge_user": USERS["carla"],
            "merged_at": "2026-11-23T10:00:00.000Z",
            "references": {"full": "lists/dnc!3"},
            "web_url": "https://gitlab.example.com/lists/dnc/-/merge_requests/3",
        }
    ]
    api.commits = [{"id": sha}]
    api.versions = [{"id": 1, "created_at": "2026-11-23T08:00:00.000Z", "patch_id_sha": "p1"}]
    for name in approvers:
        api.approve(USERS[name]["id"], name, "2026-11-23T09:00:00.000Z", name=name.title())


def actors(project: Project) -> dict:
    return project.newest["actors"]


def exposing(project: Project) -> dict:
    (row,) = actors(project)["exposing"]
    return row


def test_without_gitlab_everything_is_asserted_and_what_is_missing_is_said(project):
    project.list(entry(A, B, C, phone(9)), commit=False)
    sha = commit(project, BOB, "Merge branch 'x'\n\nSee merge request lists/dnc!8")
    project.apply(GITLAB_USER_LOGIN="ann", GITLAB_USER_EMAIL="ann@example.com")
    told = actors(project)
    assert told["triggerer"] == {
        "login": "ann",
        "email": "ann@example.com",
        "how": "asserted",
        "by": "environment",
    }
    bob = {"name": "Bob", "email": "bob@example.com", "how": "asserted"}
    assert told["authors"] == [{**bob, "commits": 1, "newest": sha}]
    assert (told["commits"], told["since"]) == (1, project.reports()[0]["revision"])
    assert told["merge_requests"] == [
        {"reference": "lists/dnc!8", "merger": "Bob", "how": "asserted", "commits": [sha]}
    ]
    assert told["exposing"] == []
    assert told["unknown"] == ["GITLAB_TOKEN is not set: GitLab was not asked"]
    assert "by Bob (asserted)" in project.run("audit", "show").out


def test_gitlab_verifies_merge_request_approver_merger_and_who_started_it(project, api):
    sha = let_off(project)
    brought(api, sha, "bob")
    api.starters[str(PIPELINE)] = USERS["carla"]
    project.apply(**pipeline(api))
    told = actors(project)
    host = api.url.removeprefix("http://").removesuffix("/api/v4")
    assert told["triggerer"] == {"login": "carla", "email": None, "how": "verified", "by": host}
    (request,) = told["merge_requests"]
    assert (request["reference"], request["how"], request["commits"]) == ("lists/dnc!3", "verified", [sha])
    assert (request["author"], request["approvers"], request["merger"]) == ("ann", ["bob"], "carla")
    assert told["unknown"] == []
    row = exposing(project)
    assert (row["action"], row["permission"], row["release"]) == ("delete", "release", "CONSENT_GIVEN")
    assert (row["evidence"], row["file"], row["commit"]) == ("FORM-221", "dnc-lists/releases.yaml", sha)
    assert row["author"] == {"name": "Ann", "email": "ann@example.com", "how": "asserted"}
    assert row["merge_request"]["approvers"] == ["bob"]
    assert (row["approval"], row["self_approved"]) == ("not asked for", False)
    assert (row["count"], row["phones"]) == (1, [B])
    shown = project.run("audit", "show").out
    assert "started   carla (verified" in shown
    assert "lists/dnc!3 by carla, approved by bob (verified)" in shown
    assert f"removed   delete 1 number on {LIST}: CONSENT_GIVEN FORM-221, by Ann, commit {sha[:12]}" in shown
    assert B not in shown


def test_an_author_who_approves_is_told_and_blocks_where_two_people_must(project, api):
    project.configure(lambda c: c["safety"].update(approvals=1))
    sha = let_off(project)
    brought(api, sha, "ann")
    project.apply(code=6, **pipeline(api))
    row = exposing(project)
    assert (row["self_approved"], row["approval"], row["blocked_by"]) == (True, "none", ["approval"])
    assert "APPROVED BY ITS AUTHOR, kept: approval" in project.run("audit", "show").out
    assert B in project.live()
    brought(api, sha, "bob")
    project.apply(**pipeline(api))
    row = exposing(project)
    assert (row["self_approved"], row["approval"], row["blocked_by"]) == (True, "verified", [])
    assert row["merge_request"]["approvers"] == ["ann", "bob"]
    assert B not in project.live()


@pytest.mark.parametrize(("name", "own"), [("ann", True), ("bob", True), (None, False)])
def test_where_nobody_must_approve_it_is_told_all_the_same(project, name, own):
    """Ann writes the release and whose approval it has: that is her own word, whoever it names."""
    let_off(project, **({"approvedBy": name} if name else {}))
    project.apply()
    row = exposing(project)
    assert (row["approved_by"], row["self_approved"]) == (name, own)
    assert B not in project.live()


def test_a_commit_of_somebody_else_makes_an_approval_another_persons(project):
    sha = let_off(project)
    let_off(project, BOB, approvedBy="bob")
    project.apply()
    row = exposing(project)
    assert (row["commit"], row["author"]["name"], row["approved_by"]) == (sha, "Ann", "bob")
    assert row["self_approved"] is False


def test_a_lapse_names_who_wrote_the_claim(project):
    lapsing = phone(7)
    project.list(dated(lapsing, until="2026-12-01"), name="dated", commit=False)
    sha = commit(project, BOB, "Merge\n\nSee merge request lists/dnc!9")
    project.list(dated(lapsing, until="2026-12-01"), entry(phone(8)), name="dated")
    project.apply()
    project.clock.move(days=20)
    project.apply()
    assert lapsing not in project.live()
    row = exposing(project)
    assert (row["reason"], row["permission"], row["phones"]) == ("lapsed", "lapse", [lapsing])
    assert (row["commit"], row["author"]["name"], row["terms"]["end"]) == (sha, "Bob", "2026-12-01")
    assert row["merge_request"] == {"reference": "lists/dnc!9", "how": "asserted"}


def token(**changed: object) -> str:
    claims = {
        "aud": "dnc",
        "exp": int(START.timestamp()) + 3600,
        "nbf": int(START.timestamp()) - 5,
        "pipeline_id": str(PIPELINE),
        "project_id": PROJECT,
        "user_login": "dora",
        "user_email": "dora@example.com",
        "ref": "main",
        "ref_protected": "true",
    }
    key = changed.pop("key", KEY)
    return jwt.encode({**claims, **changed}, key, algorithm="RS256", headers={"kid": "one"})


def test_an_id_token_that_gitlab_signed_is_verified(project, api):
    server = api.url.removesuffix("/api/v4")
    project.list(entry(A, B, C, phone(9)))
    project.apply(**pipeline(api, DNC_ID_TOKEN=token(iss=server)))
    assert actors(project)["triggerer"] == {
        "login": "dora",
        "email": "dora@example.com",
        "how": "verified",
        "by": f"id_token of {server.removeprefix('http://')}",
        "ref": "main",
        "ref_protected": True,
    }


FORGED = {
    "another key": {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    "another audience": {"aud": "vault"},
    "another server": {"iss": "https://elsewhere.example.com"},
    "over": {"exp": int(START.timestamp()) - 3600},
    "of another pipeline": {"pipeline_id": "1"},
    "of another project": {"project_id": "1"},
}


@pytest.mark.parametrize("name", [*FORGED, "no token at all", "keys are not to be had"])
def test_one_that_is_not_to_be_believed_is_not(project, api, name):
    server = api.url.removesuffix("/api/v4")
    said = token(**{"iss": server, **FORGED.get(name, {})}) if name != "no token at all" else "eyJ.x.y"
    if name == "keys are not to be had":
        api.faults.append(500)
    project.list(entry(A, B, C, phone(9)))
    project.apply(**pipeline(api, DNC_ID_TOKEN=said, GITLAB_TOKEN=""))
    told = actors(project)
    assert told["triggerer"]["how"] == "asserted"
    assert told["triggerer"]["login"] == "mallory"
    assert len(told["unknown"]) == 2
    assert said not in json.dumps(told)


def test_gitlab_that_fails_ends_the_asking_and_costs_nothing_else(project, api):
    sha = let_off(project)
    brought(api, sha, "bob")
    api.before = lambda *_: api.faults.append(503) if not api.faults else None
    project.apply(**pipeline(api))
    told = actors(project)
    assert B not in project.live()
    assert (told["triggerer"]["how"], told["merge_requests"]) == ("asserted", [])
    assert len(api.asked) == 1
    assert "503" in told["unknown"][0]


def test_gitlab_is_asked_after_the_writes_and_for_half_a_minute(project, api):
    sha = let_off(project)
    brought(api, sha, "bob")

    def slow(*_: str) -> None:
        assert B not in project.live()
        project.clock.move(seconds=31)

    api.before = slow
    project.apply(**pipeline(api))
    assert len(api.asked) == 1
    assert "took too long" in actors(project)["unknown"][0]


def test_a_failed_run_says_who_started_it(project, api):
    api.starters[str(PIPELINE)] = USERS["carla"]
    (project.folder / "dnc-lists/link.yaml").symlink_to("main.yaml")
    project.commit()
    project.apply("--attest", code=4, **pipeline(api))
    assert actors(project)["triggerer"]["login"] == "carla"
    assert "started   carla (verified" in project.run("audit", "show").out


def test_a_name_that_is_no_text_costs_no_report(project):
    project.list(entry(A, B, C, phone(9)))
    project.apply(GITLAB_USER_LOGIN="ann\udcff")
    assert project.newest["actor"]["name"] == "ann?"
