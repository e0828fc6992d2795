"""Every example file has exactly the findings that stand beside it: adding a case is adding a file."""

from datetime import date
from pathlib import Path

import pytest

from reconciler.lists.reader import Source, read_lists
from tests.unit.lists.catalogue import CATALOGUE

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "tests" / "examples"


def findings_of(path, rules):
    def examples(_):
        return path.stem != "num-07"

    source = Source(path.name, path.read_bytes())
    day = date(2026, 11, 23)
    return read_lists([source], rules, as_of=day, latest=date(2026, 11, 24), is_example=examples).findings


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid").glob("*.yaml")), ids=lambda p: p.stem)
def test_an_invalid_example_has_its_findings(path, rules):
    expected = path.with_suffix(".expected").read_text().splitlines()
    found = findings_of(path, rules)
    assert expected
    assert [f"{f.line}:{f.column} {f.rule}" for f in found] == expected
    for finding in found:
        assert finding.rule in CATALOGUE or rules.by_id(finding.rule)
        assert "5550" not in finding.message.replace(" ", "")


@pytest.mark.parametrize(
    "path",
    sorted((EXAMPLES / "valid").glob("*.yaml")) + sorted((ROOT / "dnc-lists").rglob("*.yaml")),
    ids=lambda p: p.stem,
)
def test_a_valid_example_has_none(path, rules):
    assert findings_of(path, rules) == ()


def test_every_rule_of_lists_has_an_example(rules):
    expected = [path.read_text().splitlines() for path in (EXAMPLES / "invalid").glob("*.expected")]
    shown = {line.split()[1] for lines in expected for line in lines}
    judged = {
        rule.id for rule in rules.regulations if rule.finding_severity and not rule.condition.sets_clock
    }
    wanted = {rule for rule in CATALOGUE if not rule.startswith("CONF")} | judged
    # About the place of a file, about the rules themselves, about more numbers, more files or a later day
    # than here, and about what the files had before.
    beyond = {"LIST-05", "SCHEMA-01", "SCHEMA-02", "OPS-REG-01", "US-REV-04", "HOLD-01", "LIST-09", "LIST-10"}
    assert wanted - shown == beyond
