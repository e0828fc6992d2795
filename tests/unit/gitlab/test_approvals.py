"""Approvals that GitLab tells of: of a person other than the author, of the merge request as it is now."""

import json

import pytest

from reconciler.gitlab.approvals import Approvals
from reconciler.gitlab.client import GitLab, GitLabProblem
from tests.support.gitlab_api import BOT, PROJECT, TOKEN
from tests.support.project import LIST, dated, entry, making, release
from tests.support.sandbox import phone

SHA = "a" * 40
BEFORE, PUSHED, AFTER = (f"2026-11-23T0{hour}:00:00.000Z" for hour in (7, 8, 9))
MADE, OPENED = "2026-11-23T05:00:00.000Z", "2026-11-23T06:00:00.000Z"
ANN, BOB = 11, 12


@pytest.fixture
def request_(api):
    """Ann's merge request, pushed once."""
    found = {
        "iid": 3,
        "state": "merged",
        "source_branch": "work",
        "source_project_id": 42,
        "target_project_id": 42,
        "target_branch": "main",
        "created_at": OPENED,
        "author": {"id": ANN, "username": "ann"},
    }
    api.brought[SHA] = [found]
    api.push(ANN, MADE, action="created")
    api.versions = [{"id": 1, "created_at": PUSHED, "patch_id_sha": "p1"}]
    return found


def approvers(api, *authors: str, target="main"):
    with GitLab(api.url, PROJECT, TOKEN) as gitlab:
        return Approvals(gitlab).approvers_of(SHA, {"ann", *authors}, target)


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


def test_who_pushed_to_the_branch_does_not_whatever_name_the_commit_has(api, request_):
    """S17: a commit under Ann's name, pushed to Ann's merge request by Bob, approved by Bob."""
    api.push(BOB, PUSHED)
    api.approve(BOB, "bob", AFTER)
    assert approvers(api) == []
    api.approve(13, "carla", AFTER)
    assert approvers(api) == ["carla"]


def test_who_pushed_elsewhere_before_or_deleted_the_branch_counts(api, request_):
    api.events.clear()
    api.push(BOB, BEFORE, branch="other")
    api.push(BOB, "2026-01-01T00:00:00Z")  # another branch of that name, long ago
    api.push(ANN, MADE, action="created")
    api.push(BOB, "2026-11-24T08:00:00Z", action="removed")  # whoever merged
    api.approve(BOB, "bob", AFTER)
    assert approvers(api) == ["bob"]


@pytest.mark.parametrize(
    "commit",
    [
        {"author_name": "Bob", "author_email": "x@example.com"},
        {"committer_name": "somebody", "committer_email": "bob@example.com"},
        {"author_email": "12-bobby@users.noreply.gitlab.example.com"},
    ],
)
def test_whose_name_a_commit_of_the_merge_request_has_does_not(api, request_, commit):
    api.commits = [commit]
    api.approve(BOB, "bob", AFTER, name="Bob")
    assert approvers(api) == []


@pytest.mark.parametrize("what", ["events", "branch", "fork", "old"])
def test_what_gitlab_does_not_tell_of_pushes_is_said(api, request_, what):
    match what:
        case "events":
            api.refused["/events"] = 403
        case "branch":
            del request_["source_branch"]
        case "fork":
            request_["source_project_id"] = 43
        case "old":
            api.events.clear()
    api.approve(BOB, "bob", AFTER)
    with GitLab(api.url, PROJECT, TOKEN) as gitlab:
        asked = Approvals(gitlab)
        assert asked.approvers_of(SHA, {"ann"}, "main") == ["bob"]
        assert asked.incomplete_requests == {"!3"}


@pytest.mark.parametrize("rows", [[{"user": None}], [{"user": {"id": "x"}}], ["?"], 7])
def test_approvals_of_an_odd_form_are_a_problem(api, request_, rows):
    api.approvals = {"approved_by": rows}
    with pytest.raises(GitLabProblem, match="form"):
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


def signed_by_another_name(project) -> None:
    """One person's second commit, under another name: without a token that is an approval."""
    content = {"listId": LIST, "releases": [release(phone(2), approvedBy="bob")]}
    project.write("dnc-lists/releases.yaml", json.dumps(content))
    project.git("add", "-A")
    project.git("-c", "user.name=Bob", "-c", "user.email=bob@example.com", "commit", "-qm", "signed")
    project.git("push", "-q", "origin", "main")


