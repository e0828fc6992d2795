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
_SHORT = 11  # digits: a number of +1 with its country code, or with one digit of something else behind it
_LAST_TEN = re.compile("[0-9]{10}$", re.MULTILINE)
_FIRST_TEN = re.compile("^[0-9]{10}(?=[0-9]$)", re.MULTILINE)
_NO_DIGITS = bytes(code for code in range(256) if code not in b"0123456789\n")
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

    Numbers of +1 are found by their ten digits, as nothing but dialled prefixes comes before those. Of
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
                digits = phone[2:]
                there = north_american.setdefault(digits, single)
                if there is not single:
                    north_american[digits] = self._with(there, listing)
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
            found = self._north_american.get(phone[2:], ())
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

    def possible(self, texts: Iterable[str]) -> set[str]:
        """Give those of some texts, of digits and what parts them, that may have a listed number.

        Of those that are left out it is certain that they have none. Whatever is dialled before a number, its
        last digits are those before the end of some group of digits.
        """
        distinct = list(set(texts))
        joined = "\n".join(distinct)
        digits = joined.encode("ascii", "replace").translate(None, _NO_DIGITS).decode()
        numbers = digits.split("\n")
        if self._tails:
            return set(filter(self._may_have, distinct))
        found = {text for text, number in zip(distinct, numbers, strict=True) if len(number) > _SHORT}
        found = set(filter(self._may_have, found))
        hits = self._north_american.keys() & {*_LAST_TEN.findall(digits), *_FIRST_TEN.findall(digits)}
        if hits:
            found |= {
                text
                for text, number in zip(distinct, numbers, strict=True)
                if number[-10:] in hits or number[:10] in hits
            }
        if "/" in joined or "&" in joined:
            found |= set(filter(_ABBREVIATION.search, distinct))
        return found

    def has_north_american(self, number: str) -> bool:
        """Tell whether ten digits are a listed number, taken for one of +1 or for one that has lost its +."""
        if number in self._north_american:
            return True
        tails = self._tails
        return bool(tails) and any(number[-length:] in known for length, known in tails.items())

    def _may_have(self, text: str) -> bool:
        digits, north_american, tails = "", self._north_american, self._tails
        for group in _GROUP.findall(text):
            digits += group
            if len(digits) >= MIN_DIGITS and (
                digits[-10:] in north_american
                or (tails and any(digits[-length:] in known for length, known in tails.items()))
            ):
                return True
        return _ABBREVIATION.search(text) is not None

    def _find_runs(self, runs: Iterable[DigitRun], country: str) -> Listings:
        found = dict.fromkeys(listing for run in runs for listing in self._find_run(run, country))
        return tuple(found)

    def _find_run(self, run: DigitRun, country: str) -> Iterator[Listing]:
        listings = self._north_american.get(run.digits[-10:])
        if listings and may_be_north_american(run):
            yield from listings
        if any(run.digits[-length:] in tails for length, tails in self._tails.items()):
            for reading in international_readings(run, self.region, country):
                for form in common_forms(reading) if reading else ():
                    yield from self._others.get(form, ())
