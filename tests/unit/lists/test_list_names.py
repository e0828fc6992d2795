"""What is taken for a typing error of a list's name, and what is a neighbour."""

import pytest

from reconciler.lists.list_names import is_lookalike, list_id_of, nearest_name

ALIKE = [
    ("customers", "custmers"),
    ("customers", "customer"),
    ("customers", "Customers"),
    ("customers", "cusotmers"),
    ("customers", "custoners"),
    ("dnc-list-01", "DNC-LIST-01"),
    ("dnc-list-01", "dnc-lst-01"),
    ("dnc-list-01", "dnc-list-1"),
    ("dnc-list-01", "dnc_list_01"),
    ("dnc-list-01", "dnclist01"),
    ("dnc-list", "dnc-lists"),
]
NEIGHBOURS = [
    ("dnc-list-01", "dnc-list-02"),
    ("dnc-list-1", "dnc-list-11"),
    ("dnc-list-1-1", "dnc-list-11"),
    ("customers", "customers-2"),
    ("dnc-us", "dnc-uk"),
    ("vendor-a", "vendor-b"),
    ("sms", "mms"),
    ("voice", "sms"),
    ("company", "customers"),
    ("2025", "2026"),
    ("a", "a"),
]


@pytest.mark.parametrize(("name", "other"), ALIKE)
def test_a_typing_error_is_taken_for_one(name, other):
    assert is_lookalike(name, other)
    assert is_lookalike(other, name)
    assert nearest_name(other, ["voice", name]) == name


@pytest.mark.parametrize(("name", "other"), NEIGHBOURS)
def test_neighbours_are_none(name, other):
    assert not is_lookalike(name, other)
    assert not is_lookalike(other, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("listId: a-1\nentries: []\n", "a-1"),
        ("# x\n'listId' : \"a.b\"  # c\n", "a.b"),
        ("\ufeffdescription: x\nlistId: b\n", "b"),
        ('{\n "entries": [],\n "listId": "c"\n}', "c"),
        ("{listId: d, entries: []}", "d"),
        ("holds:\n  - {matter: M, listId: e}\n  - matter: N\n    listId: f\n", ""),
        ("listId:\n", ""),
    ],
)
def test_the_name_of_a_file_is_found_without_parsing_it(text, name):
    assert list_id_of(text.encode()) == name
