"""What is owed to every number, told from the commits, the agents' acts and the exit codes alone.

It knows nothing of the program's own reasoning. Where what happened leaves two answers (did the run that was
killed write its report?), it asks for neither.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

Key = tuple[str, str]  # list, number
Versions = Mapping[Key, str | None]  # what is live, and when each entry was written last


class Owed(StrEnum):
    """What must be so once all is quiet."""

    ON = "on"
    OFF = "off"
    EITHER = "either"


@dataclass(frozen=True)
class Claim:
    """A line of a file. `end` is its last day."""

    reason: str
    end: date | None = None

    def stands(self, as_of: date) -> bool:
        return self.end is None or self.end >= as_of


@dataclass(frozen=True)
class Release:
    """A release of a file. `fits` tells whether its reason is one for the claim's reason code."""

    evidence: str
    on: date
    fits: bool = True

    @property
    def from_moment(self) -> datetime:
        """The first moment of its day anywhere on Earth: UTC+14."""
        return datetime.combine(self.on, time(), UTC) - timedelta(hours=14)


@dataclass(frozen=True)
class Files:
    """The lists at one commit."""

    claims: Mapping[Key, Claim] = field(default_factory=dict)
    releases: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)


@dataclass
class _Number:
    """One number of one list since it was last surely off."""

    held: datetime | None = None  # since when a run that surely reported had its claim standing
    ends: set[date | None] = field(default_factory=set)  # of every claim that any run had standing
    touched: datetime | None = None
    as_touched: str | None = None  # the entry's version then, where the touch surely was an agent's
    opted_out: bool = False  # an agent's entry, which may be stronger than any claim


class Oracle:
    """Watches one history."""

    def __init__(self) -> None:
        self._numbers: dict[Key, _Number] = {}
        self._spent: set[str] = set()  # evidence of releases that surely are
        self._maybe_spent: set[str] = set()
        self.forged = False  # a report that nobody of ours wrote: what it says may keep any number on

    def touched(self, key: Key, moment: datetime, *, version: str | None = None, added: bool = False) -> None:
        """An agent changed or added it (`version`); or a run of which nobody can tell whether it was ours."""
        number = self._of(key)
        number.touched = moment
        number.as_touched = version
        number.opted_out = number.opted_out or added

    def attempted(
        self, files: Files, as_of: date, live: Collection[Key], ended: datetime, *, sure: bool
    ) -> None:
        """A run of that commit ended; `sure` if it surely wrote its report and did what protects."""
        for key, claim in files.claims.items():
            if not claim.stands(as_of):
                continue
            number = self._of(key)
            number.ends.add(claim.end)
            if sure:
                number.held = number.held or ended
            beside = {release.evidence for release in files.releases.get(key, ())}
            self._maybe_spent |= beside
            self._spent |= beside if sure else set()
        for key in self._numbers.keys() - set(live) if sure else ():
            if key not in files.claims or not files.claims[key].stands(as_of):
                self._numbers[key] = _Number()

    def owed(self, key: Key, files: Files, as_of: date, live: Versions) -> Owed:
        """Tell what is owed to a number, with these files on that day."""
        claim = files.claims.get(key)
        if claim is not None and claim.stands(as_of):
            return Owed.ON
        number = self._of(key)
        if not number.held:
            # Nobody's but the agent's, if nobody ever claimed it.
            return Owed.ON if number.opted_out and not number.ends and key in live else Owed.EITHER
        return self._permitted(number, files.releases.get(key, ()), as_of, live.get(key))

    def _permitted(
        self, number: _Number, releases: tuple[Release, ...], as_of: date, version: str | None
    ) -> Owed:
        """Tell of a held number without a standing claim whether it may come off, must, or must not."""
        known = [r for r in releases if r.fits and r.evidence not in self._spent]
        lapsed = {end for end in number.ends if end is not None and end < as_of}
        if not known and not lapsed:
            return Owed.ON
        touched = number.touched
        if touched is not None and number.as_touched is not None and version == number.as_touched:
            later = all(r.from_moment <= touched for r in known)
            if later and (not lapsed or number.held < touched):
                return Owed.ON  # a later opt-out
        if number.opted_out:
            return Owed.EITHER
        # Of several releases only the one of the latest day is one for sure: the others may be spent.
        last = [r for r in known if all(r is other or other.on < r.on for other in releases)]
        fresh = (r for r in last if r.evidence not in self._maybe_spent)
        released = any(touched is None or touched < r.from_moment for r in fresh)
        may_stay = self.forged or not (released or (lapsed == number.ends and touched is None))
        return Owed.EITHER if may_stay else Owed.OFF

    def _of(self, key: Key) -> _Number:
        return self._numbers.setdefault(key, _Number())
