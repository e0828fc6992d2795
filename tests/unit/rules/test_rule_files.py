"""Rule files: what a repository's own may do, and what is no rule file."""

import json
from datetime import date

import pytest

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Severity
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import _packaged, load_rules
from tests.unit.conftest import LATEST, entry, us


def test_a_rule_holds_between_its_dates():
    text = entry(requestedOn="2020-01-02", expirationDate="2021-01-02", evidence="A").encode()
    rules = load_rules(us("US-FED-03", effectiveFrom="2026-11-23", effectiveTo="2026-11-24"))

    def found(as_of):
        read = read_lists([Source("a", text)], rules, as_of=as_of, latest=LATEST)
        return [f for f in read.findings if f.rule == "US-FED-03"]

    assert [bool(found(date(2026, 11, day))) for day in (22, 23, 24, 25)] == [False, True, True, False]


def test_the_packaged_rules_are_not_looser_than_themselves():
    assert load_rules({}).looser_rules == ()
    assert load_rules(_packaged()).looser_rules == ()
    assert load_rules(_packaged()).digest == load_rules({}).digest
    assert load_rules(_packaged()).is_packaged


def test_a_repositorys_own_rule_replaces_the_packaged_one(read):
    rules = load_rules(us("US-FED-03", severity="warning"))
    text = entry(requestedOn="2026-01-02", expirationDate="2027-01-02")
    (finding,) = [f for f in read(text, rules=rules).findings if f.rule == "US-FED-03"]
    assert finding.severity is Severity.WARNING
    assert rules.digest != load_rules({}).digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"severity": "warning"},
            "US-FED-03 is warning in schema/regulations/us.json, and error as packaged",
        ),
        ({"then": True}, "US-FED-03 asks for something else in schema/regulations/us.json than as packaged"),
        (
            {"jurisdiction": "US-VA"},
            "US-FED-03 asks for something else in schema/regulations/us.json than as packaged",
        ),
        (
            {"effectiveTo": "2026-12-31"},
            "US-FED-03 holds for a shorter time in schema/regulations/us.json than as packaged",
        ),
    ],
)
def test_what_is_looser_is_said(change, said):
    assert load_rules(us("US-FED-03", **change)).looser_rules == (said,)


def test_a_rule_that_is_left_out_is_said():
    rules = load_rules({"regulations/us-va.json": b'{"title": "Virginia"}'})
    assert rules.looser_rules == ("US-VA-01 is missing from this repository's schema/regulations/us-va.json",)


OWN = {
    "id": "OWN-01",
    "jurisdiction": None,
    "statement": "An entry has evidence.",
    "meaning": "We want to know.",
    "basis": "inference",
    "severity": "warning",
    "effectiveFrom": "2026-01-01",
    "confidence": "L",
    "unverified": True,
    "adoptedBy": "Counsel",
    "adoptedOn": "2026-11-23",
    "reviewDue": "2027-11-23",
    "example": {"passes": {"evidence": "A"}, "fails": {}},
    "says": "no evidence: add it",
}


def own(**keys):
    rule = {key: value for key, value in (OWN | keys).items() if value is not ...}
    return {"regulations/own.json": json.dumps({"title": "Ours", "allOf": [rule]}).encode()}


def test_a_rule_of_ones_own_is_added_and_is_not_looser(read):
    rules = load_rules(own(required=["evidence"]))
    (finding,) = read(entry(reasonCode="LOCAL", expirationPolicy="NEVER"), rules=rules).findings
    assert rules.looser_rules == ()
    assert str(finding) == "a.yaml:1:29: warning: no evidence: add it (inference, unverified) [OWN-01]"


def test_a_rule_of_ones_own_may_look_at_evidence_and_numbers(read):
    rules = load_rules(own(properties={"evidence": {"pattern": "^CALL-"}, "phone": {"pattern": "^[+]1212"}}))
    entries = [
        {"phone": "+12125550101", "evidence": "CALL-1"},
        {"phone": "+12125550102", "evidence": "MAIL-1"},
        {"phones": ["+12125550103", "+13125550104", "+13125550105"], "evidence": "CALL-1"},
    ]
    defaults = {"reasonCode": "LOCAL", "expirationPolicy": "NEVER"}
    text = json.dumps({"listId": "a", "defaults": defaults, "entries": entries})
    found = read(text, rules=rules).findings
    assert [f.path for f in found] == ["/entries/1/evidence", "/entries/2/phones"]
    assert "(2 of 3 numbers, the first in line 1)" in found[1].message


def test_a_moved_rule_is_not_missing():
    packaged = json.loads(_packaged()["regulations/us.json"])
    moved = {"title": "Elsewhere", "allOf": [packaged["allOf"].pop(0)]}
    files = {"regulations/us.json": packaged, "regulations/elsewhere.json": moved}
    assert (
        load_rules({name: json.dumps(content).encode() for name, content in files.items()}).looser_rules == ()
    )


