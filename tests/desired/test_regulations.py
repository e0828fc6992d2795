"""The regulations as data: their test vectors, and what a repository's own rule files may do."""

import json
from datetime import date

import pytest

from reconciler.desired.lists import Source, read_lists
from reconciler.desired.schema import _packaged, load_rules
from reconciler.model.errors import InvalidInput
from reconciler.model.finding import Severity
from tests.desired.conftest import AS_OF, LATEST


def entry(**keys):
    usual = {"phone": "+12125550101", "reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "ABSOLUTE"}
    return json.dumps({"listId": "a", "entries": [usual | keys]}, ensure_ascii=False)


def us(change):
    """Give the packaged US rules, changed."""
    content = json.loads(_packaged()["regulations/us.json"])
    change(content)
    return {"regulations/us.json": json.dumps(content).encode()}


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
    found = read(entry(requestedOn=requested, expirationDate=end)).findings
    assert [finding.rule for finding in found] == ([] if passes else ["US-FED-03"])


def test_us_fed_03_says_fact_rule_and_way_out(read):
    (finding,) = read(entry(requestedOn="2024-11-20", expirationDate="2029-11-19")).findings
    assert str(finding).endswith(
        "ends 2029-11-19; five years from the request end on 2029-11-20: "
        "use that day or later, or NEVER (47 CFR 64.1200(d)(6)) [US-FED-03]"
    )


@pytest.mark.parametrize("phone", ["+12125550101", "+442079460123", "+18005550101"])
def test_us_fed_03_holds_for_every_number(read, phone):
    text = entry(phone=phone, requestedOn="2026-01-02", expirationDate="2027-01-02")
    assert [finding.rule for finding in read(text).findings] == ["US-FED-03"]


def test_us_fed_03_wants_the_request_of_dated_terms_only(read):
    assert [f.rule for f in read(entry(expirationDate="2099-01-01")).findings] == ["US-FED-03"]
    assert read(entry(expirationPolicy="NEVER")).findings == ()


def test_a_period_that_runs_beyond_all_dates_asks_for_never(read):
    text = entry(expirationPolicy="ABSOLUTE", requestedOn="2026-01-02", expirationDate="9999-12-31")
    assert read(text).findings == ()


@pytest.mark.parametrize(
    "policy",
    [
        {"expirationDate": "2099-01-01"},
        {"expirationPolicy": "RELATIVE", "requestedOn": "2026-01-02", "retention": "P90Y"},
    ],
)
def test_us_fed_01_takes_no_date_at_all(read, policy):
    (finding,) = read(entry(reasonCode="NATIONAL", **policy)).findings
    assert finding.rule == "US-FED-01"
    assert finding.message.endswith("(policy)")


@pytest.mark.parametrize("phone", ["+1212555012\uff13", "+12125550123\n", "+1212555"])
def test_num_01(read, phone):
    found = read(entry(phone=phone, expirationPolicy="NEVER")).findings
    assert [finding.rule for finding in found] == ["NUM-01"]


def test_a_rule_holds_between_its_dates():
    text = entry(requestedOn="2020-01-02", expirationDate="2021-01-02").encode()
    rules = load_rules(
        us(lambda content: content["allOf"][1].update(effectiveFrom="2026-11-23", effectiveTo="2026-11-24"))
    )

    def found(as_of):
        return read_lists([Source("a", text)], rules, as_of=as_of, latest=LATEST).findings

    assert [bool(found(date(2026, 11, day))) for day in (22, 23, 24, 25)] == [False, True, True, False]


def test_the_packaged_rules_are_not_looser_than_themselves():
    assert load_rules({}).looser == ()
    assert load_rules(_packaged()).looser == ()
    assert load_rules(_packaged()).digest == load_rules({}).digest
    assert load_rules(_packaged()).as_packaged


def test_a_repositorys_own_rule_replaces_the_packaged_one(read):
    rules = load_rules(us(lambda content: content["allOf"][1].update(severity="warning")))
    (finding,) = read(entry(requestedOn="2026-01-02", expirationDate="2027-01-02"), rules=rules).findings
    assert finding.severity is Severity.WARNING
    assert rules.digest != load_rules({}).digest


def lower(content):
    content["allOf"][0]["severity"] = "warning"


def drop(content):
    del content["allOf"][1]


def loosen(content):
    content["allOf"][1]["then"]["allOf"][1]["minimumTerm"]["atLeast"] = "P1Y"


def end(content):
    content["allOf"][0]["effectiveTo"] = "2026-12-31"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lower, "US-FED-01 is warning in schema/regulations/us.json, and error as packaged"),
        (drop, "US-FED-03 is missing from this repository's schema/regulations/us.json"),
        (loosen, "US-FED-03 asks for something else in schema/regulations/us.json than as packaged"),
        (end, "US-FED-01 holds for a shorter time in schema/regulations/us.json than as packaged"),
    ],
)
def test_what_is_looser_is_said(change, said):
    assert load_rules(us(change)).looser == (said,)


