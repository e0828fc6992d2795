"""The regulations: their test vectors, each rule's own examples, and whose rules hold."""

import json
from datetime import date

import pytest

from reconciler.core.model.finding import Severity
from reconciler.rules.rule_set import (
    EFFECTIVE,
    _checked_validator,
    _own_rules,
    _packaged,
    _shipped,
    load_rules,
)
from tests.unit.conftest import AS_OF, RULES, entry, us
from tests.unit.rules.samples import found_in, sample_findings

NEVER = {"expirationPolicy": "NEVER"}


def rules_of(lists, *, severity=None):
    return [f.rule for f in lists.findings if severity in {None, f.severity}]


def errors(lists):
    return rules_of(lists, severity=Severity.ERROR)


@pytest.mark.parametrize(
    "rule", [r for r in RULES.regulations if r.finding_severity], ids=lambda rule: rule.id
)
def test_a_rules_examples_do_what_they_say(rule):
    assert found_in(rule, rule.examples["passes"]) == ()
    assert found_in(rule, rule.examples["fails"]) != ()


def test_an_example_that_does_not_do_what_it_says_is_named():
    passes = {"phone": "+12125550101", "reasonCode": "NATIONAL", "expirationPolicy": "NEVER"}
    rules = load_rules(us("US-FED-01", example={"passes": passes, "fails": passes}))
    (finding,) = sample_findings(rules)
    assert (finding.rule, finding.path) == ("US-FED-01", "/US-FED-01/example/fails")
    assert list(sample_findings(RULES)) == []


@pytest.mark.parametrize(
    ("name", "at"), [*((name, "") for name in _packaged()), ("dnc-list.schema.json", EFFECTIVE)]
)
def test_the_packaged_files_are_schemas_that_can_be_used(name, at):
    assert _checked_validator(name, _shipped()[name], at).is_valid({}) is not None


@pytest.mark.parametrize("name", [name for name in _packaged() if name.startswith("regulations/")])
def test_the_packaged_rule_files_are_rule_files(name):
    meta = _checked_validator("regulation.schema.json", _shipped()["regulation.schema.json"])
    assert _own_rules(name, _shipped()[name], meta)


@pytest.mark.parametrize("rule", RULES.regulations, ids=lambda rule: rule.id)
def test_every_rule_says_who_says_so(rule):
    assert rule.citation or rule.basis != "law"
    assert rule.unverified is (rule.confidence == "L")
    assert rule.confidence != "L" or rule.severity == "warning"
    assert rule.is_in_force(AS_OF) or rule.id == "US-REV-04"
    said = f"{rule.statement} {rule.meaning} {[found_in(rule, e) for e in rule.examples.values()]}".lower()
    assert not any(word in said for word in ("breach", "violation", "illegal"))


@pytest.mark.parametrize(
    ("requested", "end", "passes"),
    [
        ("2021-11-20", "2026-11-20", True),
        ("2021-11-20", "2026-11-19", False),
        ("2024-02-29", "2029-03-01", True),
        ("2024-02-29", "2029-02-28", False),
    ],
)
def test_us_fed_03(read, requested, end, passes):
    lists = read(entry(requestedOn=requested, expirationDate=end))
    assert errors(lists) == ([] if passes else ["US-FED-03"])


def test_a_finding_says_fact_rule_and_way_out(read):
    (finding,) = [
        f
        for f in read(entry(requestedOn="2024-11-20", expirationDate="2029-11-19")).findings
        if f.rule == "US-FED-03"
    ]
    assert str(finding) == (
        "a.yaml:1:170: ends 2029-11-19; five years from the request end on 2029-11-20: "
        "use that day or later, or NEVER [US-FED-03, 47 CFR 64.1200(d)(6)]"
    )


def test_us_fed_03_wants_the_request_of_dated_terms_only(read):
    assert errors(read(entry(expirationDate="2099-01-01"))) == ["US-FED-03"]
    assert errors(read(entry(**NEVER))) == []


def test_a_period_that_runs_beyond_all_dates_asks_for_never(read):
    assert errors(read(entry(requestedOn="2026-01-02", expirationDate="9999-12-31"))) == []


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"jurisdiction": "US-VA", "expirationDate": "2031-01-02"}, ["US-VA-01"]),
        ({"jurisdiction": "US-VA", "expirationDate": "2036-01-02"}, []),
        ({"phone": "+17035550123", "expirationDate": "2031-01-02"}, ["US-VA-01"]),
        ({"phone": "+17035550123", "expirationDate": "2027-01-02"}, ["US-FED-03", "US-VA-01"]),
        ({"phone": "+17035550123", "jurisdiction": "US-MD", "expirationDate": "2031-01-02"}, ["US-VA-01"]),
        ({"phone": "+17035550123", "jurisdiction": "CA", "expirationDate": "2031-01-02"}, ["US-VA-01"]),
        ({"jurisdiction": "US-MD", "expirationDate": "2031-01-02"}, []),
    ],
)
def test_us_va_01_by_state_and_by_area_code(read, keys, found):
    assert errors(read(entry(requestedOn="2026-01-02", **keys))) == found


