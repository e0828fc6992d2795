"""The README is short enough for a stranger, and its picture is there."""

import re

from tests.docs.pages import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_read_in_five_minutes():
    assert 6_000 <= len(TEXT) <= 7_000


def test_the_first_screen_says_what_for_whom_why_and_shows_it():
    first = TEXT.partition("\n## ")[0]
    assert len(first) < 1_700
    for part in ("NICE CXone", "compliance teams", "Terraform", "](docs/demo.svg)"):
        assert part in first


def test_the_limits_are_told_once():
    """Below one heading, and complete: what was never run, whose specification, what no list stops."""
    before, heading, below = TEXT.partition("## Status and limits\n")
    limits = below.partition("\n## ")[0]
    told = ("real CXone tenant", "customer-supplied specification", "legal advice", "dial by hand")
    assert heading
    assert [part for part in told if part not in limits] == []
    assert not re.search("|".join(told), before + below[len(limits) :])
