"""Whether a text is a number that the numbering plan can have. Possible, not valid: metadata ages."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from operator import itemgetter

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_valid_number,
    parse,
)
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
_TRUNK_ZERO = "0"
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


def national_digits(phone: str) -> str:
    """Give the digits of a number of a country without its country code."""
    return phone.removeprefix(f"+{country_code(phone[:_CODE])}").removeprefix("+")


def unlistable_reason(text: str) -> str | None:
    """Say why the text can't be on a list (rule NUM-01): what `invalid_reason` says, or a prefix too many.

    A number with the prefix that is dialled inside its country (+49 0151 …) is nobody's. That is certain only
    where the number without the prefix is in use, and the one with it is not; all the digits decide that.
    """
    if not is_e164(text) or not may_have_trunk_prefix(head_of(text)):
        return invalid_reason(text)
    plan = _dialling_plan(text[:_CODE])
    if plan is None or _is_valid(text, plan) or not _is_valid(plan.without(plan.prefix, text), plan):
        return invalid_reason(text)
    return f"the {plan.prefix} after the country code is dialled inside the country only: leave it out"


@lru_cache(maxsize=1 << 16)
def may_have_trunk_prefix(head: Head) -> bool:
    """Tell whether numbers with this head begin with their country's prefix, and are possible without it."""
    start, length = head
    plan = _dialling_plan(start[:_CODE])
    if plan is None or not plan.prefix or not start.startswith(f"+{plan.code}{plan.prefix}"):
        return False
    return is_possible((f"+{plan.code}", length - len(plan.prefix)))


def read_international(phone: str) -> tuple[str, str | None]:
    """Give the number that a "+" and digits mean, and why it is none; the same for the same digits.

    People keep the prefix that is dialled inside a country behind its country code (+49 0151 …). It is left
    out if the rest is a number and the whole is none; where both are numbers, neither is guessed.
    """
    plan = _dialling_plan(phone[:_CODE])
    if plan is None or not plan.begins_with_prefix(phone):  # nearly all
        return phone, invalid_reason(phone)
    known = plan.without_known_prefix(phone)
    prefix = plan.prefix_of(phone)
    is_known = known != phone  # else no prefix of the country: at best a zero that people put there
    without = known if is_known else plan.without(prefix, phone)
    is_used, is_used_without = _is_valid(phone, plan), _is_valid(without, plan)
    with_prefix = f"the {prefix} after the country code"
    problem = ""
    if is_used and is_used_without and is_known:
        problem = (
            f"two numbers can be meant: written with and without {with_prefix}, both are in use; find out "
            "which one asked, and write that one in a list file"
        )
    elif is_used or not prefix.startswith(_TRUNK_ZERO):
        pass
    elif is_used_without and not is_known:
        problem = f"no number of its country: leave {with_prefix} out"
    elif not is_used_without:
        # Numbers that are in use and that the metadata does not know yet: their length tells, or nothing.
        is_rest_complete = is_known and not plan.begins_with_prefix(without)
        is_used_without = is_rest_complete and bool(invalid_reason(phone)) and not invalid_reason(without)
        if not is_used_without:
            problem = f"no number of its country, neither with nor without {with_prefix}: check its digits"
    number = known if is_used_without and not is_used else phone
    return number, problem or invalid_reason(number)


@dataclass(frozen=True, slots=True)
class _DiallingPlan:
    """What is dialled before numbers inside the countries of one country code.

    `prefix` is the usual one, empty for none; `pattern` matches all that people may take for one.
    """

    code: str
    prefix: str
    pattern: re.Pattern[str]

    def begins_with_prefix(self, phone: str) -> bool:
        """Tell whether the digits after the country code may begin with a prefix."""
        found = self.pattern.match(phone, 1 + len(self.code))
        return found is not None and found.end() > found.start()

    def prefix_of(self, phone: str) -> str:
        """Give the digits that people leave out or add: the usual prefix, a zero, or how it begins."""
        national = phone[1 + len(self.code) :]
        usual = self.prefix if national.startswith(self.prefix) else ""
        return usual or national[0]

    def without(self, prefix: str, phone: str) -> str:
        """Give a number that begins with these digits without them."""
        return f"+{self.code}{phone.removeprefix(f'+{self.code}{prefix}')}"

    def without_known_prefix(self, phone: str) -> str:
        """Give the number as the library reads it: without a prefix that the country has."""
        try:
            return str(format_number(parse(phone), PhoneNumberFormat.E164))
        except NumberParseException:  # too long, or too short
            return phone


@cache  # at most 1110 heads
def _dialling_plan(head: str) -> _DiallingPlan | None:
    """Give the plan of the country code at the head; None where no prefix can be told from a number."""
    code = country_code(head) if head[1:].isdigit() else None
    if code is None:
        return None
    main_region = COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), main_region)
    if metadata is None:
        return None
    known = metadata.national_prefix_for_parsing or "(?!)"  # "(?!)": nothing begins so
    zero = _misplaced_zero(COUNTRY_CODE_TO_REGION_CODE[int(code)])
    return _DiallingPlan(code, metadata.national_prefix or "", re.compile(f"(?:{known})|{zero}"))


def _misplaced_zero(regions: Sequence[str]) -> str:
    """Give the pattern of a zero that people may have put before a number of these regions.

    Where ordinary numbers begin with a zero, as in Italy and the Ivory Coast: before those that do not.
    """
    plans = [metadata for region in regions if (metadata := PhoneMetadata.metadata_for_region(region))]
    kinds = [kind for plan in plans for kind in (plan.fixed_line, plan.mobile) if kind]
    if not any((kind.example_number or "").startswith(_TRUNK_ZERO) for kind in kinds):
        return _TRUNK_ZERO
    without_zero = [
        kind.national_number_pattern
        for kind in kinds
        if kind.national_number_pattern and not (kind.example_number or "").startswith(_TRUNK_ZERO)
    ]
    return f"{_TRUNK_ZERO}(?:{_TRUNK_ZERO}|(?:{'|'.join(without_zero)})$)"


def _is_valid(phone: str, plan: _DiallingPlan) -> bool:
    """Tell whether the number is in use exactly as it is written, as far as is known."""
    if not is_e164(phone):  # also what has more digits than Python makes a number of
        return False
    national = phone[1 + len(plan.code) :]
    zeros = len(national) - len(national.lstrip("0"))
    number = PhoneNumber(
        country_code=int(plan.code),
        national_number=int(national or "0"),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )
    return bool(is_valid_number(number))


@cache  # at most 999 heads and 9 lengths
def _invalid_head_reason(head: str, length: int) -> str | None:
    """Judge by what decides: libphonenumber's own test looks at the country code and the length only."""
    code = country_code(head)
    if code is None:
        return _NO_COUNTRY
    national = length - 1 - len(code)
    number = PhoneNumber(country_code=int(code), national_number=int("1" * national))
    result = possible_with_reason(number)
    return None if result == ValidationResult.IS_POSSIBLE else _SAYS[result]
