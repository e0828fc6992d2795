"""What a rule means for the numbers in the files."""

import json
from datetime import date

from reconciler.lists.reader import Source
from reconciler.rules.rule_set import load_rules
from reconciler.use_cases.reconcile.rule_changes import RuleCounts, count_by_rule
from tests.unit.conftest import AS_OF, RULES, us


def source(*entries, name="a.yaml"):
    return Source(name, json.dumps({"listId": "a", "entries": list(entries)}).encode())


def internal(*phones, policy="RELATIVE", **keys):
    term = {"requestedOn": "2026-01-02", "retention": "P5Y"} if policy == "RELATIVE" else {}
    return {
        "phones": list(phones),
        "reasonCode": "CUSTOMER_REQUESTED",
        "expirationPolicy": policy,
        **term,
        **keys,
    }


FILE = source(
    internal("+12125550101", "+17035550102", "+14165550103"),
    internal("+17035550104", policy="NEVER"),
    internal("+12125550105", retention="P1Y"),
    {"phone": "+12125550106", "reasonCode": "LOCAL", "expirationPolicy": "NEVER"},
)


def test_numbers_that_a_rule_concerns_and_refuses():
    counts = count_by_rule([FILE], RULES, as_of=AS_OF)
    assert counts["US-FED-03"] == RuleCounts(concerned_count=3, refused_count=1)
    assert counts["US-VA-01"] == RuleCounts(concerned_count=1, refused_count=1)
    assert counts["CA-04"] == RuleCounts(concerned_count=1)
    assert counts["GB-02"] == RuleCounts()
    assert counts["US-FED-04"] == RuleCounts(concerned_count=4)


def test_a_new_or_weaker_rule_shows_in_the_difference():
    stricter = load_rules(
        us("US-FED-03", then={"minimumTerm": {"from": "requestedOn", "to": "end", "atLeast": "P9Y"}})
    )
    weaker = load_rules(us("US-FED-03", severity="warning"))
    assert count_by_rule([FILE], stricter, as_of=AS_OF)["US-FED-03"] == RuleCounts(
        concerned_count=3, refused_count=3
    )
    assert count_by_rule([FILE], weaker, as_of=AS_OF)["US-FED-03"] == RuleCounts(
        concerned_count=3, refused_count=0
    )


def test_a_rule_that_is_not_in_force_concerns_nobody():
    assert "US-FED-03" not in count_by_rule([FILE], RULES, as_of=date(2003, 1, 1))


def test_every_file_counts():
    counts = count_by_rule([FILE, source(internal("+12125550101"), name="b.yaml")], RULES, as_of=AS_OF)
    assert counts["US-FED-03"] == RuleCounts(concerned_count=4, refused_count=1)
