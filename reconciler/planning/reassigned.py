"""Numbers released as reassigned, by evidence that is no younger than the request itself."""

from collections.abc import Iterator
from datetime import date

from reconciler.model.claims import Claims, Key, Release, ReleaseReason
from reconciler.planning.held import Held

# What the reassigned numbers database answers: `rnd:yes:<query date>`.
EVIDENCE = "rnd:yes:"


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
    if release.reason is not ReleaseReason.NUMBER_REASSIGNED or not release.evidence.startswith(EVIDENCE):
        return None
    try:
        return date.fromisoformat(release.evidence.removeprefix(EVIDENCE))
    except ValueError:
        return None


def _requested_on(key: Key, desired: Claims, held: Held) -> date | None:
    if any(f.list_id == key[0] and key[1] in f.numbers for f in desired.files):
        return None
    days = (claim.terms.requested_on for claim in held.claims(key))
    return max((day for day in days if day), default=None)