@pytest.mark.parametrize(
    ("phone", "stated", "found"),
    [
        ("+12125550101", None, ["US-FED-03"]),
        ("+17875550101", None, ["US-FED-03"]),  # Puerto Rico
        ("+16715550101", None, ["US-FED-03"]),  # Guam
        ("+14165550101", None, []),
        ("+18765550101", None, []),  # Jamaica
        ("+18005550101", None, []),
        ("+18005550101", "US", ["US-FED-03"]),
        ("+18005550101", "US-OH", ["US-FED-03"]),
        ("+14165550101", "US", ["US-FED-03"]),
        ("+14165550101", "US-PR", ["US-FED-03"]),
        ("+12125550101", "CA", []),
        ("+442079460123", None, ["GB-02"]),
        ("+441534460123", None, []),  # Jersey
        ("+441481256789", None, []),  # Guernsey
        ("+441534460123", "GB", ["GB-02"]),
    ],
)
def test_whose_rules_hold(read, phone, stated, found):
    keys = {"jurisdiction": stated} if stated else {}
    text = entry(phone=phone, requestedOn="2026-01-02", expirationDate="2030-01-02", **keys)
    assert errors(read(text)) == found


@pytest.mark.parametrize(
    "policy",
    [
        {"expirationDate": "2099-01-01"},
        {"expirationPolicy": "RELATIVE", "requestedOn": "2026-01-02", "retention": "P90Y"},
    ],
)
def test_us_fed_01_takes_no_date_at_all(read, policy):
    (finding,) = read(entry(reasonCode="NATIONAL", **policy)).findings
    assert str(finding).endswith("use NEVER, without a date (policy) [US-FED-01]")


@pytest.mark.parametrize(
    ("phone", "found"), [("+14165550123", ["NUM-09"]), ("+17875550123", []), ("+18005550123", [])]
)
def test_num_09(read, phone, found):
    assert rules_of(read(entry(phone=phone, reasonCode="NATIONAL", jurisdiction="US", **NEVER))) == found


@pytest.mark.parametrize("phone", ["+1212555012\uff13", "+12125550123\n", "+1212555"])
def test_num_01(read, phone):
    assert rules_of(read(entry(phone=phone, reasonCode="LOCAL", **NEVER))) == ["NUM-01"]


def local_numbers(*phones):
    item = {"phones": phones, "reasonCode": "LOCAL", **NEVER}
    return json.dumps({"listId": "a", "entries": [item]})


@pytest.mark.parametrize(
    ("phone", "prefix"), [("+49015112345679", "0"), ("+112125550123", "1"), ("+3606301234567", "06")]
)
def test_num_01_names_a_prefix_that_belongs_inside_the_country(read, phone, prefix):
    for text in (entry(phone=phone, reasonCode="LOCAL", **NEVER), local_numbers("+12125550123", phone)):
        (error,) = (finding for finding in read(text).findings if finding.severity is Severity.ERROR)
        assert error.rule == "NUM-01"
        assert f"the {prefix} after the country code is dialled inside the country only" in error.message


@pytest.mark.parametrize("phone", ["+390669812345", "+78001234567", "+3758011234567", "+2250123456789"])
def test_num_01_finds_nothing_in_digits_that_are_the_numbers_own(read, phone):
    assert rules_of(read(entry(phone=phone, reasonCode="LOCAL", **NEVER))) == []
    assert rules_of(read(local_numbers(phone, "+12125550123"))) == []


def test_num_01_only_warns_of_a_prefix_where_it_is_not_certain(read):
    (finding,) = read(entry(phone="+49019912345", reasonCode="LOCAL", **NEVER)).findings
    assert (finding.rule, finding.severity) == ("NUM-01", Severity.WARNING)


def test_num_01_only_warns_of_digits_that_are_not_in_use(read):
    (finding,) = read(entry(phone="+15555550100", reasonCode="LOCAL", **NEVER)).findings
    assert (finding.rule, finding.severity) == ("NUM-01", Severity.WARNING)


