"""What a plan says besides its changes: warnings and alarms. None of it holds a protective change up."""

from collections import Counter
from collections.abc import Iterator

from reconciler.audit.ledger import Ledger
from reconciler.desired.review import review_findings
from reconciler.model.claims import ReleaseReason
from reconciler.model.finding import Finding, Severity
from reconciler.model.live import Live
from reconciler.model.phone import mask
from reconciler.planning.plan import Plan
from reconciler.planning.reassigned import outdated_reassignments
from reconciler.planning.setting import Setting
from reconciler.reconcile.project import Project
from reconciler.reconcile.rulechange import Before
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.tree import GitTree
from reconciler.repository.repository import Repository

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
    """Raise an alarm where CXone has no room for all that is to be added."""
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
    project: Project, repository: Repository | None, ledger: Ledger | None, tenant: str, around: Surroundings
) -> Before | None:
    """Find what today's rules are compared with: the merge's target, else what was applied last."""
    if repository is None:
        return None
    if around.onto is not None:
        return Before(GitTree(repository, around.onto), around.onto.removeprefix("origin/"))
    newest = ledger.newest(tenant) if ledger else None
    if newest is None or newest.report["hashes"]["rules"] == project.content(())["rules"]:
        return None
    return Before(GitTree(repository, newest.report.revision), newest.report.revision[:12])
