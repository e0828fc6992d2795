"""Where numbers are, and whose rules that makes hold."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.rules.jurisdictions import Place, country_of, is_applicable, is_same_country, place_of
from reconciler.rules.numbering import head_of, possible_heads

NOWHERE = {3, 4, 7, 9}  # toll-free, premium, personal, UAN


@pytest.mark.parametrize(
    ("phone", "region"),
    [
        ("+12125550101", "US"),
        ("+14165550101", "CA"),
        ("+17875550101", "PR"),
        ("+13405550101", "VI"),
        ("+16715550101", "GU"),
        ("+16845550101", "AS"),
        ("+16705550101", "MP"),
        ("+18765550101", "JM"),
        ("+18005550101", None),
        ("+18335550101", None),
        ("+19005550101", None),
        ("+15005550101", None),
        ("+442079460123", "GB"),
        ("+441481256789", "GG"),
        ("+441534460123", "JE"),
        ("+441624460123", "IM"),
        ("+447911123456", "GG"),
        ("+448001111111", None),
        ("+77011234567", "KZ"),
        ("+74951234567", "RU"),
        ("+390612345678", "IT"),
        ("+390669812345", "VA"),
        ("+4779123456", "SJ"),
        ("+61891641234", "CX"),
        ("+35818123456", "AX"),
        ("+262269601234", "YT"),
        ("+590590271234", "BL"),
        ("+4930123456", "DE"),
        ("+498001234567", None),
    ],
)
def test_a_number_is_where_its_leading_digits_say(phone, region):
    assert place_of(phone).region == region


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
@pytest.mark.parametrize("kind", [0, 1])
def test_the_librarys_example_numbers_are_where_it_says(region, kind):
    number = phonenumbers.example_number_for_type(region, kind)
    if number is None or phonenumbers.number_type(number) in NOWHERE:
        return
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert place_of(text).region == phonenumbers.region_code_for_number(number)
    assert place_of(text).is_valid


def test_what_is_no_number_is_nowhere():
    assert [place_of(text) for text in ("", "x", "2125550101", "+1212555", "+99912345678")] == [None] * 5


def test_area_codes_are_of_plus_one_only():
    assert place_of("+12125550101").area_code == "212"
    assert place_of("+442079460123").area_code is None


def test_digits_that_are_not_in_use_are_taken_for_the_main_country():
    assert place_of("+15555550100") == Place("US", "555", is_valid=False)
    assert place_of("+441481460123") == Place("GB", is_valid=False)


numbers = st.sampled_from(
    ["+12125550101", "+12125550102", "+14165550101", "+442079460123", "+4930123456", "+590590271234"]
)


@given(st.lists(numbers, max_size=8))
def test_the_heads_of_many_are_those_of_each(texts):
    assert possible_heads(texts) == {head_of(text) for text in texts}


@pytest.mark.parametrize(
    ("whose", "codes", "stated", "place", "holds"),
    [
        ((), (), None, None, True),
        (("US",), (), None, None, False),
        (("US",), (), "US-TX", None, True),
        (("US",), (), "PR", None, True),
        (("US",), (), None, Place("GU"), True),
        (("US",), (), "CA", Place("US"), False),
        (("PR",), (), "US-PR", None, True),
        (("PR",), (), None, Place("US"), False),
        (("US-TX",), (), None, Place("US", "512"), False),
        (("US-TX",), (), "US-TX", Place("CA", "416"), True),
        (("US-TX",), (), "US", Place("US", "512"), False),
        (("US-VA",), ("703",), "CA", Place("US", "703"), True),
        (("US-VA",), ("703",), None, Place("US", "212"), False),
        (("US-VA",), ("703",), None, Place("GB"), False),
        (("GB",), (), None, Place("JE"), False),
        (("FR", "DE"), (), None, Place("DE"), True),
    ],
)
def test_whose_rules_hold(whose, codes, stated, place, holds):
    assert is_applicable(whose, codes, stated, place) is holds


def test_countries():
    assert [country_of(stated) for stated in ("US", "US-VA", "US-PR", "GB-ENG", "CA")] == [
        "US",
        "US",
        "PR",
        "GB",
        "CA",
    ]
    assert is_same_country("US-VA", "PR")
    assert not is_same_country("GB", "JE")
