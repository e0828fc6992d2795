"""Writing a list and reading it again gives the same claims."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model.entries import Policy, ReasonCode, Release, ReleaseReason, Terms
from reconciler.core.model.finding import Severity
from reconciler.lists.edit.canonical import write_list, write_quoted, write_retention, write_scalar
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.periods import Period, parse_period
from tests.unit.conftest import AS_OF, LATEST, RULES

days = st.dates(date(2003, 10, 1), AS_OF)  # GEN-03: before it no request can be
phones = st.integers(0, 99).map(lambda n: f"+121255501{n:02d}")
references = st.text("AZaz09._:/-", min_size=1, max_size=8) | st.sampled_from(
    ["yes", "null", "0x1", "1e3", "-"]
)


@st.composite
def terms(draw):
    policy = draw(st.sampled_from(Policy))
    reason = draw(st.sampled_from([r for r in ReasonCode if policy is Policy.NEVER or r != "NATIONAL"]))
    requested = draw(days if policy is Policy.RELATIVE else st.none() | days)
    if reason == "CUSTOMER_REQUESTED" and policy is not Policy.NEVER:
        requested = requested or draw(days)
    end = None
    if policy is not Policy.NEVER:
        # Ten years: what the strictest rule asks for.
        least = Period(10, 0, 0).after(requested) if requested else date(2003, 10, 1)
        end = draw(st.dates(least, date(9999, 12, 31)))
    source = draw(st.just("dnc") | references)
    return Terms(reason, policy, end, requested, source, draw(st.sampled_from([None, "US", "US-VA"])))


@st.composite
def releases(draw):
    reason = draw(st.sampled_from(ReleaseReason))
    to = "other" if reason is ReleaseReason.MOVED else None
    return Release("dnc-list-01", draw(phones), draw(days), reason, draw(references), to)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(phones, terms(), max_size=8),
    st.dictionaries(phones, references, max_size=8),
    st.sets(releases(), max_size=4),
    # Neither addresses nor numbers: a rule refuses those in a description.
    st.text(st.characters(exclude_categories=("Cs", "Nd"), exclude_characters="\0@"), max_size=20),
)
def test_a_written_list_is_read_as_the_same_entries(numbers, evidence, releases, description):
    text = write_list("dnc-list-01", numbers, evidence=evidence, releases=releases, description=description)
    source = Source("a.yaml", text.encode())
    read = read_lists([source], RULES, as_of=AS_OF, latest=LATEST)
    assert [f for f in read.findings if f.severity is Severity.ERROR] == []
    assert dict(read.declared_entries.files[0].numbers if read.declared_entries.files else {}) == numbers
    assert {release for found in read.declared_entries.releases.values() for release in found} == releases
    claims = read.declared_entries
    again = write_list(
        "dnc-list-01",
        claims.files[0].numbers if claims.files else {},
        evidence=evidence,
        releases=[release for found in claims.releases.values() for release in found],
        description=description,
    )
    assert again == text


def test_the_form_is_the_one_of_the_examples():
    never = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER, None, date(2026, 11, 2), "compliance-db")
    five = Terms(ReasonCode.LOCAL, Policy.RELATIVE, date(2029, 3, 1), date(2024, 2, 29), jurisdiction="US-VA")
    release = Release("a", "+12125550199", date(2026, 11, 20), ReleaseReason.MOVED, "FORM-221", "b")
    numbers = {"+12125550103": five, "+12125550102": never, "+12125550101": never}
    assert write_list("a", numbers, evidence={"+12125550103": "0815"}, releases=[release]) == (
        "# yaml-language-server: $schema=../schema/dnc-list.schema.json\n"
        "listId: a\n"
        "entries:\n"
        "  - reasonCode: CUSTOMER_REQUESTED\n"
        "    expirationPolicy: NEVER\n"
        "    source: compliance-db\n"
        "    requestedOn: 2026-11-02\n"
        "    phones:\n"
        '      - "+12125550101"\n'
        '      - "+12125550102"\n'
        '  - phone: "+12125550103"\n'
        "    reasonCode: LOCAL\n"
        "    expirationPolicy: RELATIVE\n"
        "    jurisdiction: US-VA\n"
        "    requestedOn: 2024-02-29\n"
        "    retention: P5Y\n"
        '    evidence: "0815"\n'
        "releases:\n"
        '  - phone: "+12125550199"\n'
        "    releasedOn: 2026-11-20\n"
        "    reason: MOVED\n"
        "    to: b\n"
        "    evidence: FORM-221\n"
    )


def test_an_empty_list_is_a_list():
    assert write_list("a", {}, schema_folder="../../../schema/") == (
        "# yaml-language-server: $schema=../../../schema/dnc-list.schema.json\nlistId: a\nentries: []\n"
    )


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        (date(2024, 2, 29), date(2029, 3, 1), "P5Y"),
        (date(2024, 1, 31), date(2024, 3, 1), "P1M"),
        (date(2026, 1, 2), date(2027, 7, 2), "P18M"),
        (date(2026, 1, 2), date(2026, 1, 9), "P7D"),
        (date(2026, 1, 2), date(2026, 1, 2), "P0D"),
    ],
)
def test_a_period_is_written_in_the_largest_unit_that_leads_there(start, end, written):
    assert write_retention(start, end) == written


@given(days, st.integers(0, 40_000))
def test_a_written_period_leads_to_its_end(start, length):
    end = start + timedelta(days=length)
    assert parse_period(write_retention(start, end)).after(start) == end


def test_only_text_that_nobody_mistakes_is_plain():
    assert [write_scalar(text) for text in ("CALL-8831", "no", "8831", "-", "a:b", "")] == [
        "CALL-8831",
        '"no"',
        '"8831"',
        '"-"',
        '"a:b"',
        '""',
    ]
    assert write_quoted('a"\\\n\u2028') == '"a\\"\\\\\\n\\U00002028"'
