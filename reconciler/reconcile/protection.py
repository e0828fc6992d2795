"""Whether GitLab keeps people from passing by review, and from rewriting the record: its protected branches.

Fields as GitLab's API documentation has them (protected branches, v4, read 2026-11-27). A name may have `*`,
which goes over anything. Where several rules reach a branch, the most permissive one holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.reconcile.approval import TOKEN
from reconciler.reconcile.check import Check, State, ok
from reconciler.reconcile.surroundings import Surroundings

_WHERE = "Settings > Repository > Protected branches"
_NOBODY = 0  # GitLab's access level "No one"

Rule = Mapping[str, Any]


def protection(around: Surroundings, audit_branch: str) -> Iterator[Check]:
    """Look at the default branch and the audit branch, where a token can see them. Nothing without one."""
    pipeline = around.pipeline
    url, project, token = (pipeline.get(name) for name in ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN))
    if not (url and project and token):
        return
    try:
        with GitLab(url, project, token) as gitlab:
            rules = list(gitlab.pages("/protected_branches"))
    except GitLabProblem as problem:
        yield ok("protected branches", f"not seen: {problem.fact}; look yourself: {_WHERE}")
        return
    default = pipeline.get("CI_DEFAULT_BRANCH")
    if default is not None:
        yield _default(default, _reaching(rules, default))
    yield _audit(audit_branch, _reaching(rules, audit_branch))


def _default(branch: str, rules: Sequence[Rule]) -> Check:
    name = "default branch"
    remedy = f"{_WHERE}: {branch}, merge: Maintainers, push: nobody, force push: off"
    if not rules:
        said = f"{branch} is not protected: whoever may push passes by review"
        return Check(name, State.WARNING, said, remedy)
    if pushing := _pushing(rules):
        said = f"{branch} takes pushes of {', '.join(pushing)}: they pass by review"
        return Check(name, State.WARNING, said, remedy)
    return ok(name, f"{branch} takes merge requests only")


def _audit(branch: str, rules: Sequence[Rule]) -> Check:
    name = "audit protection"
    remedy = f"{_WHERE}: {branch}, merge: nobody, push: the bot of DNC_GIT_TOKEN, force push: off"
    if not rules:
        said = f"{branch} is not protected: whoever may push can rewrite the record"
        return Check(name, State.WARNING, said, remedy)
    if any(rule.get("allow_force_push") for rule in rules):
        return Check(name, State.WARNING, f"{branch} takes forced pushes: they rewrite the record", remedy)
    pushing = _pushing(rules)
    if not pushing:
        said = f"{branch} takes no push: an apply could not deliver its report (exit 9)"
        return Check(name, State.WARNING, said, remedy)
    return ok(name, f"{branch} takes pushes of {', '.join(pushing)}, none of them forced")


def _reaching(rules: Sequence[Rule], branch: str) -> list[Rule]:
    return [rule for rule in rules if fnmatchcase(branch, str(rule.get("name", "")).replace("[", "[[]"))]


def _pushing(rules: Sequence[Rule]) -> list[str]:
    """Say who may push, in GitLab's words."""
    levels = [level for rule in rules for level in rule.get("push_access_levels") or ()]
    allowed = [level for level in levels if level.get("access_level") != _NOBODY]
    return sorted({str(level.get("access_level_description") or "somebody") for level in allowed})
