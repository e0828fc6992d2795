"""A plan as JSON for whoever reviews it: what authorizes its removals, and which settings differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.model.entries import Release, Terms, terms_to_json
from reconciler.core.planning.change import BlockedBy, Change, Reason
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import Plan
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan
from reconciler.use_cases.reconcile.report.authors import ASSERTED
from reconciler.use_cases.reconcile.report.release_origins import Facts, Origin, ReleaseOrigins, facts_of
from reconciler.use_cases.reconcile.report.terms_changes import terms_changes_json
from reconciler.use_cases.workspace.settings_changes import settings_changes_json

KEY = "authorized_by"
_Row = dict[str, Any]
_UNASKED = Origin()


def reviewed_plan_json(prepared: PreparedPlan, *, has_history: bool = True) -> dict[str, Any]:
    """Say a plan as JSON, with all that a reviewer asks.

    Without `has_history` no history is read for it, so nobody is named, and neither terms nor settings are
    compared: what protects waits for none of it.
    """
    document, inputs, criteria = prepared.document, prepared.inputs, prepared.criteria
    origins = settings = None
    terms_changes: list[_Row] = []
    if has_history:
        terms_changes = terms_changes_json(prepared.plan, criteria.setting)
        sources = {source.path: source.data for source in inputs.sources}
        origins = ReleaseOrigins(inputs.repository, criteria.approval.revs, sources)
        state = prepared.compared_state
        settings = settings_changes_json(inputs.project, state.tree, state.name) if state else None
    changes = with_authorizations(document["changes"], prepared.plan, criteria.setting, origins)
    return {**document, "changes": changes, "terms_changes": terms_changes, "settings": settings}


def with_authorizations(
    changes_json: Sequence[_Row], plan: Plan, setting: PlanFacts, origins: ReleaseOrigins | None
) -> list[_Row]:
    """Add to each exposing change what authorizes it; without `origins` nobody is named."""
    if origins is not None:
        origins.look_up(
            release
            for change in plan.changes
            if change.is_exposing
            for phone in change.phones
            for release in _releases(change, phone, plan, setting)
        )
    return [
        {**change_json, KEY: _authorization_rows(change, plan, setting, origins)}
        if change.is_exposing
        else change_json
        for change, change_json in zip(plan.changes, changes_json, strict=True)
    ]


def _releases(change: Change, phone: str, plan: Plan, setting: PlanFacts) -> Sequence[Release]:
    """Give the releases that authorize a number's change, or that wait for an approval alone."""
    key = (change.list_id, phone)
    if change.reason is not Reason.VANISHED:
        authorization = plan.target_state.authorizations.get(key)
        return authorization.releases if authorization else ()
    if BlockedBy.APPROVAL in change.blocked_by:
        releases = setting.declared.releases.get(key, ())
        return [release for release in releases if not setting.is_approved(release)]
    return ()


@dataclass(slots=True)
class _Group:
    """Numbers with one authorization."""

    row: _Row
    phones: list[str] = field(default_factory=list)
    commits: dict[str, None] = field(default_factory=dict)

    @property
    def json(self) -> _Row:
        """The row, with its numbers."""
        commits = {"commits": list(self.commits)} if self.row["permission"] == "release" else {}
        return {**self.row, **commits, "count": len(self.phones), "phones": self.phones}


def _authorization_rows(
    change: Change, plan: Plan, setting: PlanFacts, origins: ReleaseOrigins | None
) -> list[_Row]:
    """Put numbers together that have all of it in common; those of most numbers first."""
    groups: dict[object, _Group] = {}
    known: dict[tuple[Facts, str, Origin], _Group] = {}
    for phone in change.phones:
        releases = _releases(change, phone, plan, setting)
        for release in releases:
            origin = origins.origin(release) if origins else _UNASKED
            facts = facts_of(release)
            group = known.get((facts, release.path, origin))
            if group is None:
                group = known[facts, release.path, origin] = _release_group(
                    groups, facts, release.path, origin
                )
            group.phones.append(phone)
        for path, terms in _lapses(change, phone, plan) if not releases else ():
            groups.setdefault((path, terms), _Group(_lapse_json(path, terms))).phones.append(phone)
    return sorted(
        (group.json for group in groups.values()), key=lambda row: (-row["count"], row["phones"][0])
    )


def _release_group(groups: dict[object, _Group], facts: Facts, path: str, origin: Origin) -> _Group:
    """Give the group of a release by these authors, whichever of their commits brought it."""
    authors = tuple(dict.fromkeys((commit.name, commit.mail) for commit in origin.commits))
    row = _release_json(facts, path, authors, origin.unknown)
    group = groups.setdefault((facts, path, authors, origin.unknown), _Group(row))
    group.commits.update(dict.fromkeys(commit.sha for commit in origin.commits))
    return group


def _lapses(change: Change, phone: str, plan: Plan) -> Iterator[tuple[str, Terms]]:
    authorization = plan.target_state.authorizations.get((change.list_id, phone))
    if authorization is not None and change.reason is not Reason.VANISHED:
        yield from dict.fromkeys((entry.path, entry.terms) for entry in authorization.entries)


def _release_json(facts: Facts, path: str, authors: Sequence[tuple[str, str]], unknown: str) -> _Row:
    _, day, reason, evidence, to = facts
    return {
        "permission": "release",
        "file": path,
        "release": reason,
        "to": to,
        "released_on": day,
        "evidence": evidence,
        "authors": [{"name": name, "email": mail, "how": ASSERTED} for name, mail in authors],
        "author_unknown": unknown or None,
    }


def _lapse_json(path: str, terms: Terms) -> _Row:
    fields: Mapping[str, str | None] = terms_to_json(terms)
    return {"permission": "lapse", "file": path, "terms": fields, "ended_on": fields["end"]}
