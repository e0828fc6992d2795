"""Whether a text is a number that the numbering plan can have. Possible, not valid: metadata ages."""

from collections.abc import Sequence
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, ValidationResult
from phonenumbers import is_possible_number_with_reason as possible_with_reason

from reconciler.model.phone import is_e164

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
_HEAD = 1 + _LONGEST_CODE


def why_not(text: str) -> str | None:
    """Say why the text is no possible E.164 number, and the way out; None where it is one (rule NUM-01)."""
    return _why_not(text[:_HEAD], len(text)) if is_e164(text) else _NOT_E164


def all_possible(texts: Sequence[str]) -> bool:
    """Tell whether every text is a possible E.164 number, without a step of Python for each of a million."""
    heads = {(text[:_HEAD], len(text)) for text in texts}
    if not all(is_e164(head.ljust(length, "0")) for head, length in heads):
        return False
    # Each begins with a "+", so if there are no more of them, all the rest must be ASCII digits.
    joined = "".join(texts)
    digits = joined.replace("+", "")
    if len(joined) - len(digits) != len(texts) or not digits.isascii() or not digits.isdigit():
        return not texts
    return all(_why_not(head, length) is None for head, length in heads)


@cache  # at most 999 heads and 9 lengths
def _why_not(head: str, length: int) -> str | None:
    """Judge by what decides: libphonenumber's own test looks at the country code and the length only."""
    codes = (head[1:end] for end in range(2, _HEAD + 1))
    code = next((code for code in codes if int(code) in COUNTRY_CODE_TO_REGION_CODE), None)
    if code is None:
        return _NO_COUNTRY
    national = length - 1 - len(code)
    number = PhoneNumber(country_code=int(code), national_number=int("1" * national))
    result = possible_with_reason(number)
    return None if result == ValidationResult.IS_POSSIBLE else _SAYS[result]
