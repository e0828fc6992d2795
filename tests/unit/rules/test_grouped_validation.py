"""Grouped validation finds exactly what `jsonschema` finds entry by entry."""

import json
from dataclasses import replace
from datetime import date

import isodate
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model.phone import is_e164
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.keywords import validator
from reconciler.rules.numbering import invalid_reason, unlistable_reason
from reconciler.rules.rule_set import _packaged, load_rules
from tests.unit.conftest import AS_OF, LATEST, RULES

SCHEMA = json.loads(_packaged()["dnc-list.schema.json"])
REGULATIONS = [
    rule
    for name, data in _packaged().items()
    if name.startswith("regulations/")
    for rule in json.loads(data).get("allOf", ())
    if rule.get("scope", "entry") == "entry" and rule["severity"] in {"error", "warning"}
]
# A rule of one's own may look at evidence, at numbers in any way, and at where they are.
OWN = [
    {"id": "OWN-01", "properties": {"evidence": {"pattern": "1$"}, "phone": {"pattern": "[13579]$"}}},
    {
        "id": "OWN-02",
        "jurisdiction": ["CA", "US-IN"],
        "if": {"required": ["region"]},
        "then": {"required": ["source"]},
    },
    {
        "id": "OWN-03",
        "byAreaCode": ["317"],
        "jurisdiction": "US-VA",
        "properties": {"areaCode": {"not": {"const": "317"}}},
    },
    {"id": "OWN-04", "jurisdiction": "GB", "maxProperties": 5},
]
ABOUT = {
    "statement": "A rule.",
    "meaning": "One.",
    "basis": "policy",
    "severity": "error",
    "confidence": "H",
    "effectiveFrom": "2026-01-01",
    "adoptedBy": "us",
    "adoptedOn": "2026-11-23",
    "reviewDue": "2027-11-23",
    "example": {"passes": {}, "fails": {}},
    "jurisdiction": None,
}
OWN = [ABOUT | rule for rule in OWN]
OWN_FILE = {"regulations/own.json": json.dumps({"title": "Ours", "allOf": OWN}).encode()}
SETS = {"packaged": (RULES, REGULATIONS), "own": (load_rules(OWN_FILE), [*REGULATIONS, *OWN])}

phone = st.sampled_from(
    [
        *("+12125550101", "+12125550102", "+13175550101", "+17035550101", "+14165550101", "+17875550101"),
        *("+18005550101", "+15555550200", "+12125550200", "+442079460123", "+441534460123", "+4930123456"),
        *("+1212555", "2125550101", "+1\n", ""),
        # With a prefix too many: certain, certain, not known, and one whose 8 is its own.
        *("+49015112345679", "+112125550101", "+49019912345", "+3758011234567"),
    ]
)
POOLS = {
    "phone": phone | st.just(None) | st.just(["+12125550101"]),
    "phones": st.lists(phone | st.sampled_from([None, []]), max_size=5)
    | st.sampled_from([None, "+12125550103"]),
    "reasonCode": st.sampled_from(["NATIONAL", "CUSTOMER_REQUESTED", "STATE", "ANGRY", None]),
    "expirationPolicy": st.sampled_from(["NEVER", "RELATIVE", "ABSOLUTE", "never", ""]),
    "requestedOn": st.sampled_from(["2024-02-29", "2021-11-20", "2026-02-30", "20261102", None]),
    "retention": st.sampled_from(["P5Y", "P59M", "P1Y2M3W4D", "P", "PT5H", "P1.5Y", ["P5Y"]]),
    "expirationDate": st.sampled_from(["2026-11-19", "2026-11-20", "2029-03-01", "2016-01-01", "soon"]),
    "source": st.sampled_from(["registry", "bloctel", "a b", "a\n", "", None]),
    "jurisdiction": st.sampled_from(["US", "US-VA", "US-IN", "CA", "GB", "PR", "us", "Texas\n", None]),
    "listedOn": st.sampled_from(["2024-02-29", "2021-11-20", "soon"]),
    "firstSeenOn": st.sampled_from(["2024-02-29", "soon", None]),
    "evidence": st.sampled_from(["CALL-1", "CALL-2", "Jane Doe", "", None, {"a": "b"}]),
    "phonee": st.just("x"),
}
TERMS = {name: pool for name, pool in POOLS.items() if not name.startswith("phone")}
entry = st.fixed_dictionaries({}, optional=POOLS)
usual = st.fixed_dictionaries(
    {name: POOLS[name] for name in ("phones", "reasonCode", "expirationPolicy")},
    optional={
        name: POOLS[name]
        for name in ("requestedOn", "listedOn", "retention", "expirationDate", "evidence", "jurisdiction")
    },
)
entries = st.lists(entry | usual | usual | st.sampled_from(["text", None, []]), max_size=6)
defaults = st.fixed_dictionaries({}, optional=TERMS)


