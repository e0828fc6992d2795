"""Approvals that GitLab tells of: of a person other than the author, of the merge request as it is now."""

import json

import pytest

from reconciler.gitlab.approvals import Approvals
from reconciler.gitlab.client import GitLab, GitLabProblem
from tests.support.gitlab_api import BOT, PROJECT, TOKEN
from tests.support.project import LIST, entry, making, release
from tests.support.sandbox import phone

SHA = "a" * 40
BEFORE, PUSHED, AFTER = (f"2026-11-23T0{hour}:00:00.000Z" for hour in (7, 8, 9))
ANN, BOB = 11, 12


@pytest.fixture
def request_(api):
    """Ann's merge request, pushed once."""
    found = {"iid": 3, "state": "merged", "target_branch": "main", "author": {"id": ANN, "username": "ann"}}
    api.brought[SHA] = [found]
    api.versions = [{"id": 1, "created_at": PUSHED, "patch_id_sha": "p1"}]
    return found


def approvers(api, *authors: str, target="main"):
    with GitLab(api.url, PROJECT, TOKEN) as gitlab:
        return Approvals(gitlab).of(SHA, {"ann", *authors}, target)


def test_somebody_else_counts(api, request_):
    api.approve(BOB, "bob", AFTER)
    assert approvers(api) == ["bob"]


def test_nobody_does_not(api, request_):
    assert approvers(api) == []


@pytest.mark.parametrize(
    ("user", "login", "name"), [(ANN, "ann", "Ann"), (15, "Ann", ""), (15, "a2", " Ann ")]
)
def test_its_author_does_not_under_any_account(api, request_, user, login, name):
    api.approve(user, login, AFTER, name=name)
    assert approvers(api) == []


@pytest.mark.parametrize(
    ("user", "login"), [(BOT, "robot"), (77, "project_42_bot_a1b2"), (78, "group_7_bot")]
)
def test_no_bot_does(api, request_, user, login):
    """Whoever may push a branch can print the token of its pipeline."""
    api.approve(user, login, AFTER)
    assert approvers(api) == []


def test_a_token_that_is_nobodys_is_not_believed(api, request_):
    api.knows_me = False
    with pytest.raises(GitLabProblem):
        approvers(api)


def test_an_approval_from_before_the_last_push_does_not(api, request_):
    api.approve(BOB, "bob", BEFORE)
    assert approvers(api) == []


def test_a_rebase_that_leaves_the_patch_as_it_is_changes_nothing(api, request_):
    api.approve(BOB, "bob", "2026-11-23T08:30:00.000Z")
    api.versions.insert(0, {"id": 2, "created_at": AFTER, "patch_id_sha": "p1"})
    assert approvers(api) == ["bob"]
    api.versions[0]["patch_id_sha"] = "p2"
    assert approvers(api) == []
    api.versions[0]["patch_id_sha"] = api.versions[1]["patch_id_sha"] = None
    assert approvers(api) == []


def test_an_approval_that_was_taken_back_does_not(api, request_):
    api.approve(BOB, "bob", AFTER)
    api.approvals["approved_by"].clear()
    assert approvers(api) == []


def test_words_of_a_person_are_no_approval(api, request_):
    api.approvals["approved_by"].append({"user": {"id": BOB, "username": "bob"}})
    api.add("approved this merge request", BOB)
    assert approvers(api) == []


@pytest.mark.parametrize("change", [{"state": "closed"}, {"target_branch": "other"}])
def test_another_merge_request_does_not(api, request_, change):
    request_.update(change)
    api.approve(BOB, "bob", AFTER)
    assert approvers(api) == []


def test_what_is_no_answer_is_a_problem(api, request_):
    api.approvals = ["?"]
    with pytest.raises(GitLabProblem):
        approvers(api)


@pytest.fixture
def project(tmp_path, api):
    """A release of Ann's is on main, and GitLab can be asked."""
    with making(tmp_path) as made:
        made.environ |= {"CI_API_V4_URL": api.url, "CI_PROJECT_ID": PROJECT, "GITLAB_TOKEN": TOKEN}
        made.configure(lambda c: c["safety"].update(approvals=1))
        made.list(entry(phone(1)), entry(phone(2)))
        made.apply()
        made.list(entry(phone(1)), commit=False)
        content = {"listId": LIST, "releases": [release(phone(2))]}
        made.write("dnc-lists/releases.yaml", json.dumps(content))
        author = {"id": ANN, "username": "ann"}
        found = {"iid": 3, "state": "merged", "target_branch": "main", "author": author}
        api.brought[made.commit()] = [found]
        api.versions = [{"id": 1, "created_at": PUSHED}]
        yield made


def test_a_verified_approval_lets_the_number_off(project, api):
    project.apply(code=6)
    api.approve(BOB, "bob", AFTER)
    project.apply()
    assert phone(2) not in project.live()
    assert project.newest["safety"]["approved"] == {"verified": 1, "asserted": 0}


def test_where_gitlab_can_be_asked_a_commit_proves_nothing(project):
    """Anybody can write a commit under any name."""
    content = {"listId": LIST, "releases": [release(phone(2), approvedBy="bob")]}
    project.write("dnc-lists/releases.yaml", json.dumps(content))
    project.git("add", "-A")
    project.git("-c", "user.name=Bob", "-c", "user.email=bob@example.com", "commit", "-qm", "signed")
    project.git("push", "-q", "origin", "main")
    assert [c["blocked_by"] for c in project.plan(code=6).json["changes"]] == [["approval"]]
    project.environ.pop("GITLAB_TOKEN")
    project.plan()


def test_while_gitlab_does_not_answer_nobody_has_approved(project, api):
    api.approve(BOB, "bob", AFTER)
    api.faults.append(503)
    done = project.plan(code=6)
    assert "were not read" in done.err
    assert [c["blocked_by"] for c in done.json["changes"]] == [["approval"]]


def test_a_token_that_may_not_read_leaves_it_to_commits(project, api):
    api.approve(BOB, "bob", AFTER)
    api.faults.append(403)
    assert "were not read" in project.plan(code=6).err
