"""Who and what ran this, as git and the pipeline's variables say; nothing of it is proved."""

from typing import Any

from reconciler.reconcile.surroundings import Pipeline, Surroundings
from reconciler.repository.repository import Repository

_TOLD = (
    "CI_PIPELINE_ID",
    "CI_PIPELINE_SOURCE",
    "CI_PIPELINE_URL",
    "CI_JOB_ID",
    "CI_JOB_URL",
    "CI_COMMIT_REF_NAME",
)


def actor_json(around: Surroundings, repository: Repository | None, revision: str | None) -> dict[str, Any]:
    """Say who ran this and who wrote the commit."""
    pipeline = around.pipeline
    user = repository.user() if repository else None
    return {
        "name": pipeline.get("GITLAB_USER_LOGIN") or user or around.environ.get("USER") or "unknown",
        "email": pipeline.get("GITLAB_USER_EMAIL") or user,
        "commit_author": repository.describe(revision).author if repository and revision else None,
        "how": "asserted",
    }


def pipeline_json(pipeline: Pipeline) -> dict[str, Any] | None:
    """Say which pipeline and job this is; None outside of one."""
    told = {name.removeprefix("CI_").lower(): pipeline.get(name) for name in _TOLD if pipeline.get(name)}
    return {**told, "how": "asserted"} if told else None