def test_fictional_numbers_are_odd_outside_examples_only(read):
    text = entry(reasonCode="LOCAL", **NEVER)
    assert rules_of(read(text)) == []
    assert rules_of(read(text, examples=lambda path: path != "a.yaml")) == ["NUM-07"]


@pytest.mark.parametrize(
    ("retrieved", "rest", "said"),
    [
        ("2026-10-31", "", None),
        ("2026-10-30", "", "stale after 2026-11-30"),
        ("2026-10-23", "", "stale after 2026-11-23"),
        ("2026-10-22", "", "was fresh until 2026-11-22"),
        ("2026-10-22T23:59:59Z", "", "was fresh until 2026-11-22"),
        ("2026-10-23", ", freshFor: P60D", "stale after 2026-11-23"),
        ("2026-11-13", ", freshFor: P10D", "stale after 2026-11-23"),
        ("2026-11-12", ", freshFor: P10D", "was fresh until 2026-11-22"),
        ("2026-11-14", ", freshFor: P10D", None),
    ],
)
@pytest.mark.parametrize("name", ["ftc-registry", "ca-dncl", "us-in"])
def test_ops_fresh_01(read, name, retrieved, rest, said):
    found = read(
        f"listId: a\nregistry: {{name: {name}, retrievedAt: {retrieved}{rest}}}\nentries: []\n"
    ).findings
    assert [f.severity for f in found] == ([Severity.ALARM] if said else [])
    assert all(said in f.message and f.line == 2 for f in found)


@pytest.mark.parametrize(
    ("count", "registry", "found"),
    [(10_000, "", 0), (10_001, "", 1), (10_001, "registry: {name: x, retrievedAt: 2026-11-02}", 0)],
)
def test_ops_reg_01(read, count, registry, found):
    numbers = "".join(f'      - "+1212{2_000_000 + n}"\n' for n in range(count))
    terms = "reasonCode: NATIONAL\n    expirationPolicy: NEVER\n    phones:\n"
    text = f"listId: a\n{registry}\nentries:\n  - {terms}{numbers}"
    assert rules_of(read(text)) == ["OPS-REG-01"] * found


@pytest.mark.parametrize(
    ("day", "second", "found"),
    [
        (date(2027, 1, 30), "+12125550102", []),
        (date(2027, 1, 31), "+12125550102", ["US-REV-04"]),
        (date(2027, 1, 31), "+442079460123", []),
    ],
)
def test_us_rev_04_holds_from_its_day(read, day, second, found):
    keys = {"requestedOn": "2026-11-02", "evidence": "A", **NEVER}
    other = entry(phone=second, **keys).replace('"listId": "a"', '"listId": "b"')
    lists = read(entry(**keys), other, as_of=day)
    assert [(f.file, f.rule) for f in lists.findings] == [("b.yaml", rule) for rule in found]


def test_every_rule_that_refuses_is_named(read):
    lists = read(entry(phone="+17035550123", requestedOn="2026-01-02", expirationDate="2027-01-02"))
    assert errors(lists) == ["US-FED-03", "US-VA-01"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("People who asked us to stop", 0),
        ("Since 2026-11-02, 12 lists, ticket 4711, 20261102", 0),
        ("Ask jane@example.org", 1),
        ("+1 212 555 0100", 1),
        ("(212) 555-0100", 1),
        ("212.555.0100", 1),
        ("2125550100", 1),
        ("555-0100", 1),
        ("+44 20 7946 0123", 1),
    ],
)
def test_priv_03_knows_people_in_a_description(read, text, found):
    lists = read(f'listId: a\ndescription: "{text}"\nentries: []\n')
    assert errors(lists) == ["PRIV-03"] * found
    assert all("555" not in f.message and "jane" not in f.message for f in lists.findings)


def test_a_refusal_names_its_numbers(read):
    defaults = {
        "reasonCode": "CUSTOMER_REQUESTED",
        "expirationPolicy": "RELATIVE",
        "requestedOn": "2026-01-02",
    }
    entries = [
        {"retention": "P5Y", "phones": ["+17035550101", "+12125550101", "+18045550101"]},
        {"retention": "P5Y", "phone": "+12125550102", "unknown": "x"},
        {"retention": "P10Y", "phone": "+1212555"},
    ]
    text = json.dumps({"listId": "a", "defaults": defaults, "entries": entries})
    lists = read(text)
    assert [(r.finding.rule, r.list_id, r.phones) for r in lists.regulation_errors] == [
        ("US-VA-01", "a", ("+17035550101", "+18045550101")),
        ("NUM-01", "a", ("+1212555",)),
    ]
    assert {r.finding for r in lists.regulation_errors} <= set(lists.findings)
