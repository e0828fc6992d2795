"""The page for compliance people says what the rules say."""

import json
from pathlib import Path

import pytest

from reconciler.rules import keywords
from reconciler.rules.rule_set import _shipped
from tests.unit.conftest import RULES

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
META = _shipped()["regulation.schema.json"]["$defs"]


@pytest.mark.parametrize("rule", RULES.regulations, ids=lambda rule: rule.id)
def test_every_rule_is_explained_as_it_says_itself(rule):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{rule.id}` |")]
    _, _, whose, severity, words, basis, _ = (cell.strip() for cell in row.split("|"))
    assert all(code in whose for code in rule.jurisdictions) or whose == "everywhere"
    assert severity == rule.severity + ", unverified" * rule.unverified
    assert words == f"{rule.statement} {rule.meaning}"
    assert basis == (rule.citation if rule.basis == "law" else rule.basis)


def test_every_key_of_a_rule_is_explained():
    keys = META["rule"]["properties"].keys() - {"says", "description", "$comment"}
    assert [key for key in keys if f"`{key}`" not in PAGE] == []


def test_every_keyword_of_our_own_is_known_and_explained():
    added = keywords._Extended.VALIDATORS.keys() - keywords.Draft202012Validator.VALIDATORS.keys()
    assert len(added) == 8
    assert added <= set(META["keyword"]["enum"])
    assert [key for key in added if f"`{key}`" not in PAGE] == []


def test_every_rule_file_uses_known_keywords_only():
    known = set(META["keyword"]["enum"]) | META["rule"]["properties"].keys()
    for rule in RULES.regulations:
        assert json.dumps(rule.condition.schema)
        assert rule.condition.schema.keys() <= known
