"""Requests as the oracle compares them: who asked, of which kind, for how much, until when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from reconciler.core.model.entries import Hold, Key, ProjectedTerms, Terms
from tests.properties.world import World

REGISTRIES = {"NATIONAL", "STATE"}
RANKS = ["UNKNOWN", "COMPANY_POLICY", "LOCAL", "STATE", "NATIONAL", "CUSTOMER_REQUESTED"]
OF_THE_PERSON = {"CONSENT_GIVEN", "NUMBER_REASSIGNED"}
COMPANY_RELEASES = {*OF_THE_PERSON, "ENTERED_IN_ERROR"}
REGISTRY_RELEASES = {"REGISTRY_REMOVED", "ENTERED_IN_ERROR"}
NEVER = datetime.min.replace(tzinfo=UTC)
Line = tuple[str, Terms]
"""A line of a file, by the file's path, as a run had it."""


@dataclass(frozen=True)
class Theirs:
    """What somebody else asked for: when, as what, and whether that was before we had any line.

    `registry`: they entered what a registry says, where nothing of a registry's was. `seen`: a run of ours
    read it while a line of ours asked for the number as well.
    """

    at: datetime
    said: ProjectedTerms
    first: bool
    registry: bool = False
    seen: bool = False


@dataclass(frozen=True)
class Held:
    """A line that is owed: since when we ask for at least as much, and when the registry was last asked."""

    since: datetime
    retrieved: date | None = None


def kind(reason: str) -> bool:
    """Tell a registry's reason from the company's own."""
    return reason in REGISTRIES


def asks(terms: Terms) -> tuple[date, int]:
    """Say how much terms ask for: how long, then for which reason. A registry's request has no end."""
    end = None if kind(terms.reason_code) else terms.end
    return (end or date.max, RANKS.index(terms.reason_code))


def stands_in(line: Terms, other: Terms) -> bool:
    """Rule 2: the line is of the other's kind, and asks for at least as much."""
    return kind(line.reason_code) == kind(other.reason_code) and asks(line) >= asks(other)


def is_over(terms: Terms, today: date) -> bool:
    """Rule 3: the last day is over. `today` is the day where it is latest, at UTC-12."""
    return not kind(terms.reason_code) and terms.end is not None and terms.end < today


def begins(day: date) -> datetime:
    """Give the first moment of a day anywhere on Earth: at UTC+14."""
    return datetime.combine(day, time(), UTC) - timedelta(hours=14)


def latest_day(moment: datetime) -> date:
    """Give the day of a moment where the day is latest, at UTC-12."""
    return (moment - timedelta(hours=12)).date()


def names(hold: Hold, key: Key) -> bool:
    return hold.everything or hold.list_id == key[0] or key[1] in hold.phones


def on_hold(world: World, key: Key) -> bool:
    """Tell whether a hold that stands in the files today names the number of that list."""
    holds = world.files.holds
    return any(names(h, key) and (h.until is None or world.as_of <= h.until) for h in holds)
