"""Whatever a file holds: claims or findings, or one error with a way out. Never anything else.

script/fuzz runs it for longer: DNC_FUZZ is how many examples of each kind.
"""

import os
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.config.configuration import read_configuration
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Severity
from reconciler.core.model.phone import is_e164
from reconciler.lists.edit.canonical import canonical_list
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import load_rules
from tests.fuzz import files

AS_OF, LATEST = date(2026, 11, 23), date(2026, 11, 24)
RULES = load_rules({})
EXAMPLES = int(os.environ.get("DNC_FUZZ", "150"))
fuzzed = settings(
    max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)


def read(data: bytes, rules=RULES):
    lists = read_lists([Source("a.yaml", data)], rules, as_of=AS_OF, latest=LATEST, is_example=lambda _: True)
    for finding in lists.findings:
        assert finding.file == "a.yaml"
        assert (
            0
            <= finding.line
            <= data.count(b"\n") + data.count(b"\r") + data.count(b"\xc2\x85") + (data.count(b"\xe2\x80") + 2)
        )
        assert finding.message
        assert finding.rule
        assert "\n" not in str(finding)
        str(finding).encode()
    for file in lists.declared_entries.files:
        assert all(is_e164(phone) for phone in file.numbers)
    return lists


def attempt(call, *arguments):
    """Give what the call gives, or the one error that it may raise."""
    try:
        return call(*arguments)
    except InvalidInput as error:
        return error


def errors(lists) -> bool:
    return any(finding.severity is Severity.ERROR for finding in lists.findings)


@fuzzed
@given(files.lists)
def test_a_list_is_claims_or_findings(data):
    lists = read(data)
    assert errors(lists) or lists.declared_entries.list_ids or b"holds" in data


@fuzzed
@given(files.lists)
def test_what_is_put_in_order_says_the_same(data):
    before = read(data)
    if errors(before):
        return
    try:
        ordered = canonical_list("a.yaml", data)
    except InvalidInput:
        return
    after = read(ordered)
    assert not errors(after)
    assert [(f.list_id, dict(f.numbers)) for f in after.declared_entries.files] == [
        (f.list_id, dict(f.numbers)) for f in before.declared_entries.files
    ]
    assert canonical_list("a.yaml", ordered) == ordered


@fuzzed
@given(files.configurations)
def test_a_configuration_is_one_or_an_error_with_findings(data):
    found = attempt(read_configuration, "dnc.yaml", data, RULES)
    if isinstance(found, InvalidInput):
        assert found.findings
        assert all(finding.file == "dnc.yaml" for finding in found.findings)
    else:
        assert found.default_tenant in found.tenants


@settings(fuzzed, max_examples=max(10, EXAMPLES // 10))
@given(files.rule_files())
def test_a_rule_file_is_one_or_an_error_that_names_it(drawn):
    name, data = drawn
    rules = attempt(load_rules, {name: data})
    if isinstance(rules, InvalidInput):
        assert f"schema/{name}" in str(rules)
        return
    for valid in files.VALID:
        read(valid, rules)


@pytest.mark.parametrize("data", files.VALID)
def test_what_is_damaged_was_whole(data):
    assert not errors(read(data))
