"""What a plan says besides its changes: warnings and alarms. None of them holds up a protective change."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from reconciler.audit.ledger import Ledger
from reconciler.core.model.entries import DeclaredEntries, Key, Release, ReleaseReason, query_date
from reconciler.core.model.finding import Finding, Severity, count_text
from reconciler.core.model.live import Live
from reconciler.core.model.phone import mask
from reconciler.core.planning.change import Action, BlockedBy, Change, Reason
from reconciler.core.planning.deadlines import OpenRequest
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import Plan
from reconciler.core.planning.state import LastApplied
from reconciler.git.repository import Repository
from reconciler.rules.rule_set import Rules, review_findings
from reconciler.use_cases.reconcile.rule_changes import ComparedState
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import GitTree


def request_alarms(waiting: Iterable[OpenRequest], rules: Rules) -> Iterator[Finding]:
    """Say which requests are near or past their honour-by date and not live, by list and date."""
    for request in waiting:
        rule = rules.by_id(request.rule)
        number_count = len(request.phones)
        requests = (
            f"{count_text(number_count, 'request')} on {request.list_id} "
            f"{'is' if number_count == 1 else 'are'}"
        )
        if request.is_overdue:
            message = f"{requests} open past the honour-by date {request.due}: apply sends the nearest first"
        else:
            message = f"{requests} open since the target {request.target}: to be live by {request.due}"
        citation = rule.printed_citation if rule else ""
        yield Finding("", 0, 0, "", request.rule, Severity.ALARM, message, citation)


MIN_MOVED_NUMBERS = 10  # fewer may be chance: one person's opt-out here, another's slip there


@dataclass(frozen=True, slots=True, order=True)
class ListMove:
    """Numbers, sorted, whose lines vanished from `list_id` without a release; `target_list` gets them."""

    list_id: str
    target_list: str
    phones: tuple[str, ...]


def find_moves(changes: Iterable[Change]) -> Iterator[ListMove]:
    """Find what looks like a move between two lists, those of many numbers only."""
    vanished_by_list: dict[str, set[str]] = {}
    new_by_list: dict[str, set[str]] = {}
    for change in changes:
        if change.reason is Reason.VANISHED and BlockedBy.NO_RELEASE in change.blocked_by:
            vanished_by_list.setdefault(change.list_id, set()).update(change.phones)
        elif change.action is Action.CREATE and change.reason is Reason.DECLARED:
            new_by_list.setdefault(change.list_id, set()).update(change.phones)
    for list_id, phones in sorted(vanished_by_list.items()):
        for target_list, new_phones in sorted(new_by_list.items()):
            moved_phones = phones & new_phones
            if target_list != list_id and len(moved_phones) >= MIN_MOVED_NUMBERS:
                yield ListMove(list_id, target_list, tuple(sorted(moved_phones)))


MOVED_RULE = "LIST-MOVED"


def move_findings(plan: Plan) -> Iterator[Finding]:
    """Say for each pair of lists how many numbers seem to have moved, and the command that releases them."""
    for move in find_moves(plan.changes):
        command = (
            f"dnc release --list {move.list_id} --reason MOVED --to {move.target_list} --evidence EVIDENCE"
        )
        message = (
            f"{len(move.phones):,} numbers vanished from {move.list_id} and are new on "
            f"{move.target_list}: if they "
            f"moved, add the release: `{command}`; until then they stay on both"
        )
        yield Finding("", 0, 0, "", MOVED_RULE, Severity.WARNING, message)


def outdated_reassignments(
    desired: DeclaredEntries, last_applied: LastApplied
) -> Iterator[tuple[Release, date]]:
    """Give each release as reassigned whose query is not later than the request, with that request's day.

    Whoever asked after the query is the number's new owner, or was asked about too early. Of claims that are
    held only: where one still stands in the files, reading the files says it, with its line.
    """
    for key, releases in desired.releases.items():
        for release in releases:
            queried_on = _queried_on(release)
            requested_on = _requested_on(key, desired, last_applied) if queried_on else None
            if queried_on and requested_on and queried_on <= requested_on:
                yield release, requested_on


def _queried_on(release: Release) -> date | None:
    queried = query_date(release.evidence)
    if release.reason is not ReleaseReason.NUMBER_REASSIGNED or queried is None:
        return None
    try:
        return date.fromisoformat(queried)
    except ValueError:
        return None


def _requested_on(key: Key, desired: DeclaredEntries, last_applied: LastApplied) -> date | None:
    if any(file.list_id == key[0] and key[1] in file.numbers for file in desired.files):
        return None
    days = (entry.terms.requested_on for entry in last_applied.entries(key))
    return max((day for day in days if day), default=None)


READ_RULE = "CXONE-READ"
API_FIELDS_RULE = "CXONE-CARRIES"
REMOVAL_RULE = "CXONE-REMOVAL"
CEILING_RULE = "CXONE-FULL"
UNDECLARED_REGISTRY_RULE = "CXONE-REGISTRY"
REASSIGNED_RULE = "OPS-DEL-01"


def project_findings(project: Project, setting: PlanFacts) -> Iterator[Finding]:
    """Say what is loosened, due for review, or odd about a release."""
    yield from project.loosened_findings()
    yield from review_findings(project.rules, setting.as_of)
    for release, requested_on in outdated_reassignments(setting.declared, setting.last_applied):
        message = (
            f"{mask(release.phone)} on {release.list_id}: the database of reassigned numbers was asked on or "
            f"before {requested_on}, the day of the request: ask again, and write the new date"
        )
        yield _warning(REASSIGNED_RULE, message)


def read_findings(live: Live) -> Iterator[Finding]:
    """Say what was odd about the reading of CXone."""
    if live.is_unread and not live.is_counted:
        yield _read_finding(
            "CXone could not be read: only what no report has as live is sent, nothing is removed, and what "
            "is live now is unknown"
        )
    elif not live.complete:
        yield _read_finding(
            "two reads of CXone did not add up (a busy tenant may never give one that does): "
            "what the latest look did not see stays as it is"
        )
    if live.unreadable:
        yield _read_finding(f"{len(live.unreadable)} live entries are no E.164 numbers: left alone")
    yield from live.warnings


def dialect_findings(setting: PlanFacts, plan: Plan) -> Iterator[Finding]:
    """Say what this CXone never learns of each list, and what taking a number off does not do in it."""
    stay: dict[str, set[str]] = {}
    for file in setting.declared.active_on(setting.as_of).files:
        for terms in file.distinct:
            stay.setdefault(file.list_id, set()).update(setting.dialect.git_only_fields(terms))
    for list_id, names in sorted(stay.items()):
        # Dates and jurisdictions are git's alone in every dialect; that the reason is, few would expect.
        if "reasonCode" in names:
            message = f"list {list_id}: of its terms {', '.join(sorted(names))} live only in git: "
            yield _warning(API_FIELDS_RULE, f"{message}{setting.dialect.name} carries a number and its end")
    if setting.dialect.removal_note and any(
        change.is_exposing and (change.is_allowed or change.by_hand) for change in plan.changes
    ):
        yield _warning(REMOVAL_RULE, setting.dialect.removal_note)


def registry_findings(plan: Plan) -> Iterator[Finding]:
    """Say which registries' entries nobody claims while an entry of ours is declared for the number."""
    counts = Counter(list_id for list_id, _ in plan.target_state.registry_entries)
    for list_id, count in sorted(counts.items()):
        message = (
            f"{count:,} number(s) on {list_id} have a registry's entry in CXone that no file lists. It is "
            "kept, also where an entry of ours is written over it: only a REGISTRY_REMOVED release "
            "removes it, and none while a registry's entry of ours was applied for the number. List it in a "
            "registry's file, or leave it as it is"
        )
        yield _warning(UNDECLARED_REGISTRY_RULE, message)


