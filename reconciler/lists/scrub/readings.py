"""Every number that the digits of a text can mean: with or without +, country, trunk prefix or a 9, 1, 15."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, country_code_for_region

MIN_DIGITS, MAX_DIGITS = 7, 20  # of one number: E.164 has 7 to 15, and prefixes are dialled before it
_LONGEST_CODE = 3
_DIGITS = re.compile("[0-9]+")
_ABBREVIATED = re.compile(r"\s*[/&]\s*")  # 030 1234567/68: the second number has the first one's beginning
_MOST_ABBREVIATED = 4
_BETWEEN_PLUS = 4  # characters in which a + before digits is looked for
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc"})
_KEPT_CONTROLS = "\t\n\r"
# Anything but what names and notes in Latin letters are written with, none of which is a digit or invisible.
_UNUSUAL = re.compile(
    "[^\t\n\r\x20-\x7e\u00a0-\u00a9\u00ab\u00ac\u00ae-\u00b1\u00b4-\u00b8\u00ba\u00bb\u00bf-\u024f"
    "\u2010-\u2027\u2030-\u205e\u20ac\u2122]"
)
_ARGENTINA, _MEXICO, _BRAZIL, _NORTH_AMERICA = "54", "52", "55", "1"
_ARGENTINE_LENGTH, _MEXICAN_LENGTH, _BRAZILIAN_LENGTH = 10, 10, 10
_TAIL = 8  # last digits that every writing of a number has, if it has so many
_ARGENTINE_TAIL = 6  # a 15 may stand before them


class DigitRun(NamedTuple):
    """Digits that may be one number, and whether a + stands directly before them."""

    digits: str
    has_plus: bool


def has_unusual(text: str) -> bool:
    """Tell whether a text has other scripts' digits or anything that nobody sees: `plain_text` changes it."""
    return _UNUSUAL.search(text) is not None


def plain_text(text: str) -> str:
    """Write every script's digits as 0 to 9, and leave out what nobody sees."""
    if not has_unusual(text):
        return text
    normal = unicodedata.normalize("NFKC", text)
    return "".join(
        _ascii_digit(character)
        for character in normal
        if character in _KEPT_CONTROLS or unicodedata.category(character) not in _INVISIBLE
    )


def _ascii_digit(character: str) -> str:
    if character.isascii():
        return character
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)


def digit_runs(text: str, max_gap: int | None = None) -> Iterator[DigitRun]:
    """Give all digits that may be one number: groups of them, alone and put together with those after them.

    `max_gap` is how many other characters may stand between two groups of one number; None: any.
    """
    groups = [(match[0], match.start(), match.end()) for match in _DIGITS.finditer(text)]
    for first, (digits, start, end) in enumerate(groups):
        has_plus = _has_plus(text, start)
        joined = digits
        if len(joined) >= MIN_DIGITS:
            yield DigitRun(joined, has_plus)
        before = end
        for digits_after, start_after, end_after in groups[first + 1 : first + 1 + MAX_DIGITS]:
            gap = text[before:start_after]
            if max_gap is not None and len(gap) > max_gap:
                break
            if (
                len(digits_after) <= _MOST_ABBREVIATED < len(joined)
                and len(joined) >= MIN_DIGITS
                and _ABBREVIATED.fullmatch(gap)
            ):
                yield DigitRun(joined[: -len(digits_after)] + digits_after, has_plus)
            joined += digits_after
            if len(joined) > MAX_DIGITS:
                break
            if len(joined) >= MIN_DIGITS:
                yield DigitRun(joined, has_plus)
            before = end_after


def _has_plus(text: str, start: int) -> bool:
    return text[max(0, start - _BETWEEN_PLUS) : start].rstrip(" ([").endswith("+")


def may_be_north_american(run: DigitRun) -> bool:
    """Tell whether the last ten digits may be a number of +1: nothing but dialled prefixes stands before."""
    before = run.digits[:-10]
    return not before.strip("01" if run.has_plus else "019")


