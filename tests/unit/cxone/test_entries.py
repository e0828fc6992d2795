from datetime import date

import pytest

from reconciler.core.model.entries import Carried, Policy, ReasonCode, Terms
from reconciler.cxone.entries.dialect import EntriesDialect

DIALECT = EntriesDialect()
DATED = Terms(ReasonCode.LOCAL, Policy.RELATIVE, end=date(2031, 1, 1), source="county-list")
OF_REGISTRY = Terms(ReasonCode.STATE, Policy.RELATIVE, end=date(2031, 1, 1), source="state-registry")


def test_the_wire_carries_reason_and_policy():
    assert DIALECT.carried(DATED) == Carried("LOCAL", "RELATIVE", None)


def test_a_registrys_entry_has_no_end_on_the_wire():
    assert DIALECT.carried(OF_REGISTRY) == Carried("STATE", "NEVER", None)
    assert DIALECT.wire(OF_REGISTRY)["expirationPolicy"] == "NEVER"


def test_as_never_a_dated_policy_goes_without_its_date():
    never = EntriesDialect("never")
    assert never.carried(DATED) == Carried("LOCAL", "NEVER")
    assert never.wire(DATED)["expirationPolicy"] == "NEVER"


def test_what_a_write_sends():
    assert list(DIALECT.wire(DATED).items()) == [
        ("reasonCode", "LOCAL"),
        ("expirationPolicy", "RELATIVE"),
        ("source", "county-list"),
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