def test_a_rule_of_ones_own_is_added_and_is_not_looser(read):
    rule = json.loads(_packaged()["regulations/us.json"])["allOf"][0] | {
        "id": "OWN-01",
        "basis": "inference",
        "confidence": "L",
        "severity": "warning",
        "says": "no evidence: add it",
        "if": True,
        "then": True,
        "required": ["evidence"],
    }
    own = {"regulations/own.json": json.dumps({"title": "Ours", "allOf": [rule]}).encode()}
    rules = load_rules(own)
    (finding,) = read(entry(expirationPolicy="NEVER"), rules=rules).findings
    assert rules.looser == ()
    assert str(finding) == "a.yaml:1:29: warning: no evidence: add it (inference; unverified) [OWN-01]"


def test_a_moved_rule_is_not_missing():
    packaged = json.loads(_packaged()["regulations/us.json"])
    moved = {"title": "Elsewhere", "allOf": [packaged["allOf"].pop(0)]}
    files = {"regulations/us.json": packaged, "regulations/elsewhere.json": moved}
    assert load_rules({name: json.dumps(content).encode() for name, content in files.items()}).looser == ()


def test_possible_is_a_rule_and_e164_is_not(read):
    content = json.loads(_packaged()["regulations/numbering.json"])
    del content["allOf"]
    rules = load_rules({"regulations/numbering.json": json.dumps(content).encode()})
    assert read(entry(phone="+1212555", expirationPolicy="NEVER"), rules=rules).findings == ()
    assert [f.rule for f in read(entry(phone="1212555", expirationPolicy="NEVER"), rules=rules).findings] == [
        "NUM-01"
    ]
    assert rules.looser == ("NUM-01 is missing from this repository's schema/regulations/numbering.json",)


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
    assert rules.looser == ("schema/dnc-list.schema.json is not the packaged one",)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("regulations/us.json", b"{"),
        ("regulations/us.json", b"\xff"),
        ("regulations/us.json", b"[]"),
        ("regulations/us.json", b"{}"),
        ("regulations/us.json", b'{"title": "a", "allOf": [{"id": "US-FED-01"}]}'),
        ("regulations/twice.json", _packaged()["regulations/us.json"]),
        ("regulations/us.json", us(lambda c: c["allOf"][0].update(confidence="L"))["regulations/us.json"]),
        ("regulations/us.json", us(lambda c: c["allOf"][0].update(then={"type": 1}))["regulations/us.json"]),
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
    assert caught.value.where == f"schema/{name}" or name == "regulations/twice.json"
    assert caught.value.way_out


def test_files_that_are_no_json_are_none_of_the_rules():
    assert load_rules({"README.md": b"hello"}).digest == load_rules({}).digest


def test_every_rule_has_its_basis_and_review(rules):
    for rule in rules.regulations:
        assert rule.in_force(AS_OF)
        assert rule.citation or rule.basis != "law"
