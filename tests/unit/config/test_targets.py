"""One CXone in two spellings is one target (S12, S13)."""

from itertools import combinations, product

import pytest

from reconciler.core.model.provider import Target
from reconciler.core.model.target import is_same_target, normalise_address

SAME = [
    [
        "https://acme.my.cxone.com",
        "HTTPS://Acme.My.CXone.COM",
        "https://acme.my.cxone.com/",
        "https://acme.my.cxone.com.",
        "https://acme.my.cxone.com:443",
        "https://acme.my.cxone.com:/",
        "https://user:word@acme.my.cxone.com",
        "acme.my.cxone.com",
        "acme.my.cxone.com:443",
        " https://acme.my.cxone.com/./ ",
    ],
    [
        "http://localhost:8080",
        "http://LOCALHOST:8080/",
        "http://127.0.0.1:8080",
        "https://127.9.9.9:8080",
        "http://[::1]:8080",
        "http://[0:0:0:0:0:0:0:1]:8080",
        "http://[::ffff:127.0.0.1]:8080",
        "https://localhost.:8080",
        "https://127.1:8080",
        "https://0x7f.0.0.1:8080",
        "https://2130706433:8080",
        "https://0177.0.0.1:8080",
        "localhost:8080",
        "[::1]:8080",
    ],
    ["http://localhost", "http://127.0.0.1:80", "localhost", "127.0.0.1:80", "https://[::1]:443"],
    [
        "https://bücher.example",
        "https://xn--bcher-kva.example",
        "https://BÜCHER.example",
        "https://bücher。example",
    ],
    ["https://a.example/cx", "https://a.example//cx/", "https://a.example/x/../cx", "https://a.example/%63x"],
    ["https://a.example/c%20x", "https://a.example/c x"],
    ["https://[2001:db8::1]", "https://[2001:0db8:0:0::1]:443"],
]
ORGANISATIONS = ("acme", "ACME")


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: spellings[0])
def test_spellings_of_one_address(spellings: list[str]):
    assert {normalise_address(one) for one in spellings} == {normalise_address(spellings[0])}


def test_other_addresses_are_others():
    for one, other in combinations(SAME, 2):
        assert normalise_address(one[0]) != normalise_address(other[0])
    for other in (
        "https://acme.my.cxone.com:8443",
        "http://acme.my.cxone.com",
        "https://acme.my.cxone.com/cx",
    ):
        assert normalise_address(other) != normalise_address(SAME[0][0])
    assert normalise_address("http://localhost:8080") != normalise_address("http://localhost:8081")
    assert normalise_address("https://localhost.example") != normalise_address("https://localhost")
    assert normalise_address("https://127.0.0.1.example") != normalise_address("https://127.0.0.1")


@pytest.mark.parametrize(
    "odd", ["", "https://", "https://[", "https://a:b", "https://" + "a" * 80, "a..b", "embedded"]
)
def test_what_is_no_address_is_compared_as_text(odd: str):
    assert normalise_address(odd) == normalise_address(odd.upper())


def test_targets_are_compared_by_dialect_organisation_and_host():
    for (one, other), organisation in product(combinations(SAME[1], 2), ORGANISATIONS):
        assert is_same_target(Target("entries", "acme", one), Target("entries", organisation, other))
    here = Target("entries", "acme", "localhost:8080")
    assert not is_same_target(here, Target("dnc-groups", "acme", "localhost:8080"))
    assert not is_same_target(here, Target("entries", "other", "localhost:8080"))
    assert not is_same_target(here, Target("entries", "acme", "localhost:8081"))
