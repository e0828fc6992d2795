from datetime import date

import pytest

from reconciler.core.model.entries import Policy, ProjectedTerms, ReasonCode, Terms
from reconciler.cxone.entries.dialect import EntriesDialect

DIALECT = EntriesDialect()
DATED = Terms(ReasonCode.LOCAL, Policy.RELATIVE, end=date(2031, 1, 1), source="county-list")
OF_REGISTRY = Terms(ReasonCode.STATE, Policy.RELATIVE, end=date(2031, 1, 1), source="state-registry")


def test_the_wire_carries_reason_and_policy():
    assert DIALECT.project(DATED) == ProjectedTerms("LOCAL", "RELATIVE", None)


def test_a_registrys_entry_has_no_end_on_the_wire():
    assert DIALECT.project(OF_REGISTRY) == ProjectedTerms("STATE", "NEVER", None)
    assert DIALECT.write_fields(OF_REGISTRY)["expirationPolicy"] == "NEVER"


def test_as_never_a_dated_policy_goes_without_its_date():
    never = EntriesDialect("never")
    assert never.project(DATED) == ProjectedTerms("LOCAL", "NEVER")
    assert never.write_fields(DATED)["expirationPolicy"] == "NEVER"


def test_what_a_write_sends():
    assert list(DIALECT.write_fields(DATED).items()) == [
        ("reasonCode", "LOCAL"),
        ("expirationPolicy", "RELATIVE"),
        ("source", "county-list"),
    ]
    assert all(type(value) is str for value in DIALECT.write_fields(DATED).values())


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        (ProjectedTerms("UNKNOWN", "NEVER"), ProjectedTerms("CUSTOMER_REQUESTED", "ABSOLUTE")),
        (ProjectedTerms("NATIONAL", "RELATIVE"), ProjectedTerms("STATE", "ABSOLUTE")),
        (ProjectedTerms("UNKNOWN", "FOREVER"), ProjectedTerms("CUSTOMER_REQUESTED", "RELATIVE")),
        (ProjectedTerms("UNKNOWN", ""), ProjectedTerms("CUSTOMER_REQUESTED", "RELATIVE")),
        (ProjectedTerms("COMPANY_POLICY", "NEVER"), ProjectedTerms("LITIGATOR", "NEVER")),
    ],
)
def test_strength(stronger, weaker):
    assert DIALECT.strength(stronger) > DIALECT.strength(weaker)


def test_equally_strong():
    assert DIALECT.strength(ProjectedTerms("STATE", "RELATIVE")) == DIALECT.strength(
        ProjectedTerms("STATE", "ABSOLUTE")
    )
    assert DIALECT.strength(ProjectedTerms("LITIGATOR", "NEVER")) == DIALECT.strength(
        ProjectedTerms("UNKNOWN", "NEVER")
    )