def naive(document, regulations):
    """Judge every entry for itself, by the schema, and every one of its numbers by every rule.

    Gives for each entry and rule the numbers that it finds something in; none for what is not about numbers.
    """
    found = {}
    for error in validator(SCHEMA).iter_errors(document):
        if error.absolute_path and error.absolute_path[0] == "entries":
            is_unknown = error.validator == "additionalProperties"
            rule = "LIST-02" if is_unknown else error.schema.get("rule", "LIST-01")
            found.setdefault((error.absolute_path[1], rule), set())
    for place, item in enumerate(document["entries"]):
        if isinstance(item, dict):
            for rule, phone in naive_entry(item, document.get("defaults", {}), regulations):
                found.setdefault((place, rule), set()).update({phone} - {None})
    return found


def naive_entry(item, defaults, regulations):
    said = merged(item, defaults)
    for error in validator(SCHEMA, at="/$defs/effective").iter_errors(said):
        yield error.schema.get("rule", "LIST-01"), None
    many = item["phones"] if isinstance(item.get("phones"), list) else []
    texts = [text for text in (item.get("phone"), *many) if isinstance(text, str)]
    yield from (("NUM-01", text) for text in texts if unlistable_reason(text))
    numbers = [text for text in texts if is_e164(text)]
    for rule in regulations:
        yield from ((rule["id"], text) for text in numbers or [None] if finds(rule, said, text))


def finds(rule, said, phone):
    """Judge one entry with one number, without it where there is none, the slow way."""
    region = area_code = None
    if phone and not invalid_reason(phone):
        number = phonenumbers.parse(phone)
        nowhere = phonenumbers.number_type(number) in {3, 4, 7, 9}  # toll-free, premium, personal, UAN
        region = None if nowhere else phonenumbers.region_code_for_number(number) or "US"  # +1 555
        area_code = phone[2:5] if phone.startswith("+1") else None
    looks = json.dumps({key: rule[key] for key in rule.keys() - ABOUT.keys() - {"byAreaCode"}})
    looks_at_place = any(word in looks for word in ('"region"', '"areaCode"', '"maxProperties"'))
    if (phone is None or invalid_reason(phone)) and looks_at_place:
        return False
    if phone is None and '"phone"' in looks:
        return False
    if not whose(rule, said.get("jurisdiction"), region, area_code):
        return False
    document = said | {"region": region, "areaCode": area_code}
    if '"phone"' in looks:
        document["phone"] = phone
    judged = {key: value for key, value in document.items() if value is not None or key in said}
    return not validator({key: rule[key] for key in rule if key not in ABOUT}).is_valid(judged)


CODES = {"US", "US-VA", "US-IN", "CA", "GB", "PR"}  # of the pool, as ISO 3166 has them


def whose(rule, stated, region, area_code):
    """Tell whether the rule holds there. What is no code switches nothing off: the region decides."""
    jurisdictions = rule["jurisdiction"]
    if jurisdictions is None or (area_code in rule.get("byAreaCode", ())):
        return True
    wanted = {jurisdictions} if isinstance(jurisdictions, str) else set(jurisdictions)
    stated = stated if stated in CODES else None
    country = stated.split("-")[0] if stated else region
    family = {"US"} if country in {"US", "PR", "VI", "GU", "AS", "MP"} else set()
    return bool(wanted & ({country, stated} | family))


