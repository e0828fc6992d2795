"""Dialect `dnc-groups`: the terms that its API carries, and its form of numbers. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneNumber,
    ValidationResult,
    country_code_for_region,
    is_valid_number,
    parse,
)
from phonenumbers import is_possible_number_with_reason as possible_with_reason
from phonenumbers import ndd_prefix_for_region as trunk_prefix

from reconciler.config.connection_settings import NumberForm
from reconciler.core.model.entries import ProjectedTerms, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.provider import ApiShape

CEILING = 1_000_000  # NICE's help: records of a whole environment, calling lists and DNC together
LEAST_PAGE = 100  # public code: the default is 50 records, at most 100; a tenant may show more
FEW_REMOVALS = 5  # as many numbers are looked up one by one; for more their group is read
# A day that is kept at local midnight and shown in UTC may be the one beside it.
_SHAPE = ApiShape(LEAST_PAGE, one_list=True, removal_looks=FEW_REMOVALS, day_slack=1, tells_skills=True)
_ENDLESS = date.max.toordinal() + 1
REMOVAL_NOTE = (
    "removing a number expires its record, which is not retroactive: calling lists loaded before stay "
    "scrubbed, lists loaded later can dial the number, and texts go to it again where a STOP reply had put "
    "it there"
)


@dataclass(frozen=True, slots=True)
class GroupsDialect:
    """A record holds a number and an expiry, nothing else: reason, policy and source live only in git.

    `expiredDate` is written `days_after` days after the last day, and read back the same way: two days make
    sure that the last day is over at UTC-12, unless CXone counts further east than UTC+12.
    """

    days_after: int = 2
    name: str = "dnc-groups"
    removal_note: str = REMOVAL_NOTE
    shape: ApiShape = _SHAPE

    def project(self, terms: Terms) -> ProjectedTerms:
        """Reduce terms to their end. A registry's number never lapses, so its record gets no expiry."""
        return ProjectedTerms(end=self._end(terms))

    def strength(self, projected: ProjectedTerms) -> tuple[int, ...]:
        """Order by the end, none being longest."""
        return (projected.end.toordinal() if projected.end else _ENDLESS,)

    def is_unsurpassed(self, terms: Terms) -> bool:
        """Tell whether the claim has no end in git: the wire carries nothing but the end."""
        return terms.end is None

    def write_fields(self, terms: Terms) -> Mapping[str, str]:
        """Say what a write sends besides number and group: the expiry, where there is one."""
        end = self._end(terms)
        return {} if end is None else {"expiredDate": (end + timedelta(self.days_after)).isoformat()}

    def git_only_fields(self, terms: Terms) -> tuple[str, ...]:
        """Name what stays in git: all but the number and its end."""
        fields = {
            "reasonCode": terms.reason_code,
            "expirationPolicy": terms.expiration_policy,
            "expirationDate": None if terms.end == self._end(terms) else terms.end,
            "requestedOn": terms.requested_on,
            "source": terms.source,
            "jurisdiction": terms.jurisdiction,
        }
        return tuple(name for name, value in fields.items() if value is not None)

    def end_of(self, expired: date) -> date:
        """Give the last day that an `expiredDate` as read stands for."""
        return date.fromordinal(max(1, expired.toordinal() - self.days_after))

    def _end(self, terms: Terms) -> date | None:
        end = terms.effective_end
        # What cannot be written down as a date so much later is no end that anybody will see.
        return end if end is not None and (date.max - end).days >= self.days_after else None


_WRITTEN = re.compile(r"\+?[0-9 ().-]+")
_SEPARATORS = re.compile(r"[ ().+-]")
_LONGEST_CODE = 3
_TRUNK = "0"
_MOST_KNOWN = 10_000


def digits_of(text: str) -> str:
    """Give the digits of a number as written, separators left out; empty where it is no number."""
    if text.isascii() and text.isdigit():  # most are
        return text
    return _SEPARATORS.sub("", text) if _WRITTEN.fullmatch(text) else ""


class NumberConverter:
    """Writes and reads numbers in one form: a tenant's own country without its code, or with it.

    Which of the two a tenant stores is unknown, so it is a setting. Reading takes both forms of the tenant's
    own country: whoever added a number meant it.
    """

    def __init__(self, region: str, form: NumberForm) -> None:
        """Raise InvalidInput for a region that has no numbers."""
        code = country_code_for_region(region)
        if not code:
            raise InvalidInput(f"region {region} has no phone numbers", "write an ISO 3166 code such as US")
        self.form = form
        self._region = region
        self._code = str(code)
        self._plus_code = f"+{code}"
        self._has_trunk = trunk_prefix(region, True) == _TRUNK  # noqa: FBT003  (phonenumbers' own signature)

    @property
    def other(self) -> "NumberConverter":
        """The same country's numbers in the other form."""
        return NumberConverter(self._region, "national" if self.form == "international" else "international")

    def to_digits(self, phone: str) -> str | None:
        """Give the digits to send for an E.164 number; None where they would not lead back to it.

        They are sent as an integer, which drops zeros in front, and may be those of another country's number.
        """
        digits = phone[1:]
        if self.form == "national":
            digits = digits.removeprefix(self._code)
        return digits if self.to_e164(str(int(digits))) == phone else None

    def to_e164(self, text: str) -> str | None:
        """Give the E.164 number that a record's digits stand for, None where they stand for none."""
        digits = digits_of(text)
        if not digits:
            return None
        with_code = _e164(digits)
        if text.startswith("+"):
            return with_code
        own = _e164(self._code + (digits.removeprefix(_TRUNK) if self._has_trunk else digits))
        if self.form == "national" or with_code is None:
            return own or with_code
        # Ten digits may be another country's number, where that is one that can be dialled.
        is_with_code = own is None or self.is_own_country(with_code) or _is_dialable(with_code)
        return with_code if is_with_code else own

    def is_in_form(self, text: str, phone: str) -> bool:
        """Tell whether a number of the own country is stored as it would be written."""
        return text.startswith("+") or (digits_of(text) == phone[1:]) == (self.form == "international")

    def is_own_country(self, phone: str) -> bool:
        """Tell whether an E.164 number has the country code of the tenant's own country."""
        return phone.startswith(self._plus_code)

    def is_same_number(self, phone: str, text: str) -> bool:
        """Tell whether digits of an answer can mean this E.164 number, in whichever form."""
        national = phone[1:].removeprefix(self._code)
        return digits_of(text).lstrip(_TRUNK) in {phone[1:], national.lstrip(_TRUNK)}


@lru_cache(_MOST_KNOWN)
def _is_dialable(phone: str) -> bool:
    """Judge by the ranges that a country has given out, not by its lengths alone."""
    return is_valid_number(parse(phone))


def _e164(digits: str) -> str | None:
    return f"+{digits}" if _is_possible(digits[:_LONGEST_CODE], len(digits)) else None


@cache  # at most 1000 heads and some twenty lengths
def _is_possible(head: str, length: int) -> bool:
    """Judge by what libphonenumber's own test looks at: country code and length."""
    codes = (head[:end] for end in range(1, _LONGEST_CODE + 1))
    code = next((code for code in codes if int(code) in COUNTRY_CODE_TO_REGION_CODE), None)
    least, most = 7, 15  # E.164
    if code is None or not least <= length <= most:
        return False
    national = int("1" * (length - len(code))) if length > len(code) else 0
    number = PhoneNumber(country_code=int(code), national_number=national)
    return possible_with_reason(number) == ValidationResult.IS_POSSIBLE
