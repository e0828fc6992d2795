"""The merge request that a pipeline runs for: writing its note, and letting it merge by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import SystemRandom

from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.gitlab.merge_requests import MergeRequest
from reconciler.gitlab.notes import Notes, Render, Sticky
from reconciler.use_cases.workspace.context import CommandContext

TOKEN = "GITLAB_TOKEN"  # noqa: S105  (the variable's name)
_REQUIRED_VARIABLES = ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", TOKEN)


def post_note(
    ctx: CommandContext,
    tenant: str,
    render: Render,
    *,
    as_new_note: bool = True,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Write the tenant's section of the merge request's note. What prevents it is said, and ends nothing.

    Without `as_new_note` only where the note has such a section already.
    """
    with _report_problems(ctx, "the note was not written"), _gitlab(ctx) as (gitlab, number):
        sticky = Sticky(Notes(gitlab, number), pause=pause, uniform=SystemRandom().uniform)
        sticky.write_section(tenant, render, is_added=as_new_note)


def set_auto_merge(ctx: CommandContext, sha: str, *, hindrance: str | None) -> None:
    """Have the merge request merged when its pipeline succeeds; with a hindrance, take that back.

    `sha` is the tip of its branch that was planned. What prevents it is said, and ends nothing: people merge.
    """
    with _report_problems(ctx, "auto-merge was not changed"), _gitlab(ctx) as (gitlab, number):
        merge_request = MergeRequest(gitlab, number)
        if hindrance is None:
            merge_request.merge_when_green(sha, int(ctx.pipeline.get("CI_PIPELINE_ID") or 0))
            ctx.say("merges by itself when this pipeline succeeds: it only protects")
        else:
            was_cancelled = merge_request.cancel_merge()
            ctx.say(
                f"people merge this: {hindrance}" + ("; auto-merge is called off" if was_cancelled else "")
            )


@contextmanager
def _gitlab(ctx: CommandContext) -> Iterator[tuple[GitLab, int]]:
    pipeline = ctx.pipeline
    missing_variables = [name for name in _REQUIRED_VARIABLES if pipeline.get(name) is None]
    if missing_variables:
        raise GitLabProblem(
            f"not set: {', '.join(missing_variables)}",
            f"run it in a merge request pipeline, with a project access token in {TOKEN}",
        )
    url, project, number, token = (pipeline.get(name) or "" for name in _REQUIRED_VARIABLES)
    if not number.isdecimal():
        raise GitLabProblem("CI_MERGE_REQUEST_IID is no number", "run it in a merge request pipeline")
    with GitLab(url, project, token) as gitlab:
        yield gitlab, int(number)


@contextmanager
def _report_problems(ctx: CommandContext, action: str) -> Iterator[None]:
    try:
        yield
    except GitLabProblem as problem:
        ctx.say(f"warning: {action}: {problem}")
