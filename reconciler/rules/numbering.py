"""Whether a text is a number that the numbering plan can have. Possible, not valid: metadata ages."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from operator import itemgetter

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, ValidationResult
from phonenumbers import is_possible_number_with_reason as possible_with_reason

from reconciler.core.model.phone import is_e164

Head = tuple[str, int]
"""What decides where a number belongs: its leading digits with the "+", and its length.

The area code for +1; elsewhere seven digits, and eight where several countries share a code of three. A
million numbers of +1 have a few hundred heads.
"""

NORTH_AMERICA = "1"
_NOT_E164 = "no E.164 number: write + and the country code, then digits only, 7 to 15 in all"
_NO_COUNTRY = "no number of a country: its country code is not in use; check the digits after the +"
_SAYS = {
    ValidationResult.TOO_SHORT: "too few digits for its country code: write the whole number",
    ValidationResult.TOO_LONG: "too many digits for its country code: write neither an extension nor the "
    "prefix that is dialled inside the country",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "a local number: write it with its area code",
    ValidationResult.INVALID_LENGTH: "no number of its country is that long: write the whole number",
    ValidationResult.INVALID_COUNTRY_CODE: _NO_COUNTRY,
}
_LONGEST_CODE = 3
_CODE = 1 + _LONGEST_CODE
_WITH_AREA_CODE = len("+1212")
_WITH_SEVEN_DIGITS = len("+4479111")
_WITH_EIGHT_DIGITS = len("+59059027")
BEYOND_DIGITS = ":"  # the character after "9"
_START = itemgetter(slice(_WITH_AREA_CODE))
_SHARED = frozenset(
    f"{code}"
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
    if code > 99 and len(regions) > 1  # noqa: PLR2004  (codes of three digits)
)


def invalid_reason(text: str) -> str | None:
    """Say why the text is no possible E.164 number, and the way out; None where it is one (rule NUM-01)."""
    return _invalid_head_reason(text[:_CODE], len(text)) if is_e164(text) else _NOT_E164


def head_of(phone: str) -> Head:
    """Give the head of an E.164 number."""
    if phone[1] == NORTH_AMERICA:
        return (phone[:_WITH_AREA_CODE], len(phone))
    return (phone[: _WITH_EIGHT_DIGITS if phone[1:_CODE] in _SHARED else _WITH_SEVEN_DIGITS], len(phone))


def is_possible(head: Head) -> bool:
    """Tell whether numbers with this head are possible."""
    return _invalid_head_reason(head[0][:_CODE], head[1]) is None


def possible_heads(texts: Sequence[str], *, ascending: bool = False) -> frozenset[Head] | None:
    """Give the heads of the texts if all are possible E.164 numbers, else None.

    Without a step of Python for each of a million: numbers outside +1 are looked at twice. `ascending` says
    that each is above the last, so that those of one head are passed over at once.
    """
    all_bytes = "".join(texts).encode(errors="replace")  # of bytes, only "0" to "9" are digits
    digits = all_bytes.translate(None, b"+")
    if len(all_bytes) - len(digits) != len(texts) or not digits.isdigit():
        return None if texts else frozenset()
    # If each begins with a "+", there are no more of them, and all the rest are digits.
    length = max(1, len(texts[0]))
    if all_bytes[::length] == b"+" * len(texts) and len(all_bytes) == length * len(
        texts
    ):  # all of one length
        starts = _starts(texts) if ascending else map(_START, texts)
        heads = set(product(set(starts), (length,)))
    else:
        heads = set(zip(map(_START, texts), map(len, texts), strict=True))
    if not all(is_e164(head.ljust(length, "0")) and is_possible((head, length)) for head, length in heads):
        return None
    foreign_heads = {head for head in heads if head[0][1] != NORTH_AMERICA}
    if not foreign_heads:
        return frozenset(heads)
    return frozenset(heads - foreign_heads) | {head_of(text) for text in texts if text[1] != NORTH_AMERICA}


def _starts(texts: Sequence[str]) -> Iterator[str]:
    """Give the first characters of ascending texts of "+" and digits, all of one length."""
    at = 0
    while at < len(texts):
        start = _START(texts[at])
        yield start
        at = bisect_left(texts, start + BEYOND_DIGITS, at)


def country_code(head: str) -> str | None:
    """Give the country code at the head of an E.164 number; None for one that is not in use."""
    codes = (head[1:end] for end in range(2, _CODE + 1))
    return next((code for code in codes if int(code) in COUNTRY_CODE_TO_REGION_CODE), None)


@cache  # at most 999 heads and 9 lengths
def national_digits(phone: str) -> str:
    """Give the digits of a number of a country without its country code."""
    return phone.removeprefix(f"+{country_code(phone[:_CODE])}").removeprefix("+")


def _invalid_head_reason(head: str, length: int) -> str | None:
    """Judge by what decides: libphonenumber's own test looks at the country code and the length only."""
    code = country_code(head)
    if code is None:
        return _NO_COUNTRY
    national = length - 1 - len(code)
    number = PhoneNumber(country_code=int(code), national_number=int("1" * national))
    result = possible_with_reason(number)
    return None if result == ValidationResult.IS_POSSIBLE else _SAYS[result]
