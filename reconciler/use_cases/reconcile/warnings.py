"""What a plan says besides its changes: warnings and alarms. None of them holds up a protective change."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from reconciler.audit.ledger import Ledger
from reconciler.core.model.entries import Claims, Key, Release, ReleaseReason, query_date
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.live import Live
from reconciler.core.model.phone import mask
from reconciler.core.planning.change import Action, BlockedBy, Change, Reason
from reconciler.core.planning.deadlines import OpenRequest
from reconciler.core.planning.inputs import Setting
from reconciler.core.planning.plan import Plan
from reconciler.core.planning.state import Held
from reconciler.git.repository import Repository
from reconciler.rules.rule_set import Rules, review_findings
from reconciler.use_cases.reconcile.rule_changes import Before
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import GitTree


def request_alarms(waiting: Iterable[OpenRequest], rules: Rules) -> Iterator[Finding]:
    """Say which requests are near or past their honour-by date and not live, by list and date."""
    for one in waiting:
        rule = rules.by_id(one.rule)
        many = len(one.phones)
        requests = (
            f"{many:,} request{'' if many == 1 else 's'} on {one.list_id} {'is' if many == 1 else 'are'}"
        )
        if one.past:
            said = f"{requests} open past the honour-by date {one.due}: apply sends the nearest first"
        else:
            said = f"{requests} open since the target {one.target}: to be live by {one.due}"
        citation = rule.printed_citation if rule else ""
        yield Finding("", 0, 0, "", one.rule, Severity.ALARM, said, citation)


FEWEST = 10  # fewer may be chance: one person's opt-out here, another's slip there


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """Numbers, sorted, whose lines vanished from `list_id` without a release, while `to` gets them."""

    list_id: str
    to: str
    phones: tuple[str, ...]


def moves(changes: Iterable[Change]) -> Iterator[Move]:
    """Find what looks like a move between two lists, those of many numbers only."""
    gone: dict[str, set[str]] = {}
    new: dict[str, set[str]] = {}
    for change in changes:
        if change.reason is Reason.VANISHED and BlockedBy.NO_RELEASE in change.blocked_by:
            gone.setdefault(change.list_id, set()).update(change.phones)
        elif change.action is Action.CREATE and change.reason is Reason.DECLARED:
            new.setdefault(change.list_id, set()).update(change.phones)
    for list_id, phones in sorted(gone.items()):
        for to, arrived in sorted(new.items()):
            both = phones & arrived
            if to != list_id and len(both) >= FEWEST:
                yield Move(list_id, to, tuple(sorted(both)))


MOVED = "LIST-MOVED"


def move_notes(plan: Plan) -> Iterator[Finding]:
    """Say for each pair of lists how many numbers seem to have moved, and the command that releases them."""
    for move in moves(plan.changes):
        command = f"dnc release --list {move.list_id} --reason MOVED --to {move.to} --evidence EVIDENCE"
        said = (
            f"{len(move.phones):,} numbers vanished from {move.list_id} and are new on {move.to}: if they "
            f"moved, add the release: `{command}`; until then they stay on both"
        )
        yield Finding("", 0, 0, "", MOVED, Severity.WARNING, said)


def outdated_reassignments(desired: Claims, held: Held) -> Iterator[tuple[Release, date]]:
    """Give each release as reassigned whose query is not later than the request, with that request's day.

    Whoever asked after the query is the number's new owner, or was asked about too early. Of claims that are
    held only: where one still stands in the files, reading the files says it, with its line.
    """
    for key, releases in desired.releases.items():
        for release in releases:
            queried = _queried_on(release)
            requested = _requested_on(key, desired, held) if queried else None
            if queried and requested and queried <= requested:
                yield release, requested


def _queried_on(release: Release) -> date | None:
    queried = query_date(release.evidence)
    if release.reason is not ReleaseReason.NUMBER_REASSIGNED or queried is None:
        return None
    try:
        return date.fromisoformat(queried)
    except ValueError:
        return None


def _requested_on(key: Key, desired: Claims, held: Held) -> date | None:
    if any(f.list_id == key[0] and key[1] in f.numbers for f in desired.files):
        return None
    days = (claim.terms.requested_on for claim in held.claims(key))
    return max((day for day in days if day), default=None)


READ = "CXONE-READ"
CARRIES = "CXONE-CARRIES"
REMOVAL = "CXONE-REMOVAL"
FULL = "CXONE-FULL"
UNCLAIMED = "CXONE-REGISTRY"
REASSIGNED = "OPS-DEL-01"


def project_notes(project: Project, setting: Setting) -> Iterator[Finding]:
    """Say what is loosened, due for review, or odd about a release."""
    yield from project.loosened()
    yield from review_findings(project.rules, setting.as_of)
    for release, requested in outdated_reassignments(setting.desired, setting.held):
        said = (
            f"{mask(release.phone)} on {release.list_id}: the database of reassigned numbers was asked on or "
            f"before {requested}, the day of the request: ask again, and write the new date"
        )
        yield _warning(REASSIGNED, said)


def read_notes(live: Live) -> Iterator[Finding]:
    """Say what was odd about the reading of CXone."""
    if not live.complete:
        yield _read(
            "two reads of CXone did not add up (a busy tenant may never give one that does): "
            "what the latest look did not see stays as it is"
        )
    if live.unreadable:
        yield _read(f"{len(live.unreadable)} live entries are no E.164 numbers: left alone")
    yield from live.warnings


def dialect_notes(setting: Setting, plan: Plan) -> Iterator[Finding]:
    """Say what this CXone never learns of each list, and what taking a number off does not do in it."""
    stay: dict[str, set[str]] = {}
    for file in setting.desired.standing(setting.as_of).files:
        for terms in file.distinct:
            stay.setdefault(file.list_id, set()).update(setting.dialect.uncarried(terms))
    for list_id, names in sorted(stay.items()):
        # Dates and jurisdictions are git's alone in every dialect; that the reason is, few would expect.
        if "reasonCode" in names:
            said = f"list {list_id}: of its terms {', '.join(sorted(names))} live only in git: "
            yield _warning(CARRIES, f"{said}{setting.dialect.name} carries a number and its end")
    if setting.dialect.removal_note and any(c.exposing and (c.goes or c.by_hand) for c in plan.changes):
        yield _warning(REMOVAL, setting.dialect.removal_note)


def registry_notes(plan: Plan) -> Iterator[Finding]:
    """Say which registries' entries nobody claims while a company's claim takes their place."""
    counts = Counter(list_id for list_id, _ in plan.wanted.registry)
    for list_id, count in sorted(counts.items()):
        said = (
            f"{count:,} number(s) on {list_id} have a registry's entry in CXone that no file claims. A claim "
            "of ours is written over it, and it is kept as held: only a REGISTRY_REMOVED or ENTERED_IN_ERROR "
            "release lets it off. Claim it in a registry's file, or leave it as it is"
        )
        yield _warning(UNCLAIMED, said)


def age_notes(plan: Plan) -> Iterator[Finding]:
    """Say which entries are released as entered in error by a release from before their own request."""
    for (list_id, phone), grant in sorted(plan.wanted.granted.items()):
        asked = max((c.terms.requested_on for c in grant.claims if c.terms.requested_on), default=None)
        for release in grant.releases:
            if asked and release.reason is ReleaseReason.ENTERED_IN_ERROR and release.released_on < asked:
                said = (
                    f"{mask(phone)} on {list_id}: ENTERED_IN_ERROR of {release.released_on} is older than "
                    f"the request of {asked} that it says is an error: check that it means that request"
                )
                yield _warning(REASSIGNED, said)


def ceiling_notes(plan: Plan, live: Live) -> Iterator[Finding]:
    """Raise an alarm where what is to be added exceeds CXone's ceiling."""
    left = sum(len(change.phones) for change in plan.over_ceiling)
    if not left or live.ceiling is None:
        return
    wanted = live.entries + plan.summary["create"] + left
    said = (
        f"{live.entries:,} records are there and {wanted - live.entries:,} would be added: {wanted:,} of "
        f"the {live.ceiling:,} that CXone takes in one environment. {left:,} are left out and not protected, "
        "requests of persons last: remove calling lists or groups that nobody needs, then run again"
    )
    yield Finding("", 0, 0, "", FULL, Severity.ALARM, said)


def _read(said: str) -> Finding:
    return _warning(READ, said)


def _warning(rule: str, said: str) -> Finding:
    return Finding("", 0, 0, "", rule, Severity.WARNING, said)


def before(
    project: Project, repository: Repository | None, ledger: Ledger | None, tenant: str, ctx: CommandContext
) -> Before | None:
    """Find what today's rules are compared with: the merge's target, else what was applied last."""
    if repository is None:
        return None
    if ctx.options.onto is not None:
        return Before(GitTree(repository, ctx.options.onto), ctx.options.onto.removeprefix("origin/"))
    newest = ledger.newest(tenant) if ledger else None
    if newest is None or newest.report.hashes["rules"] == project.content(())["rules"]:
        return None
    return Before(GitTree(repository, newest.report.revision), newest.report.revision[:12])