def international_readings(run: DigitRun, region: str, country: str = "") -> Iterator[str]:
    """Give the digits of every international number that a run can mean, the country code first.

    `region` is of numbers without a country, `country` the one (ISO 3166) that stands beside it.
    """
    digits = run.digits
    yield digits
    if run.has_plus:
        return
    yield from _without_dialled(digits, region)
    for home in dict.fromkeys((country, region)):
        code = _code_of(home)
        if code:
            yield code + digits
            prefix = _trunk_prefix(code)
            if prefix and digits.startswith(prefix):
                yield code + digits.removeprefix(prefix)


def _without_dialled(digits: str, region: str) -> Iterator[str]:
    """Leave out what is dialled before a country code: 00, 011, the region's own, a 9 for an outside line."""
    for prefix in ("00", "011", "0011", "9", "900", "9011"):
        if digits.startswith(prefix):
            yield digits.removeprefix(prefix)
    if found := _international_prefix(region).match(digits):
        yield digits[found.end() :]


@cache
def _international_prefix(region: str) -> re.Pattern[str]:
    metadata = PhoneMetadata.metadata_for_region(region) if region else None
    return re.compile((metadata and metadata.international_prefix) or "(?!)")


@cache
def _code_of(region: str) -> str:
    code = country_code_for_region(region) if region else 0
    return str(code) if code else ""


@cache
def _trunk_prefix(code: str) -> str:
    """Give what is dialled inside the countries of a code before a number: 0 as a rule; 8, 06."""
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(
        int(code), COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    )
    return (metadata and metadata.national_prefix) or ""


@cache
def _country_code(head: str) -> str:
    if not head or head.startswith("0"):
        return ""
    codes = (head[:length] for length in range(1, _LONGEST_CODE + 1))
    return next((code for code in codes if int(code) in COUNTRY_CODE_TO_REGION_CODE), "")


@lru_cache(maxsize=1 << 12)
def _forms(digits: str) -> frozenset[str]:
    code = _country_code(digits[:_LONGEST_CODE])
    if not code:
        return frozenset({digits})
    national = digits.removeprefix(code).lstrip("0")
    if code == _NORTH_AMERICA:
        return frozenset({code + national.lstrip("01")})
    if code == _MEXICO:
        return frozenset({code + national[-_MEXICAN_LENGTH:]})
    if code == _ARGENTINA:
        return frozenset(code + one for one in _argentine_forms(national))
    if code == _BRAZIL:
        return frozenset(code + one for one in _brazilian_forms(national))
    forms = {code + national}
    prefix = _trunk_prefix(code).lstrip("0")
    if prefix and national.startswith(prefix):
        forms.add(code + national.removeprefix(prefix))
    return frozenset(forms)


def _argentine_forms(national: str) -> Iterator[str]:
    """Leave out the 9 of mobile numbers, and the 15 behind the area code, which mean the same."""
    yield national
    short = national.removeprefix("9")
    if len(short) == _ARGENTINE_LENGTH:
        yield short
    for place in (2, 3, 4):
        if len(short) == _ARGENTINE_LENGTH + 2 and short[place : place + 2] == "15":
            yield short[:place] + short[place + 2 :]


def _brazilian_forms(national: str) -> Iterator[str]:
    """Leave out the 9 before mobile numbers, which older lists lack, and a carrier's code before all."""
    yield national
    for length in (_BRAZILIAN_LENGTH, _BRAZILIAN_LENGTH + 1):
        if len(national) >= length:
            last = national[-length:]
            yield last[:2] + last[-8:] if length > _BRAZILIAN_LENGTH and last[2] == "9" else last


def common_forms(digits: str) -> frozenset[str]:
    """Give the forms under which all writings of one international number meet.

    Zeros and other prefixes behind the country code are left out, and a 9, 1 or 15 that some writings have.
    """
    return _forms(digits)


def tail_of(form: str) -> str:
    """Give the last digits that every writing of a number has, by one of its forms."""
    code = _country_code(form[:_LONGEST_CODE])
    length = _ARGENTINE_TAIL if code == _ARGENTINA else _TAIL
    return form.removeprefix(code)[-length:] or form