def unapproved(project) -> str:
    """Plan and apply: nothing comes off. Give what the plan says of GitLab."""
    done = project.plan(code=6)
    assert [c["blocked_by"] for c in done.json["changes"]] == [["approval"]]
    project.apply(code=6)
    assert phone(2) in project.live()
    (said,) = (f["message"] for f in done.json["findings"] if f["rule"] == "GITLAB")
    return said


def test_where_gitlab_can_be_asked_a_commit_proves_nothing(project):
    """Anybody can write a commit under any name."""
    signed_by_another_name(project)
    assert [c["blocked_by"] for c in project.plan(code=6).json["changes"]] == [["approval"]]
    project.environ.pop("GITLAB_TOKEN")
    project.plan()


COMMITS = "/repository/commits/{}/merge_requests"
FAILING = [
    *(("/api/v4/user", status) for status in (401, 403, 404, 418, 429, 500, 503, 599)),
    *((COMMITS, status) for status in (401, 404, 503)),
    *((f"/merge_requests/3/{name}", status) for name in ("approvals", "notes") for status in (403, 429)),
    ("/merge_requests/3/versions", 503),
    ("/events", 503),
]


@pytest.mark.parametrize(("path", "status"), FAILING)
def test_while_gitlab_does_not_answer_nobody_has_approved(project, api, path, status):
    """S9: whatever call it is that fails, and however."""
    api.approve(BOB, "bob", AFTER)
    ((sha, (found,)),) = api.brought.items()
    found |= {"source_branch": "work", "created_at": OPENED}
    signed_by_another_name(project)
    api.refused[path.format(sha)] = status
    said = unapproved(project)
    assert f"GitLab answers {status}" in said
    assert "no release" in said
    api.refused.clear()
    project.apply()
    assert phone(2) not in project.live()


@pytest.mark.parametrize(
    "environ",
    [
        {"CI_API_V4_URL": "http://127.0.0.1:9/api/v4"},
        {"CI_API_V4_URL": "http://gitlab.example.com/api/v4"},
        {"CI_API_V4_URL": "http://[::1"},
        {"CI_API_V4_URL": ""},
        {"CI_PROJECT_ID": ""},
        {"GITLAB_TOKEN": "expired"},
    ],
)
def test_a_token_that_cannot_be_used_is_not_no_token(project, api, environ):
    """S9: a token that expired, or an address that is missing, must not make a commit count."""
    api.approve(BOB, "bob", AFTER)
    signed_by_another_name(project)
    project.environ |= environ
    assert "no release" in unapproved(project)
    project.environ.pop("GITLAB_TOKEN")
    project.apply()
    assert phone(2) not in project.live()


@pytest.mark.parametrize("user", [None, [], {}, {"id": None}, {"id": "7"}, {"id": True}, "text"])
def test_a_user_that_is_no_user_is_not_believed(project, api, monkeypatch, user):
    api.approve(BOB, "bob", AFTER)
    signed_by_another_name(project)
    answer = type(api).answer

    def odd(self, method, path, query, body):
        return (200, user) if path == "/api/v4/user" else answer(self, method, path, query, body)

    monkeypatch.setattr(type(api), "answer", odd)
    assert "no release" in unapproved(project)


def test_what_protects_and_what_lapses_need_no_gitlab(project, api):
    api.refused["/api/v4/user"] = 503
    project.list(entry(phone(1)), entry(phone(3)), dated(phone(4), until="2026-11-30"))
    project.apply(code=6)
    assert {phone(3), phone(4)} <= project.live().keys()
    project.clock.move(days=30)
    project.apply()
    assert phone(4) not in project.live()


def test_an_approver_who_pushed_lets_nothing_off(project, api):
    """S17: as it was played."""
    (found,) = next(iter(api.brought.values()))
    found |= {"source_branch": "work", "source_project_id": 42, "target_project_id": 42}
    found |= {"created_at": OPENED}
    api.push(ANN, MADE, action="created")
    api.push(BOB, PUSHED)
    api.approve(BOB, "bob", AFTER)
    project.apply(code=6)
    assert phone(2) in project.live()
    api.approve(13, "carla", AFTER)
    project.apply()
    assert phone(2) not in project.live()
