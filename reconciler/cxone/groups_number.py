"""Numbers of the wire: digits in the tenant's form, and the E.164 numbers that they stand for. Pure."""

import re
from functools import cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneNumber,
    ValidationResult,
    country_code_for_region,
)
from phonenumbers import is_possible_number_with_reason as possible_with_reason
from phonenumbers import ndd_prefix_for_region as trunk_prefix

from reconciler.cxone.groups_settings import NumberForm
from reconciler.model.errors import InvalidInput

_WRITTEN = re.compile(r"\+?[0-9 ().-]+")
_SEPARATORS = re.compile(r"[ ().+-]")
_LONGEST_CODE = 3
_TRUNK = "0"


def digits_of(text: str) -> str:
    """Give the digits of a number as written, separators left out; empty where it is no number."""
    if text.isascii() and text.isdigit():  # most are
        return text
    return _SEPARATORS.sub("", text) if _WRITTEN.fullmatch(text) else ""


class Numbers:
    """Writes and reads numbers in one form: a tenant's own country without its code, or with it.

    Which of the two a tenant stores is unknown, so it is a setting. Reading is as strict as writing: a number
    of the tenant's own country in the other form is none, because what the dialler does with it is unknown.
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
    def other(self) -> "Numbers":
        """The same country's numbers in the other form."""
        return Numbers(self._region, "national" if self.form == "international" else "international")

    def wire(self, phone: str) -> str | None:
        """Give the digits to send for an E.164 number; None where they would not lead back to it.

        They are sent as an integer, which drops zeros in front, and may be those of another country's number.
        """
        digits = phone[1:]
        if self.form == "national":
            digits = digits.removeprefix(self._code)
        return digits if self.read(str(int(digits))) == phone else None

    def read(self, text: str) -> str | None:
        """Give the E.164 number that a record's digits stand for, None where they stand for none."""
        digits = digits_of(text)
        if not digits:
            return None
        if text.startswith("+") or self.form == "international":
            return _e164(digits)
        own = digits.removeprefix(_TRUNK) if self._has_trunk else digits
        return _e164(self._code + own) or (None if digits.startswith(self._code) else _e164(digits))

    def at_home(self, phone: str) -> bool:
        """Tell whether an E.164 number has the country code of the tenant's own country."""
        return phone.startswith(self._plus_code)

    def same(self, phone: str, text: str) -> bool:
        """Tell whether digits of an answer can mean this E.164 number, in whichever form."""
        own = phone[1:].removeprefix(self._code)
        return digits_of(text).lstrip(_TRUNK) in {phone[1:], own.lstrip(_TRUNK)}


def _e164(digits: str) -> str | None:
    return f"+{digits}" if _possible(digits[:_LONGEST_CODE], len(digits)) else None


@cache  # at most 1000 heads and some twenty lengths
def _possible(head: str, length: int) -> bool:
    """Judge by what libphonenumber's own test looks at: country code and length."""
    codes = (head[:end] for end in range(1, _LONGEST_CODE + 1))
    code = next((code for code in codes if int(code) in COUNTRY_CODE_TO_REGION_CODE), None)
    least, most = 7, 15  # E.164
    if code is None or not least <= length <= most:
        return False
    national = int("1" * (length - len(code))) if length > len(code) else 0
    number = PhoneNumber(country_code=int(code), national_number=national)
    return possible_with_reason(number) == ValidationResult.IS_POSSIBLE