def release_age_findings(plan: Plan) -> Iterator[Finding]:
    """Say which entries are released as entered in error by a release from before their own request."""
    for (list_id, phone), authorization in sorted(plan.target_state.authorizations.items()):
        requested_on = max(
            (entry.terms.requested_on for entry in authorization.entries if entry.terms.requested_on),
            default=None,
        )
        for release in authorization.releases:
            if (
                requested_on
                and release.reason is ReleaseReason.ENTERED_IN_ERROR
                and release.released_on < requested_on
            ):
                message = (
                    f"{mask(phone)} on {list_id}: ENTERED_IN_ERROR of {release.released_on} is older than "
                    f"the request of {requested_on} that it says is an error: check that it means "
                    "that request"
                )
                yield _warning(REASSIGNED_RULE, message)


def ceiling_findings(plan: Plan, live: Live) -> Iterator[Finding]:
    """Raise an alarm where what is to be added exceeds CXone's ceiling."""
    over_ceiling = sum(len(change.phones) for change in plan.over_ceiling)
    if not over_ceiling or live.ceiling is None:
        return
    required_entries = live.entry_count + plan.summary["create"] + over_ceiling
    message = (
        f"{live.entry_count:,} records are there and {required_entries - live.entry_count:,} would "
        f"be added: {required_entries:,} of "
        f"the {live.ceiling:,} that CXone takes in one environment. {over_ceiling:,} are left out "
        "and not protected, "
        "requests of persons last: remove calling lists or groups that are not needed, then run again"
    )
    yield Finding("", 0, 0, "", CEILING_RULE, Severity.ALARM, message)


def _read_finding(message: str) -> Finding:
    return _warning(READ_RULE, message)


def _warning(rule: str, message: str) -> Finding:
    return Finding("", 0, 0, "", rule, Severity.WARNING, message)


def state_before(
    project: Project, repository: Repository | None, ledger: Ledger | None, tenant: str, ctx: CommandContext
) -> ComparedState | None:
    """Find what today's rules and configuration are compared with: the merge's target, else the last applied.

    None where that has the same.
    """
    if repository is None:
        return None
    if ctx.options.onto is not None:
        return ComparedState(GitTree(repository, ctx.options.onto), ctx.options.onto.removeprefix("origin/"))
    newest = ledger.newest(tenant) if ledger else None
    hashes, parts = project.content_hashes(()), ("rules", "configuration")
    if newest is None or all(newest.report.hashes[part] == hashes[part] for part in parts):
        return None
    return ComparedState(GitTree(repository, newest.report.revision), newest.report.revision[:12])
