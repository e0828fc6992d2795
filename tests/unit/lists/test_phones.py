"""The numbers of a file: taken block by block, and told apart without looking each up where that is sure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.entries import NumberTerms, Policy, ReasonCode, Terms
from reconciler.lists.phone_blocks import FileNumbers, NumberBlock, PhoneTexts, partition_numbers
from reconciler.rules.numbering import head_of
from reconciler.yaml_tree.nodes import ListNode

NUMBERS = [f"+1{area}555{n:04}" for area in (212, 213, 416) for n in range(100, 104)]
WORLD = [
    *NUMBERS,
    "+442079460123",
    "+442079460124",
    "+4930123456",
    "+49301234567",
    "+590590271234",
    "+590599271234",
]
TERMS = [Terms(ReasonCode.LOCAL, Policy.NEVER, None, date(2026, 1, day)) for day in (1, 2)]

texts = st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=6)
some = texts | texts.map(sorted) | texts.map(lambda many: sorted(set(many)))
blocks = st.lists(st.tuples(some, st.sampled_from([*TERMS, None])), max_size=4)


def block_of(numbers):
    node = ListNode(0, numbers, range(len(numbers)))
    block, is_wrong = partition_numbers(
        PhoneTexts(node.items, node.marks, "", is_many=True, is_text=node.is_text)
    )
    assert not is_wrong
    return block


@given(blocks)
def test_claims_are_what_a_table_of_all_numbers_says(taken):
    numbers, table, every = FileNumbers(), {}, []
    for texts_of_one, terms in taken:
        numbers.add(block_of(texts_of_one), terms)
        every += texts_of_one
        table |= dict.fromkeys(texts_of_one, terms) if terms else {}
    assert numbers.has_duplicates is (len(every) != len(set(every)))
    claimed = numbers.entries()
    assert len(claimed) == len(table)
    assert dict(claimed) == table
    assert claimed == table


@given(some, st.frozensets(st.sampled_from(NUMBERS), max_size=3), st.integers(0, 10))
def test_those_among_some_are_found_in_the_order_written(numbers, wanted, longer):
    numbers = [*numbers, *(f"+1917555{n:04}" for n in range(longer * 10))]
    assert block_of(numbers).only(wanted) == [number for number in numbers if number in wanted]


@given(st.lists(st.sampled_from(WORLD), min_size=1), st.frozensets(st.sampled_from(WORLD)), st.booleans())
def test_those_of_some_heads_are_found_in_the_order_written(numbers, some, in_order):
    block = block_of(sorted(set(numbers)) if in_order else numbers)
    heads = frozenset(map(head_of, some))
    assert list(block.of_heads(heads)) == [number for number in block.texts if head_of(number) in heads]


def test_what_is_no_number_is_left_out():
    listed = PhoneTexts(["+12125550100", None, "x"], [0, 1, 2], "", is_many=True, is_text=False)
    block, is_wrong = partition_numbers(listed)
    assert is_wrong
    assert block.texts == ["+12125550100"]
    assert not NumberBlock().texts


def test_claims_are_a_mapping():
    claimed = NumberTerms([(NUMBERS[:2], TERMS[0]), (NUMBERS[1:3], TERMS[1])], None)
    same = dict(zip(NUMBERS, (TERMS[0], TERMS[1], TERMS[1]), strict=False))
    assert claimed == same
    assert claimed == NumberTerms([([number], terms) for number, terms in same.items()], 3)
    assert claimed != dict.fromkeys(same, TERMS[0])
    assert (list(claimed), len(claimed)) == (list(same), 3)
    assert claimed.keys() & {NUMBERS[0], "x"} == {NUMBERS[0]}
    assert list(claimed.values()) == list(same.values())
    assert list(claimed.items()) == list(same.items())
    assert (NUMBERS[2] in claimed, NUMBERS[3] in claimed) == (True, False)
    assert claimed.get(NUMBERS[3]) is None
    with pytest.raises(KeyError):
        claimed[NUMBERS[3]]
