"""A country code with the prefix that is dialled inside the country: one number in every writing."""

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from reconciler.lists.phone_input import parse_phone_input

TYPES = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE, PhoneNumberType.VOIP)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def examples(region):
    """Give the country code, prefix and national digits of the region's example numbers."""
    metadata = PhoneMetadata.metadata_for_region(region)
    for kind in TYPES:
        if number := phonenumbers.example_number_for_type(region, kind):
            code = str(number.country_code)
            national = phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix(f"+{code}")
            yield code, metadata.national_prefix or "0", national


def writings(code, digits):
    """Write the digits after a country code in the ways that people do."""
    for between in ("", " ", "-", ".", " - ", "\u00a0", "\u202f", "\u2009", "\u3000"):
        yield f"+{code}{between}{digits[:3]}{between}{digits[3:]}"
    yield f"+ {code} ({digits[:2]}) {digits[2:]}"
    yield f"tel:+{code}-{digits}"
    yield f'="+{code}{digits}"'
    yield f"'+{code}{digits}"
    yield f"00{code}{digits}"
    yield f"00 {code} {digits}"


@pytest.mark.parametrize("region", REGIONS)
def test_every_regions_numbers_are_read_as_written(region):
    for code, _, national in examples(region):
        texts = list(writings(code, national))
        assert {parse_phone_input(text, "FR").phone for text in texts} == {f"+{code}{national}"}, texts[0]


@pytest.mark.parametrize("region", REGIONS)
def test_a_prefix_after_the_country_code_never_makes_another_number(region):
    for code, prefix, national in examples(region):
        for kept in {prefix, "0"}:
            texts = [*writings(code, kept + national), f"+{code} ({kept}) {national}"]
            phones = {parse_phone_input(text, "FR").phone for text in texts} - {""}
            assert phones <= {f"+{code}{national}"} or _is_as_written(code, kept + national), texts
            assert len(phones) <= 1, texts
            assert {parse_phone_input(phone, "FR").phone for phone in phones} == phones


def _is_as_written(code, digits):
    """Tell whether the digits are in use with what stands before them."""
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+{code}{digits}")) and digits.startswith("0")


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+49015112345679", "+4915112345679"),
        ("+49 0151 12345679", "+4915112345679"),
        ("+49 (0) 151 12345679", "+4915112345679"),
        ("+49 [0]151 12345679", "+4915112345679"),
        ("0049 0151 12345679", "+4915112345679"),
        ("+610255501234", "+61255501234"),
        ("+4401632960123", "+441632960123"),  # fiction: not in use, yet too long with the zero
        ("+112125550101", "+12125550101"),
        ("+78 495 123 45 67", "+74951234567"),
        ("+78001234567", "+78001234567"),  # the 8 is its own
        ("+3606 1 234 5678", "+3612345678"),
        ("+375 8 029 491 19 11", "+375294911911"),
        ("+39 06 6981 2345", "+390669812345"),
        ("+39 (0)6 6981 2345", "+390669812345"),
        ("+225 01 23 45 67 89", "+2250123456789"),
        ("+241 06 03 12 34", "+24106031234"),
        ("+242 06 123 4567", "+242061234567"),
        ("+378 886377", "+3780549886377"),
    ],
)
def test_the_prefix_is_left_out_where_it_is_none_of_the_number(text, phone):
    assert parse_phone_input(text, "FR").phone == phone


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("+3002101234567", "no number of its country: leave the 0 after"),
        ("+36 06 1 234 567", "neither with nor without the 06 after the country code"),
        ("+49 0199 12345", "neither with nor without the 0 after the country code"),
        ("0049 0199 12345", "neither with nor without the 0 after the country code"),
        ("+61 0 0255501234", "neither with nor without the 0 after the country code"),
        ("+39 (0)347 1234567", "no number of its country: leave the 0 after the country code out"),
        ("+1 (0) 212 555 0101", "no number of its country: leave the 0 after the country code out"),
        ("+0049 151 12345679", "no E.164 number"),
    ],
)
def test_in_doubt_the_number_is_refused(text, why):
    read = parse_phone_input(text, "FR")
    assert read.phone == ""
    assert why in read.problem


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_of_the_region_that_lost_its_plus_never_becomes_another(region):
    for code, _, national in examples(region):
        assert parse_phone_input(f"{code}{national}", region).phone in {f"+{code}{national}", ""}


def test_digits_that_begin_as_the_regions_country_code_are_refused_where_both_are_numbers():
    assert "two numbers can be meant" in parse_phone_input("49 151 23456789", "DE").problem
    assert parse_phone_input("49 30 1234567", "DE").phone == "+49301234567"
    assert parse_phone_input("04931 12345", "DE").phone == "+49493112345"


@pytest.mark.parametrize(
    "text", ["030 1234567/68", "030 1234567 / 8", "030 12345\n040 12345", "+49 30 12345/12"]
)
def test_a_text_of_two_numbers_is_refused(text):
    assert "more than one number can be meant" in parse_phone_input(text, "DE").problem


@pytest.mark.parametrize("text", ["030/1234567", "+49/30/12/34/56/7", "030/12 34 56 7\n"])
def test_slashes_between_the_digits_of_one_number_are_read(text):
    assert parse_phone_input(text, "DE").phone == "+49301234567"
