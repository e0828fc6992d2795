"""Merging by itself, and taking that back."""

import pytest

from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.gitlab.merge_requests import MergeRequest
from tests.support.gitlab_api import PIPELINE, PROJECT, TOKEN

TIP = "a" * 40


@pytest.fixture
def request_(api):
    api.merge_request["sha"] = TIP
    with GitLab(api.url, PROJECT, TOKEN) as gitlab:
        yield MergeRequest(gitlab, 3)


def test_it_merges_when_its_pipeline_succeeds(api, request_):
    request_.merge_when_green(TIP, PIPELINE)
    assert api.merge_request["merge_when_pipeline_succeeds"] is True


def test_a_push_since_the_plan_is_not_merged(api, request_):
    api.merge_request["sha"] = "b" * 40
    with pytest.raises(GitLabProblem, match="409"):
        request_.merge_when_green(TIP, PIPELINE)
    assert api.merge_request["merge_when_pipeline_succeeds"] is False


def test_a_draft_stays_a_draft(api, request_):
    api.merge_request["draft"] = True
    with pytest.raises(GitLabProblem, match="405"):
        request_.merge_when_green(TIP, PIPELINE)


@pytest.mark.parametrize(
    "newest", [None, {"id": PIPELINE + 1, "status": "running"}, {"id": PIPELINE, "status": "success"}]
)
def test_without_a_running_pipeline_of_ours_it_would_merge_at_once_so_it_does_not(api, request_, newest):
    api.merge_request["head_pipeline"] = newest
    with pytest.raises(GitLabProblem, match="running pipeline"):
        request_.merge_when_green(TIP, PIPELINE)
    assert "PUT" not in api.methods()


def test_it_is_taken_back(api, request_):
    request_.merge_when_green(TIP, PIPELINE)
    assert request_.cancel_merge() is True
    assert api.merge_request["merge_when_pipeline_succeeds"] is False


def test_what_does_not_wait_needs_no_taking_back(api, request_):
    assert request_.cancel_merge() is False
    assert "POST" not in api.methods()
