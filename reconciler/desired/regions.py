"""In which region a number is, as its leading digits tell.

`+1` is 25 regions, told apart by the area code; other countries share a code too (+7, +39, +44 …) and are
told apart by the digits that follow. Numbers of no region: toll-free, premium, personal and UAN numbers.
The type is asked first: libphonenumber says US for +1 800. The facts are its metadata (phonenumberslite).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, PhoneNumberType, number_type
from phonenumbers import region_code_for_number as region_of

from reconciler.desired.numbering import NORTH_AMERICA, Head, country_code, head_of, is_possible
from reconciler.model.phone import is_e164

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
