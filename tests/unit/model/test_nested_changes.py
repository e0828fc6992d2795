"""What differs between nested values, key by key."""

import pytest

from reconciler.core.model.nested_changes import MISSING, nested_changes


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({"a": {"b": 1}}, {"a": {"b": 1}}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, [("a.b", 1, MISSING), ("a.c", MISSING, 1)]),
        ({"a": True}, {"a": 1}, [("a", True, 1)]),
        ({"a": None}, {"a": "2027-01-01"}, [("a", None, "2027-01-01")]),
        ({"a": None}, {}, [("a", None, MISSING)]),
        ({"a": "1"}, {"a": {"b": "1"}}, [("a", "1", {"b": "1"})]),
        ({"l": ["x", "y"]}, {"l": ["z", "x", "y"]}, [("l", MISSING, "z")]),
        ({"l": ["x", "y"]}, {"l": ["y", "x"]}, [("l[0]", "x", "y"), ("l[1]", "y", "x")]),
        ({"l": [{"a": 1}]}, {"l": [{"a": 2}]}, [("l[0].a", 1, 2)]),
        ({"l": ["x"]}, {}, [("l", ["x"], MISSING)]),
        ({"m": {"Test dialer": "T", "list.1": 2}}, {"m": {}}, [
            ('m["Test dialer"]', "T", MISSING), ('m["list.1"]', 2, MISSING),
        ]),
        ({"l": list(range(300))}, {"l": list(range(301))}, [("l", "300 items", "301 other items")]),
        (None, {"a": 1}, [("", None, {"a": 1})]),
    ],
)  # fmt: skip
def test_each_key_that_differs_is_told_once(before, after, expected):
    assert [(c.key, c.before, c.after) for c in nested_changes(before, after)] == expected


def test_what_is_equal_beside_it_is_not_compared():
    big = {str(n): {"a": n} for n in range(20_000)}
    (change,) = nested_changes({"big": big, "x": 1}, {"big": dict(big), "x": 2})
    assert (change.path, change.before, change.after) == (("x",), 1, 2)
