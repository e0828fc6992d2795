from datetime import date

import pytest

from reconciler.cxone.entries import EntriesDialect
from reconciler.model.terms import Carried, Policy, ReasonCode, Terms

DIALECT = EntriesDialect()
DATED = Terms(ReasonCode.STATE, Policy.RELATIVE, end=date(2031, 1, 1), source="state-registry")


def test_the_wire_carries_reason_and_policy():
    assert DIALECT.carried(DATED) == Carried("STATE", "RELATIVE", None)


def test_as_never_a_dated_policy_goes_without_its_date():
    never = EntriesDialect("never")
    assert never.carried(DATED) == Carried("STATE", "NEVER")
    assert never.wire(DATED)["expirationPolicy"] == "NEVER"


def test_what_a_write_sends():
    assert list(DIALECT.wire(DATED).items()) == [
        ("reasonCode", "STATE"),
        ("expirationPolicy", "RELATIVE"),
        ("source", "state-registry"),
    ]
    assert all(type(value) is str for value in DIALECT.wire(DATED).values())


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        (Carried("UNKNOWN", "NEVER"), Carried("CUSTOMER_REQUESTED", "ABSOLUTE")),
        (Carried("NATIONAL", "RELATIVE"), Carried("STATE", "ABSOLUTE")),
        (Carried("UNKNOWN", "FOREVER"), Carried("CUSTOMER_REQUESTED", "RELATIVE")),
        (Carried("UNKNOWN", ""), Carried("CUSTOMER_REQUESTED", "RELATIVE")),
        (Carried("COMPANY_POLICY", "NEVER"), Carried("LITIGATOR", "NEVER")),
    ],
)
def test_strength(stronger, weaker):
    assert DIALECT.strength(stronger) > DIALECT.strength(weaker)


def test_equally_strong():
    assert DIALECT.strength(Carried("STATE", "RELATIVE")) == DIALECT.strength(Carried("STATE", "ABSOLUTE"))
    assert DIALECT.strength(Carried("LITIGATOR", "NEVER")) == DIALECT.strength(Carried("UNKNOWN", "NEVER"))
