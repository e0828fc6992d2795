"""Lines that go and come back, in files of every form: nothing else is said of any other number."""

from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.core.model.entries import Release, ReleaseReason
from reconciler.lists.edit.canonical import canonical_list
from reconciler.lists.edit.changes import restore_lines, with_releases, without_numbers
from tests.unit.list_edit.drawn import PHONES, drawn
from tests.unit.list_edit.test_canonical import claims, comments

SEEDS = st.integers(0, 2**32)


def others(data, gone):
    """Give the comments that name none of the numbers that go, as every comment at a number does."""
    return {text: n for text, n in comments(data).items() if not any(phone in text for phone in gone)}


@settings(deadline=None, max_examples=200)
@given(SEEDS, st.integers(1, 14))
@example(3, 14)
def test_what_goes_takes_nothing_with_it(seed, count):
    data = drawn(seed)
    numbers, releases = claims(data)
    gone = sorted(numbers)[:count]
    written = without_numbers("a.yaml", data, gone)
    left, same = claims(written)
    assert left == {number: terms for number, terms in numbers.items() if number not in gone}
    assert same == releases
    before, after = others(data, gone), others(written, gone)
    # A comment of a whole block goes with its last number; no other does.
    assert {text for text in before if text not in after} <= {"# these"}
    assert all(after[text] <= before[text] for text in after)


@settings(deadline=None, max_examples=200)
@given(SEEDS, st.integers(1, 14))
def test_what_comes_back_says_what_it_said(seed, count):
    data = canonical_list("a.yaml", drawn(seed))
    numbers, _ = claims(data)
    gone = sorted(numbers)[:count]
    back = restore_lines("a.yaml", without_numbers("a.yaml", data, gone), data, gone)
    assert claims(back) == claims(data)
    assert set(comments(back)) == set(comments(data))
    assert canonical_list("a.yaml", canonical_list("a.yaml", back)) == canonical_list("a.yaml", back)


@settings(deadline=None, max_examples=100)
@given(SEEDS, st.integers(1, 3))
def test_a_release_changes_no_other_line(seed, count):
    data = drawn(seed)
    numbers, releases = claims(data)
    free = [phone for phone in PHONES if ("dnc-list-01", phone) not in releases][:count]
    new = [
        Release("dnc-list-01", phone, date(2026, 11, 20), ReleaseReason.CONSENT_GIVEN, "FORM-9")
        for phone in free
    ]
    written = with_releases("a.yaml", data, new)
    same, found = claims(written)
    assert same == numbers
    assert {key: n for key, n in found.items() if key[1] not in free} == releases
    assert {key[1] for key in found} == {key[1] for key in releases} | set(free)
    assert comments(written) == comments(data)
