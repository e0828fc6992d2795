"""Law 11: grouped validation finds exactly what `jsonschema` finds entry by entry."""

import json
from dataclasses import replace
from datetime import date

import isodate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired.keywords import validator
from reconciler.desired.lists import Source, read_lists
from reconciler.desired.numbering import why_not
from reconciler.desired.schema import _packaged
from tests.desired.conftest import AS_OF, LATEST, RULES

SCHEMA = json.loads(_packaged()["dnc-list.schema.json"])
REGULATIONS = [
    rule
    for name in ("us", "numbering")
    for rule in json.loads(_packaged()[f"regulations/{name}.json"])["allOf"]
]

phone = st.sampled_from(
    ["+12125550101", "+12125550102", "+13175550101", "+1212555", "2125550101", "+1\n", ""]
)
POOLS = {
    "phone": phone | st.just(None) | st.just(["+12125550101"]),
    "phones": st.lists(phone | st.sampled_from([None, []]), max_size=3)
    | st.sampled_from([None, "+12125550103"]),
    "reasonCode": st.sampled_from(["NATIONAL", "CUSTOMER_REQUESTED", "STATE", "ANGRY", None]),
    "expirationPolicy": st.sampled_from(["NEVER", "RELATIVE", "ABSOLUTE", "never", ""]),
    "requestedOn": st.sampled_from(["2024-02-29", "2021-11-20", "2026-02-30", "20261102", None]),
    "retention": st.sampled_from(["P5Y", "P59M", "P1Y2M3W4D", "P", "PT5H", "P1.5Y", ["P5Y"]]),
    "expirationDate": st.sampled_from(["2026-11-19", "2026-11-20", "2029-03-01", "2016-01-01", "soon"]),
    "source": st.sampled_from(["registry", "a b", "a\n", "", None]),
    "jurisdiction": st.sampled_from(["US", "US-VA", "us", "Texas\n", None]),
    "evidence": st.sampled_from(["CALL-1", "CALL-2", "Jane Doe", "", None, {"a": "b"}]),
    "phonee": st.just("x"),
}
TERMS = {name: pool for name, pool in POOLS.items() if not name.startswith("phone")}
entry = st.fixed_dictionaries({}, optional=POOLS)
usual = st.fixed_dictionaries(
    {name: POOLS[name] for name in ("phone", "reasonCode", "expirationPolicy")},
    optional={name: POOLS[name] for name in ("requestedOn", "retention", "expirationDate", "evidence")},
)
entries = st.lists(entry | usual | usual | st.sampled_from(["text", None, []]), max_size=6)
defaults = st.fixed_dictionaries({}, optional=TERMS)


def naive(document):
    """Judge every entry for itself, by the schema and by every rule."""
    found = set()
    for error in validator(SCHEMA).iter_errors(document):
        if error.absolute_path and error.absolute_path[0] == "entries":
            rule = (
                "LIST-02"
                if error.validator == "additionalProperties"
                else error.schema.get("rule", "LIST-01")
            )
            found.add((error.absolute_path[1], rule))
    for place, item in enumerate(document["entries"]):
        if not isinstance(item, dict):
            continue
        said = merged(item, document.get("defaults", {}))
        for error in validator(SCHEMA, at="/$defs/effective").iter_errors(said):
            found.add((place, error.schema.get("rule", "LIST-01")))
        found |= {(place, rule["id"]) for rule in REGULATIONS for _ in validator(rule).iter_errors(said)}
        numbers = [item.get("phone"), *(item["phones"] if isinstance(item.get("phones"), list) else [])]
        found |= {(place, "NUM-01") for text in numbers if isinstance(text, str) and why_not(text)}
    return found


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
    return read_lists([Source("a.yaml", data)], rules, as_of=AS_OF, latest=LATEST).findings


@settings(deadline=None, max_examples=250)
@given(entries, defaults)
def test_law_11(entries, defaults):
    document = {"listId": "a", "defaults": defaults, "entries": entries}
    found = {
        (int(f.path.split("/")[2]), f.rule)
        for f in grouped(document, RULES)
        if f.path.startswith("/entries/") and f.rule != "LIST-03"  # twins are no business of the schema
    }
    assert found == naive(document)


@settings(deadline=None, max_examples=100)
@given(entries, defaults)
def test_judging_every_entry_gives_the_same_findings_at_the_same_places(entries, defaults):
    document = {"listId": "a", "defaults": defaults, "entries": entries, "releases": entries}
    one_by_one = grouped(document, replace(RULES, as_packaged=False))
    assert {(f.path, f.rule) for f in grouped(document, RULES)} == {(f.path, f.rule) for f in one_by_one}


@pytest.mark.parametrize("key", ["phone", "evidence", "requestedOn", "reasonCode"])
def test_one_wrong_entry_among_many_is_found_at_its_place(rules, key):
    good = {"reasonCode": "LOCAL", "expirationPolicy": "NEVER", "requestedOn": "2026-11-02", "evidence": "A"}
    document = {"listId": "a", "entries": [{"phone": f"+1212555{n:04d}"} | good for n in range(100, 200)]}
    document["entries"][42][key] = "wrong one"
    (finding,) = grouped(document, rules)
    assert finding.path == f"/entries/42/{key}"
