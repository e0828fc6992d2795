"""Numbers whose country is written beside them, and numbers that may have lost the + of another country."""

import pytest

from reconciler.lists.phone_input import parse_with_country, reads_with_lost_plus


@pytest.mark.parametrize(
    ("text", "country", "phone"),
    [
        ("2079460123", "44", "+442079460123"),
        ("020 7946 0123", "+44", "+442079460123"),
        ("20 7946 0123", "0044", "+442079460123"),
        ("2079460123", "44.0", "+442079460123"),
        ("2079460123", "'+44", "+442079460123"),
        ("2079460123", "GB", "+442079460123"),
        ("2079460123", "gbr", "+442079460123"),
        ("2079460123", "United Kingdom", "+442079460123"),
        ("442079460123", "44", "+442079460123"),
        ("+442079460123", "44", "+442079460123"),
        ("+44 020 7946 0123", "uk", "+442079460123"),
        ("00442079460123", "GB", "+442079460123"),
        ("2125550101", "1", "+12125550101"),
        ("2125550101", "USA", "+12125550101"),
        ("2125550101", "US-NY", "+12125550101"),
        ("4165550101", "CA", "+14165550101"),
        ("23456789", "47", "+4723456789"),
        ("06 6981234", "IT", "+39066981234"),
        ("12345678", "800", "+80012345678"),
        ("2125550101", "", "+12125550101"),
        ("212\u202f555\u202f0101", " ", "+12125550101"),
    ],
)
def test_a_number_is_one_of_the_country_beside_it(text, country, phone):
    assert parse_with_country(text, country, "US").phone == phone


@pytest.mark.parametrize(
    ("text", "country", "why"),
    [
        ("+442079460123", "1", "a number of another country than the one beside it"),
        ("2079460123", "Nowhere", "the country Nowhere is not known"),
        ("2079460123", "EN", "the country EN is not known"),
        ("2079460123", "TX", "the country TX is not known"),
        ("2079460123", "999", "the country is not known"),
        ("2079460123", "2125550101", "the country is not known"),
        ("2079460123", "x 5550101", "the country is not known"),
        ("4930123456", "1", "no number of the country beside it"),
        ("5550101", "US", "a local number"),
        ("", "44", "nothing is written here"),
        ("n/a", "44", "not only a number"),
    ],
)
def test_a_country_that_does_not_fit_is_a_problem_without_digits(text, country, why):
    read = parse_with_country(text, country, "US")
    assert read.phone == ""
    assert why in read.problem
    assert not any(part in read.problem for part in ("2079460123", "5550101", "999"))


@pytest.mark.parametrize(
    ("text", "is_in_doubt"),
    [
        ("6563334444", True),  # +65 6333 4444
        ("'6563334444", True),
        ("+6563334444", False),
        ("011 65 6333 4444", False),
        ("2125550101", False),
        ("12125550101", False),
        ("7875550101", False),
        ("442079460123", False),  # no number of the region
        ("", False),
        ("n/a", False),
    ],
)
def test_a_number_that_is_one_elsewhere_with_a_plus(text, is_in_doubt):
    assert reads_with_lost_plus(text, "US") is is_in_doubt
