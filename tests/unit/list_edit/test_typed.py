"""Numbers as people type them: any common writing, and never the wrong one."""

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.phone import is_e164
from reconciler.lists.phone_input import parse_phone_input, reads_with_lost_plus


@pytest.mark.parametrize(
    "text",
    [
        "+12125550123",
        "+1 212 555 0123",
        "(212) 555-0123",
        "212.555.0123",
        "212-555-0123",
        "1-212-555-0123",
        "tel:+1-212-555-0123",
        " 2125550123\t",
        "212\u2011555\u20110123",
        "212\u00a0555\u00a00123",
        "\u202d+12125550123\u202c",
        "12125550123.0",
        "+12125550123.0",
        "2125550123,00",
        "212\u202f555\u202f0123",
        "212\u2009555\u30000123",
        "212\u00b7555\u00b70123",
        "[212] 555-0123",
        "'2125550123",
        "'+12125550123",
        "`2125550123",
        "\u2019+1 212 555 0123",
        "'2125550123'",
        '="2125550123"',
        '="+12125550123"',
        '=""2125550123""',
        '"=""2125550123"""',
        "=\u201c2125550123\u201d",
        "TEL:212-555-0123;phone-context=+1",
    ],
)
def test_common_writings(text):
    assert parse_phone_input(text, "US").phone == "+12125550123"


@pytest.mark.parametrize(
    ("text", "region", "phone"),
    [
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("011 44 20 7946 0018", "US", "+442079460018"),
        ("0049 30 1234567", "GB", "+49301234567"),
    ],
)
def test_a_number_without_a_country_is_one_of_the_region(text, region, phone):
    assert parse_phone_input(text, region).phone == phone


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing is written here"),
        ("555-0123", "a local number: write it with its area code; it is taken for one of US"),
        ("212 555 012", "too few digits"),
        ("+1 212 555 01234", "too many digits"),
        ("4930123456", "no number of US, the tenant's region"),
        ("44 20 7946 0018", "one of another country needs + and its country code"),
        ("212 555 0123 x12", "extension"),
        ("call 212 555 0123", "not only a number"),
        ("212 555 0123, 212 555 0124", "not only a number"),
        ("1-800-FLOWERS", "not only a number"),
        ("2.12556E+09", "a spreadsheet rounded"),
        ("٢١٢٥٥٥٠١٢٣", "digits of another script"),
        ("+999 212 555 0123", "country code"),
        ("\uff12\uff11\uff12 555 0123", "digits of another script"),
        ('="2.12556E+09"', "a spreadsheet rounded"),
        ("tel:+1-212-555-0123;ext=12", "extension"),
        ("tel:0123;phone-context=example.com", "a context that is no country"),
        ("011 44 1632 960123", "no number in use, as far as is known"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text, why):
    read = parse_phone_input(text, "US")
    assert read.phone == ""
    assert why in read.problem


@given(st.text("0123456789+()-. x", max_size=20))
def test_no_digit_is_lost_and_none_is_made_up(text):
    read = parse_phone_input(text, "US")
    assert bool(read.phone) != bool(read.problem)
    if read.phone:
        assert is_e164(read.phone)
        assert read.phone.endswith("".join(c for c in text.removesuffix(".0") if c.isdigit())[-7:])


@pytest.mark.parametrize("text", ["1", "0", "+490", "'", '"', "1/", "1 ", "("])
def test_a_very_long_text_is_refused(text):
    assert parse_phone_input(text * 5000, "DE").problem
    assert not reads_with_lost_plus(text * 5000, "DE")


def test_numbers_of_ten_digits_are_in_use_by_their_first_six():
    """What is not parsed in full is what the library says of the whole number."""
    rng = random.Random(1)
    for _ in range(3_000):
        exchange = rng.choice([rng.randint(0, 999), 555, 211])
        digits = f"{rng.randint(200, 999)}{exchange:03}{rng.randint(0, 9999):04}"
        is_in_use = phonenumbers.is_valid_number(phonenumbers.parse(f"+1{digits}"))
        assert parse_phone_input(digits, "US").phone == (f"+1{digits}" if is_in_use else "")