def merged(item, defaults):
    policy = item.get("expirationPolicy", defaults.get("expirationPolicy"))
    idle = {
        "NEVER": ["expirationDate", "retention"],
        "ABSOLUTE": ["retention"],
        "RELATIVE": ["expirationDate"],
    }
    said = {k: v for k, v in defaults.items() if k not in idle.get(policy, [])} | item
    said = {k: v for k, v in said.items() if k not in {"phone", "phones"}}
    date_schema, period_schema = validator(SCHEMA, at="/$defs/date"), validator(SCHEMA, at="/$defs/retention")
    start, last, period = (said.get(key) for key in ("requestedOn", "expirationDate", "retention"))
    if policy == "ABSOLUTE" and date_schema.is_valid(last):
        said["end"] = last
    if policy == "RELATIVE" and date_schema.is_valid(start) and period_schema.is_valid(period):
        said["end"] = forward(date.fromisoformat(start), period).isoformat()
    return said


def forward(start, text):
    """Step month by month, the slow way: a day that a month has not becomes the next month's first."""
    period = isodate.parse_duration(text)
    years, months = int(getattr(period, "years", 0)), int(getattr(period, "months", 0))
    year, month = start.year, start.month
    for _ in range(12 * years + months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    try:
        day = date(year, month, start.day)
    except ValueError:
        day = date(year, month + 1, 1)
    return day + getattr(period, "tdelta", period)


def grouped(document, rules):
    data = json.dumps(document, ensure_ascii=False).encode()
    return read_lists([Source("a.yaml", data)], rules, as_of=AS_OF, latest=LATEST, is_example=lambda _: False)


@pytest.mark.parametrize("which", SETS)
@settings(deadline=None, max_examples=100)
@given(entries=entries, defaults=defaults)
def test_groups_give_the_findings_of_single_entries(which, entries, defaults):
    rules, regulations = SETS[which]
    document = {"listId": "a", "defaults": defaults, "entries": entries}
    found = {
        (int(f.path.split("/")[2]), f.rule)
        for f in grouped(document, rules).findings
        if f.path.startswith("/entries/") and f.rule != "LIST-03"  # twins are no business of the schema
    }
    assert found == set(naive(document, regulations))


@settings(deadline=None, max_examples=60)
@given(entries, defaults)
def test_a_refusal_has_exactly_the_numbers_that_it_is_about(entries, defaults):
    document = {"listId": "a", "defaults": defaults, "entries": entries}
    wanted = naive(document, [rule for rule in REGULATIONS if rule["severity"] == "error"])
    refused = {}
    for one in grouped(document, RULES).regulation_errors:
        if one.finding.rule != "NUM-01":
            key = (int(one.finding.path.split("/")[2]), one.finding.rule)
            refused.setdefault(key, set()).update(one.phones)
    for key, phones in refused.items():
        assert phones == wanted[key]


@settings(deadline=None, max_examples=50)
@given(entries, defaults)
def test_judging_every_entry_gives_the_same_findings_at_the_same_places(entries, defaults):
    document = {"listId": "a", "defaults": defaults, "entries": entries, "releases": entries}
    one_by_one = grouped(document, replace(RULES, is_packaged=False)).findings
    assert {(f.path, f.rule) for f in grouped(document, RULES).findings} == {
        (f.path, f.rule) for f in one_by_one
    }


@pytest.mark.parametrize("key", ["phone", "evidence", "requestedOn", "reasonCode"])
def test_one_wrong_entry_among_many_is_found_at_its_place(rules, key):
    good = {"reasonCode": "LOCAL", "expirationPolicy": "NEVER", "requestedOn": "2026-11-02", "evidence": "A"}
    document = {"listId": "a", "entries": [{"phone": f"+1212555{n:04d}"} | good for n in range(200, 300)]}
    document["entries"][42][key] = "wrong one"
    (finding,) = grouped(document, rules).findings
    assert finding.path == f"/entries/42/{key}"