def test_possible_is_a_rule_and_e164_is_not(read):
    content = json.loads(_packaged()["regulations/numbering.json"])
    del content["allOf"]
    rules = load_rules({"regulations/numbering.json": json.dumps(content).encode()})
    local = {"reasonCode": "LOCAL", "expirationPolicy": "NEVER"}
    assert read(entry(phone="+1212555", **local), rules=rules).findings == ()
    assert [f.rule for f in read(entry(phone="1212555", **local), rules=rules).findings] == ["NUM-01"]
    assert (
        rules.looser_rules[0] == "NUM-01 is missing from this repository's schema/regulations/numbering.json"
    )


def test_a_list_schema_of_ones_own_holds_for_every_entry(read):
    content = json.loads(_packaged()["dnc-list.schema.json"])
    content["$defs"]["entry"]["properties"]["evidence"] = {
        "pattern": "^CALL-[0-9]+$",
        "says": "no call: name one",
    }
    rules = load_rules({"dnc-list.schema.json": json.dumps(content).encode()})
    entries = [
        {
            "phone": f"+1212555010{n}",
            "reasonCode": "LOCAL",
            "expirationPolicy": "NEVER",
            "evidence": f"{kind}-{n}",
        }
        for n, kind in enumerate(["CALL", "MAIL", "CALL"])
    ]
    found = read(json.dumps({"listId": "a", "entries": entries}), rules=rules).findings
    assert [(f.path, f.message) for f in found] == [("/entries/1/evidence", "no call: name one")]
    assert rules.looser_rules == ("schema/dnc-list.schema.json is not the packaged one",)


WRONG = [
    {"id": "own-1"},
    {"id": "NUM-01"},
    {"jurisdiction": "Virginia"},
    {"jurisdiction": []},
    {"scope": "number"},
    {"byAreaCode": ["1212"]},
    {"meaning": ...},
    {"basis": "law"},
    {"severity": "fatal"},
    {"effectiveTo": "never"},
    {"unverified": ...},
    {"confidence": "H"},
    {"adoptedBy": ""},
    {"reviewDue": "2027-02-30"},
    {"example": ...},
    {"example": {"passes": {}}},
    {"minimumTrem": {}},
    {"then": {"minimumTrem": {}}},
    {"then": {"allOf": [{"properties": {"end": {"minimumTrem": 1}}}]}},
    {"minimumTerm": {"from": "requestedOn", "to": "end", "atLeast": "five years"}},
    {"honourWithin": {"from": "requestedOn", "target": {"businessDays": 0}, "ceiling": {"days": 10}}},
    {"freshness": {"at": "retrievedAt", "alarmFrom": "P24D", "limits": {}}},
    {"outsideRange": {"code": "1", "from": "a", "to": "b"}},
    {"sameCountry": ["jurisdiction"]},
    {"required": ["evidence"], "then": {"severity": "error"}},
]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("regulations/us.json", b"{"),
        ("regulations/us.json", b"\xff"),
        ("regulations/us.json", b"[]"),
        ("regulations/us.json", b"{}"),
        ("regulations/us.json", b'{"title": "a", "allOf": [{"id": "US-FED-01"}]}'),
        ("regulations/twice.json", _packaged()["regulations/us.json"]),
        ("regulations/us.json", us("US-FED-01", confidence="L", unverified=True)["regulations/us.json"]),
        ("regulations/us.json", us("US-FED-01", then={"type": 1})["regulations/us.json"]),
        *(("regulations/own.json", own(**change)["regulations/own.json"]) for change in WRONG),
        ("dnc-list.schema.json", b'{"type": "nonsense"}'),
        ("dnc-list.schema.json", b'{"$defs": {"effective": {"pattern": "("}}}'),
        ("dnc-list.schema.json", b'{"$ref": "https://example.org/x"}'),
        ("dnc-list.schema.json", b'{"$ref": "#"}'),
        ("dnc-list.schema.json", b'{"$ref": "#/$defs/none"}'),
        ("dnc-list.schema.json", b'{"type": "object"}'),
        ("dnc.schema.json", b'{"properties": 1}'),
        ("dnc-list.schema.json", b"[" * 100_000),
    ],
)
def test_a_file_that_is_no_rule_file_is_named(name, data):
    with pytest.raises(InvalidInput) as caught:
        load_rules({name: data})
    assert caught.value.where.startswith("schema/")
    assert caught.value.fix


def test_files_that_are_no_json_are_none_of_the_rules():
    assert load_rules({"README.md": b"hello"}).digest == load_rules({}).digest
