"""A jurisdiction or a region is a code of ISO 3166, wherever one is written; else the law's rules are off."""

import json

import pytest

from tests.support.project import ROOT, entry

ADD = ("--list", "dnc-list-01", "--reason", "LOCAL", "--policy", "NEVER")
TERMS = "reasonCode: LOCAL, expirationPolicy: NEVER"
WRONG = [
    ("UK", "did you mean GB?"),
    ("uk", "did you mean GB?"),
    ("gb", "did you mean GB?"),
    ("USA", "did you mean US?"),
    ("us-tx", "did you mean US-TX?"),
    ("US_TX", "did you mean US-TX?"),
    ("TX", "did you mean US-TX?"),
    ("US-TEX", "did you mean US-TX?"),
    ("UK-ENG", "did you mean GB-ENG?"),
    ("CA-QUE", "did you mean CA"),
    ("EU", "write one such as US, US-VA or GB"),
    ("XX", "write one such as US, US-VA or GB"),
]
GOOD = ["GB", "US", "US-VA", "CA-ON", "DE-BY", "GB-ENG", "AQ"]


@pytest.mark.parametrize(("code", "said"), WRONG)
def test_a_file_that_states_none_is_refused_with_the_one_that_is_meant(folder, code, said):
    folder.entries("a", f'  - {{phone: "+12125550123", {TERMS}, jurisdiction: {code}}}\n')
    done = folder.dnc("validate")
    assert done.code == 4
    assert "dnc-lists/a.yaml:4:" in done.out
    assert f"{code} is no ISO 3166 code, so no rule would hold by it: {said}" in done.out


@pytest.mark.parametrize("code", GOOD)
def test_a_code_that_there_is_is_none_of_its_business(folder, code):
    folder.entries("a", f'  - {{phone: "+12125550123", {TERMS}, jurisdiction: {code}}}\n')
    done = folder.dnc("validate")
    assert (done.code, "ISO 3166" in done.out) == (0, False)


def test_the_defaults_of_a_file_are_looked_at_too(folder):
    folder.write(
        "dnc-lists/a.yaml",
        f"listId: dnc-list-01\ndefaults: {{{TERMS}, jurisdiction: UK}}\n"
        'entries: [{phone: "+12125550123"}]\n',
    )
    done = folder.dnc("validate")
    assert done.code == 4
    assert "did you mean GB?" in done.out


def test_a_code_that_is_none_does_not_switch_the_law_off(folder):
    text = (
        '  - {phone: "+442079460018", reasonCode: CUSTOMER_REQUESTED, evidence: X,'
        " expirationPolicy: RELATIVE, retention: P6M, requestedOn: 2026-11-01, jurisdiction: UK}\n"
    )
    folder.entries("a", text)
    told = folder.dnc("validate").out
    assert "[GEN-04]" in told
    assert "[GB-02, PECR 2003 reg. 21(1)(a)]" in told


@pytest.mark.parametrize(("code", "said"), WRONG)
def test_nothing_is_added_under_one(folder, code, said):
    before = folder.files()
    done = folder.dnc("add", "2125550124", *ADD, "--jurisdiction", code)
    assert done.code == 4
    assert f"jurisdiction: {code} is no ISO 3166 code" in done.err
    assert said in done.err
    assert folder.files() == before


def test_rows_with_one_are_refused_and_the_others_go_in(folder):
    folder.write("n.csv", "phone,jurisdiction\n2125550101,UK\n2125550102,US-NY\n2125550103,us\n")
    done = folder.dnc("import", "n.csv", *ADD)
    assert done.code == 8
    rejects = folder.read("n.csv.rejects.csv")
    assert (
        '2,"jurisdiction: UK is no ISO 3166 code, so no rule would hold by it: did you mean GB? (' in rejects
    )
    assert (
        '4,"jurisdiction: us is no ISO 3166 code, so no rule would hold by it: did you mean US? [' in rejects
    )
    assert "+12125550102" in "".join(text.decode() for text in folder.files().values())
    assert "+12125550101" not in "".join(text.decode() for text in folder.files().values())


@pytest.mark.parametrize("code", ["UK", "gb", "EU", "USA", "US-TX"])
@pytest.mark.parametrize("command", ["validate", "plan", "doctor", "status"])
def test_a_tenants_region_is_a_country(folder, code, command):
    folder.write(
        "dnc.yaml",
        f"defaultTenant: toy\ntenants:\n  toy: {{dialect: entries, embedded: true, region: {code}}}\n",
    )
    done = folder.dnc(command)
    assert done.code == 4
    assert "dnc.yaml:3:" in done.out + done.err
    assert f"{code} is no ISO 3166 code of a country" in done.out + done.err


def test_a_profiles_jurisdiction_is_looked_at_too(folder):
    text = folder.read("dnc.yaml") + "imports:\n  vendor: {defaults: {jurisdiction: UK}}\n"
    folder.write("dnc.yaml", text)
    done = folder.dnc("validate")
    assert done.code == 4
    assert "dnc.yaml:5:" in done.out
    assert "imports.vendor.defaults.jurisdiction: UK is no ISO 3166 code" in done.out
    assert "did you mean GB?" in done.out


def test_a_rule_for_one_would_hold_for_nobody(folder):
    rule = {
        "id": "OUR-01",
        "jurisdiction": "UK",
        "statement": "S.",
        "meaning": "M.",
        "basis": "policy",
        "severity": "guidance",
        "effectiveFrom": "2026-01-01",
        "confidence": "H",
        "adoptedBy": "us",
        "adoptedOn": "2026-11-23",
        "reviewDue": "2027-11-23",
    }
    folder.write("schema/regulations/ours.json", json.dumps({"title": "Ours", "allOf": [rule]}))
    done = folder.dnc("validate")
    assert done.code == 4
    assert "schema/regulations/ours.json: this is no rule file, at allOf/0/jurisdiction: UK is no" in done.out
    assert "did you mean GB?" in done.out


def test_what_was_applied_before_stays_and_is_an_alarm(project):
    """The code was taken before there was this rule: nobody loses protection by it."""
    project.write("schema/regulations/general.json", without_rule("GEN-04"))
    project.list(entry("+12125550101", reason="LOCAL", jurisdiction="UK"))
    project.apply()
    (project.folder / "schema/regulations/general.json").unlink()
    project.commit()
    validated = project.run("validate")
    assert validated.code == 0
    assert "alarm: UK is no ISO 3166 code, so no rule would hold by it: did you mean GB?" in validated.out
    project.apply()


def without_rule(rule: str) -> str:
    content = json.loads((ROOT / "schema/regulations/general.json").read_text())
    return json.dumps(content | {"allOf": [one for one in content["allOf"] if one["id"] != rule]})
