"""Whose rules hold for a number: the stated jurisdiction's, or those of the region that its digits tell."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneNumber,
    PhoneNumberType,
    number_type,
)
from phonenumbers import region_code_for_number as region_of

from reconciler.core.model.phone import is_e164
from reconciler.rules.numbering import NORTH_AMERICA, Head, country_code, head_of, is_possible

_NOWHERE = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.UAN,
    }
)
_NON_GEOGRAPHIC = "001"
# How a number may go on after its head: some ranges are in use for some continuations only.
_ENDINGS = ("2345678901", "5551234567", "2001234567", "7891234567", "9991234567")
_ENDINGS_ELSEWHERE = (*_ENDINGS, "0123456789", "1111111111")


@dataclass(frozen=True, slots=True)
class Place:
    """Where numbers with one head are.

    `region` is ISO 3166, None where they have none; `area_code` is for +1 only; `is_valid` tells whether the
    leading digits are in use at all, as far as the metadata knows.
    """

    region: str | None = None
    area_code: str | None = None
    is_valid: bool = True


def place_of(phone: str) -> Place | None:
    """Tell where an E.164 number is; None for a text that is no possible number."""
    return place_at(head_of(phone)) if is_e164(phone) else None


@lru_cache(maxsize=1 << 18)
def place_at(head: Head) -> Place | None:
    """Tell where numbers with this head are; None where no number with it is possible."""
    prefix, length = head
    code = country_code(prefix)
    if code is None or not is_possible(head):
        return None
    area_code = prefix[2:] if code == NORTH_AMERICA else None
    kinds = set()
    for number in _numbers(code, prefix[1 + len(code) :], length - len(prefix)):
        kind = number_type(number)
        if kind not in _NOWHERE and (region := _region(number, code, kind)):
            return Place(region, area_code)
        kinds.add(kind)
    if kinds == {PhoneNumberType.UNKNOWN}:
        return Place(_main_region(code), area_code, is_valid=False)
    return Place(None, area_code)


def _main_region(code: str) -> str | None:
    """Name the country that most of a code belongs to: where digits are in use by nobody, as far as we know.

    The metadata ages, and a new area code of +1 is most often American: no rule may be lost for that.
    """
    region: str = COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    return None if region == _NON_GEOGRAPHIC else region


def _region(number: PhoneNumber, code: str, kind: int) -> str | None:
    """Ask for the region; a country of one code is asked whether the number is in use, too."""
    is_shared = len(COUNTRY_CODE_TO_REGION_CODE[int(code)]) > 1
    if not is_shared and kind == PhoneNumberType.UNKNOWN:
        return None
    region: str | None = region_of(number)
    return None if region == _NON_GEOGRAPHIC else region


def _numbers(code: str, national: str, missing: int) -> Iterator[PhoneNumber]:
    """Give numbers that begin so. A leading zero counts in some countries (Italy)."""
    for ending in _ENDINGS if code == NORTH_AMERICA else _ENDINGS_ELSEWHERE:
        digits = national + ending[:missing].ljust(missing, "0")
        zeros = len(digits) - len(digits.lstrip("0"))
        yield PhoneNumber(
            country_code=int(code),
            national_number=int(digits),
            italian_leading_zero=zeros > 0 or None,
            number_of_leading_zeros=zeros if zeros > 1 else None,
        )


_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
US_JURISDICTIONS = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
# ISO 3166-1: the regions that have numbers, and those that have none. AC, TA and XK (Ascension, Tristan da
# Cunha, Kosovo) are no codes of the standard, and the regions that the metadata gives their numbers.
COUNTRIES = frozenset(SUPPORTED_REGIONS) | {"AQ", "BV", "GS", "HM", "PN", "TF", "UM"}
# ISO 3166-2, of the countries whose parts have rules or registries of their own. Others go by their form.
_STATES = """
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK
OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR UM VI
"""
_PARTS = {
    "US": frozenset(_STATES.split()),
    "CA": frozenset({"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"}),
    "AU": frozenset({"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"}),
}
# What people write for the code of a country, in capitals and without anything between: the usual other
# names, and the three letters (ISO 3166-1 alpha-3) of the countries that rules hold for.
_MEANT = {
    **dict.fromkeys(("UK", "EN", "GBR", "UNITEDKINGDOM", "GREATBRITAIN"), "GB"),
    **dict.fromkeys(("USA", "UNITEDSTATES"), "US"),
    "AUS": "AU",
    "CAN": "CA",
    "DEU": "DE",
    "FRA": "FR",
    "IRL": "IE",
    "ITA": "IT",
    "SGP": "SG",
}


def is_jurisdiction(text: str) -> bool:
    """Tell whether the text is an ISO 3166 code: of a country, or of a part of one."""
    country, _, part = text.partition("-")
    return is_well_formed(text) and country in COUNTRIES and (not part or part in _PARTS.get(country, {part}))


def is_well_formed(text: str) -> bool:
    """Tell whether the text is written as an ISO 3166 code (is there such a place? another question)."""
    return _CODE.fullmatch(text) is not None


def meant_code(text: str) -> str:
    """Guess the ISO 3166 code that a text which is none stands for; empty where nothing comes close."""
    words = re.findall(r"[A-Z0-9]+", text.upper())
    letters = "".join(words)
    first, last = (words[0], "".join(words[1:])) if words else ("", "")
    guesses = (
        _MEANT.get(letters, letters),  # uk, USA
        f"{_MEANT.get(first, first)}-{last}",  # us_tx, UK-ENG
        f"{letters[:2]}-{letters[2:]}",  # USTX
        *(f"{country}-{letters}" for country in ("US", "CA")),  # TX, ON
        *(f"{first}-{part}" for part in get_close_matches(last, _PARTS.get(first, ()), n=1)),  # US-TEX
        _MEANT.get(first, first),  # US-ZZ
    )
    return next((guess for guess in guesses if guess != text and is_jurisdiction(guess)), "")


def country_of(stated: str) -> str:
    """Give the country of a jurisdiction; `US-PR` and `PR` are one."""
    country, _, part = stated.partition("-")
    return part if country == "US" and part in US_JURISDICTIONS else country


def is_same_country(stated: str, region: str) -> bool:
    """Tell whether a stated jurisdiction and a number's region go together: all of the US are one."""
    country = country_of(stated)
    return country == region or {country, region} <= US_JURISDICTIONS


def is_applicable(
    jurisdictions: Collection[str],
    area_codes: Collection[str],
    stated_jurisdiction: str | None,
    place: Place | None,
) -> bool:
    """Tell whether a rule of these jurisdictions holds for a number at `place`; none given: everywhere.

    A stated jurisdiction goes before the number's region; one that is no code switches nothing off. A state's
    rule needs the state to be stated; where the rule lists area codes, the number's own decides too, and no
    stated jurisdiction switches that off.
    """
    if not jurisdictions or (place is not None and place.area_code in area_codes):
        return True
    region = place.region if place else None
    is_known = stated_jurisdiction is not None and is_jurisdiction(stated_jurisdiction)
    country = country_of(stated_jurisdiction) if stated_jurisdiction and is_known else region
    return any(
        jurisdiction in {country, stated_jurisdiction}
        or (jurisdiction == "US" and country in US_JURISDICTIONS)
        for jurisdiction in jurisdictions
    )
