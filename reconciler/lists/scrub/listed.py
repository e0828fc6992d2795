"""The numbers that may not be called, to be found by any writing of them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.core.model.phone import is_e164
from reconciler.lists.scrub.readings import (
    MIN_DIGITS,
    DigitRun,
    common_forms,
    digit_runs,
    international_readings,
    may_be_north_american,
    plain_text,
    tail_of,
)

_NORTH_AMERICAN = "+1"
_GROUP = re.compile("[0-9]+")
# A short end that stands for the end of the number before it: 030 1234567/68.
_ABBREVIATION = re.compile(r"[0-9](?:[ ()./-]{0,3}[0-9]){6,} *[/&] *[0-9]{1,4}(?![0-9])")
_NORTH_AMERICAN_LENGTH = len("+12125550123")


class Listing(NamedTuple):
    """A list that has a number, and why: the reason code, or what else is known."""

    list_id: str
    reason: str


Listings = tuple[Listing, ...]


class ListedNumbers:
    """Numbers with the lists that they are on. Built once, then only asked.

    Numbers of +1 are found by their last ten digits, as nothing but dialled prefixes comes before those. Of
    all others the forms are kept under which their writings meet, and their last digits, which rule out
    nearly every other number without a closer look.
    """

    def __init__(self, region: str) -> None:
        self.region = region
        self._north_american: dict[str, Listings] = {}
        self._others: dict[str, Listings] = {}
        self._tails: dict[int, set[str]] = {}
        self._joined: dict[tuple[Listings, Listing], Listings] = {}

        self._other_numbers: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """Count the numbers of each list."""
        # By identity: hashing the lists of each of a million numbers would take longer than finding them did.
        distinct = {id(listings): listings for listings in self._north_american.values()}
        counts = Counter(self._other_numbers)
        for listings_id, count in Counter(map(id, self._north_american.values())).items():
            for list_id in {listing.list_id for listing in distinct[listings_id]}:
                counts[list_id] += count
        return dict(sorted(counts.items()))

    def add(self, listing: Listing, phones: Iterable[str]) -> None:
        """Add E.164 numbers that a list has."""
        single, north_american = (listing,), self._north_american
        for phone in phones:
            if phone.startswith(_NORTH_AMERICAN) and len(phone) == _NORTH_AMERICAN_LENGTH:
                there = north_american.setdefault(phone, single)
                if there is not single:
                    north_american[phone] = self._with(there, listing)
            else:
                self._add_other(phone.removeprefix("+"), listing)

    def add_missing(self, listing: Listing, phones: Iterable[str]) -> None:
        """Add numbers that a list has, but for those that are known to be on it: their reason is known."""
        self.add(listing, (phone for phone in phones if not self._is_on(phone, listing.list_id)))

    def add_text(self, listing: Listing, text: str) -> None:
        """Add every number that a text can mean, where it cannot be told which one was meant."""
        for run in digit_runs(plain_text(text)):
            for reading in international_readings(run, self.region):
                if is_e164(f"+{reading}"):
                    self.add_missing(listing, [f"+{reading}"])

    def _is_on(self, phone: str, list_id: str) -> bool:
        if phone.startswith(_NORTH_AMERICAN) and len(phone) == _NORTH_AMERICAN_LENGTH:
            found = self._north_american.get(phone, ())
        else:
            found = tuple(
                listing
                for form in common_forms(phone.removeprefix("+"))
                for listing in self._others.get(form, ())
            )
        return any(listing.list_id == list_id for listing in found)

    def _add_other(self, digits: str, listing: Listing) -> None:
        self._other_numbers[listing.list_id] += not self._is_on(f"+{digits}", listing.list_id)
        for form in common_forms(digits):
            self._others[form] = self._with(self._others.get(form, ()), listing)
            tail = tail_of(form)
            self._tails.setdefault(len(tail), set()).add(tail)

    def _with(self, listings: Listings, listing: Listing) -> Listings:
        if listing in listings:
            return listings
        key = (listings, listing)
        if key not in self._joined:
            self._joined[key] = (*listings, listing)
        return self._joined[key]

    def find(self, text: str, country: str = "") -> Listings:
        """Give the lists that have any number that a cell can mean. `country` stands beside it (ISO 3166)."""
        return self._find_runs(digit_runs(plain_text(text)), country)

    def find_in_line(self, line: str, max_gap: int) -> Listings:
        """Give the lists that have any number in a line; at most `max_gap` characters part its digits."""
        return self._find_runs(digit_runs(plain_text(line), max_gap), "")

    def may_have(self, line: str) -> bool:
        """Tell whether a line may have a listed number anywhere: False is certain, and quickly told.

        Whatever is dialled before a number, and wherever a line is cut into groups, its last digits are those
        that stand before the end of some group of digits.
        """
        plain = plain_text(line)
        digits, north_american, tails = "", self._north_american, self._tails
        for group in _GROUP.findall(plain):
            digits += group
            if len(digits) >= MIN_DIGITS and (
                _NORTH_AMERICAN + digits[-10:] in north_american
                or (tails and any(digits[-length:] in known for length, known in tails.items()))
            ):
                return True
        return _ABBREVIATION.search(plain) is not None

    def _find_runs(self, runs: Iterable[DigitRun], country: str) -> Listings:
        found = dict.fromkeys(listing for run in runs for listing in self._find_run(run, country))
        return tuple(found)

    def _find_run(self, run: DigitRun, country: str) -> Iterator[Listing]:
        listings = self._north_american.get(_NORTH_AMERICAN + run.digits[-10:])
        if listings and may_be_north_american(run):
            yield from listings
        if any(run.digits[-length:] in tails for length, tails in self._tails.items()):
            for reading in international_readings(run, self.region, country):
                for form in common_forms(reading) if reading else ():
                    yield from self._others.get(form, ())
