import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable, InvalidInput
from reconciler.core.model.live import LiveEntry, UnreadableEntry
from reconciler.cxone.entries.calls import Refusals, page_request
from reconciler.cxone.entries.dialect import EntriesDialect
from reconciler.cxone.entries.page import judge_page
from reconciler.cxone.http.messages import Response, RetryableFailure
from reconciler.cxone.names import ListNames
from reconciler.cxone.read_pass import Page, ReadPass, later_time
from tests.unit.cxone.standin import entry

REFUSALS = Refusals("acme", "acme.test")
NEVER = ProjectedTerms("NATIONAL", "NEVER")


def judge(body: object, status: int = 200, number: int = 1) -> Page | RetryableFailure:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge_page(Response(status, {}, content), page_request(number), number, REFUSALS)


def decoded(entries: list[dict[str, object]], total: int | None = None) -> Page:
    found = judge({"entity": entries, "page": 1, "total": len(entries) if total is None else total})
    assert isinstance(found, Page)
    return found


def look(*pages: Page, wanted: dict[str, str] | None = None) -> ReadPass:
    found = ReadPass({"dnc-1": "dnc-1"} if wanted is None else wanted, EntriesDialect().strength)
    for each in pages:
        found.add(each)
    return found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b'{"entity": [',
        [],
        {"total": 0},
        {"entity": None, "page": 1, "total": 0},
        {"entity": {}, "page": 1, "total": 0},
        {"entity": [], "page": 1},
        {"entity": [], "page": 1, "total": "0"},
        {"entity": [], "page": 1, "total": True},
        {"entity": [], "page": 1, "total": -1},
        {"entity": [], "page": 2, "total": 0},
        {"entity": ["x"], "page": 1, "total": 1},
        {"entity": [entry(1, id=None)], "page": 1, "total": 1},
        {"entity": [entry(1, id="")], "page": 1, "total": 1},
        {"entity": [entry(1, id=True)], "page": 1, "total": 1},
        {"entity": [entry(n) for n in range(501)], "page": 1, "total": 501},
    ],
)
def test_what_is_no_page(body):
    found = judge(body)
    assert isinstance(found, RetryableFailure)
    assert found.cause.code == "unreadable"
    assert not found.is_ambiguous


def test_a_page_for_people_is_quoted():
    found = judge(b"<html><body>Sign in</body></html>")
    assert isinstance(found, RetryableFailure)
    assert found.cause.message == "the answer is no JSON: Sign in (page 1)"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_page_to_ask_for_again(status):
    assert isinstance(judge({"message": "busy"}, status), RetryableFailure)


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (403, CxoneRefused, "dnc:entries:read"),
        (401, CxoneRefused, "credentials"),
        (404, CxoneRefused, "orgId"),
        (307, CxoneUnavailable, "redirects"),
        (400, CxoneUnavailable, "answered 400"),
        (204, CxoneUnavailable, "answered 204"),
    ],
)
def test_a_refused_page(status, error, says):
    with pytest.raises(error, match=says) as caught:
        judge(b"", status)
    assert "GET /api/v2/dnc/entries" in str(caught.value)


def test_what_a_look_sees():
    live = look(decoded([entry(1, id=7), entry(2, lastModifiedTime=None)])).live("now")
    assert live.lists == {
        "dnc-1": {
            "+12005550101": LiveEntry(NEVER, "7", "2026-11-01T00:00:00Z"),
            "+12005550102": LiveEntry(NEVER, "e-000002", None),
        }
    }
    assert (live.entry_count, live.complete, live.read_at) == (2, True, "now")


def test_terms_are_kept_once():
    one, two = look(decoded([entry(1), entry(2)])).tables["dnc-1"].values()
    assert one.terms is two.terms


def test_odd_terms_do_not_hide_an_entry():
    odd = entry(1, reasonCode=None, expirationPolicy=5)
    assert look(decoded([odd])).tables["dnc-1"]["+12005550101"].terms == ProjectedTerms("", "")


def test_names_are_the_files():
    names = ListNames({"dnc-1": "Company DNC", "dnc-2": "dnc-1"})
    found = look(
        decoded([entry(1, listId="Company DNC"), entry(2, listId="dnc-1"), entry(3, listId="other")]),
        wanted=names.list_ids_by_name(frozenset({"dnc-1"})),
    )
    live = found.live("")
    assert list(live.lists) == ["dnc-1"]
    assert list(live.lists["dnc-1"]) == ["+12005550101"]
    assert live.foreign == {"dnc-1": 1, "other": 1}


def test_two_lists_cannot_be_one():
    with pytest.raises(InvalidInput, match="a and b are both b in CXone"):
        ListNames({"a": "b"}).list_ids_by_name(frozenset({"a", "b"}))


@pytest.mark.parametrize(
    "phone",
    [
        "2125550101",
        "+02125550101",
        "+1212555010x",
        "+12125550101\n",
        "+12125550102\n+12125550101",
        "",
        12125550101,
        None,
    ],
)
def test_what_is_no_number_is_set_aside(phone):
    live = look(decoded([entry(1), entry(2, phone=phone), entry(3)])).live("")
    assert len(live.lists["dnc-1"]) == 2
    assert [odd.list_id for odd in live.unreadable] == ["dnc-1"]
    assert live.entry_count == 3
    assert "\n" not in live.unreadable[0].text


def test_what_is_no_number_on_a_foreign_list_is_only_counted():
    live = look(decoded([entry(1, phone="x", listId="other")])).live("")
    assert (live.unreadable, live.foreign) == ((), {"other": 1})


def test_an_entry_without_a_list_is_foreign():
    assert look(decoded([entry(1, listId=None)])).live("").foreign == {"": 1}


def test_twins():
    weak = entry(1, expirationPolicy="RELATIVE", lastModifiedTime="2026-11-05T00:00:00Z")
    strong = entry(1, id="e-other")
    for order in ([weak, strong], [strong, weak]):
        live = look(decoded(order)).live("")
        assert live.lists["dnc-1"]["+12005550101"] == LiveEntry(NEVER, "e-other", "2026-11-05T00:00:00Z")
        assert live.duplicate_ids == {("dnc-1", "+12005550101"): ("e-000001",)}
        assert live.complete


def test_twins_keep_all_their_reason_codes():
    """S25: merged, they show only the strongest's."""
    key = ("dnc-1", "+12005550101")
    strong, weak = entry(1, reasonCode="CUSTOMER_REQUESTED"), entry(1, id="b", reasonCode="STATE")
    third = entry(1, id="c", reasonCode=None, expirationPolicy="RELATIVE")
    for order in ([strong, weak, third, entry(2)], [third, entry(2), weak, strong]):
        live = look(decoded(order)).live("")
        assert live.duplicate_codes == {key: {"CUSTOMER_REQUESTED", "STATE", ""}}
        assert live.reasons(key) == {"CUSTOMER_REQUESTED", "STATE"}
        assert live.reasons(("dnc-1", "+12005550102")) == {"NATIONAL"}
        assert live.reasons(("dnc-1", "+12005550103")) == frozenset()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([("a", "LOCAL"), ("b", "STATE")], [("a", "UNKNOWN")]),
        ([("a", "UNKNOWN")], [("a", "LOCAL"), ("b", "STATE")]),
        ([("a", "LOCAL"), ("b", "STATE")], [("a", "LOCAL"), ("b", "UNKNOWN")]),
        ([("a", "LOCAL"), ("b", "STATE"), ("c", "UNKNOWN")], []),
    ],
)
def test_a_union_keeps_the_reason_codes_of_twins_of_both_looks(first, second):
    before, after = (
        look(decoded([entry(1, id=one, reasonCode=code) for one, code in rows])) for rows in (first, second)
    )
    live = after.union(before, "")
    assert live.duplicate_codes == {("dnc-1", "+12005550101"): {"LOCAL", "STATE", "UNKNOWN"}}


def test_two_looks_that_saw_two_ids_may_each_have_missed_a_twin():
    live = look(decoded([entry(1, reasonCode="LOCAL")])).union(look(decoded([entry(1, id="b")])), "")
    assert live.duplicate_codes == {("dnc-1", "+12005550101"): {"LOCAL", "NATIONAL"}}
    live = look(decoded([entry(1, reasonCode="LOCAL")])).union(look(decoded([entry(1)])), "")
    assert live.duplicate_codes == {}  # one entry, modified in between


def test_triplets():
    live = look(decoded([entry(1), entry(1, id="b"), entry(1, id="c"), entry(1, id="b")], 3)).live("")
    assert live.lists["dnc-1"]["+12005550101"].id == "e-000001"
    assert live.duplicate_ids == {("dnc-1", "+12005550101"): ("b", "c")}


def test_the_same_entry_twice_is_no_twin():
    found = look(decoded([entry(1)], 2), decoded([entry(1)], 2))
    assert found.live("").duplicate_ids == found.live("").duplicate_codes == {}
    assert not found.adds_up  # two rows, but one id


@pytest.mark.parametrize(
    ("pages", "adds_up"),
    [
        ([([], 0)], True),
        ([([1, 2], 3), ([3], 3)], True),
        ([([1, 2], 3), ([2], 3)], False),
        ([([1, 2], 3), ([3], 4)], False),
        ([([1, 2], 4), ([3], 3)], False),
        ([([1, 2], 3), ([3, 4], 3)], False),
    ],
)
def test_what_adds_up(pages, adds_up):
    assert look(*(decoded([entry(n) for n in rows], total) for rows, total in pages)).adds_up is adds_up


def test_the_same_id_under_two_keys_does_not_add_up():
    assert not look(decoded([entry(1), entry(2, id="e-000001")])).adds_up


def test_union_of_two_looks():
    other = {"expirationPolicy": "ABSOLUTE", "lastModifiedTime": "2026-11-09T00:00:00Z"}
    first = look(
        decoded([entry(1), entry(2), entry(3), entry(3, id="twin"), entry(8, phone="x")], 9),
        decoded([entry(10, listId="other")], 9),
    )
    second = look(
        decoded([entry(2, id="new", **other), entry(4), entry(8, phone="x"), entry(9, phone="y")], 9),
        decoded([entry(10, listId="other"), entry(11, listId="other")], 9),
    )
    live = second.union(first, "then")
    assert live.complete is False
    assert live.unseen == {("dnc-1", "+12005550101"), ("dnc-1", "+12005550103")}
    assert sorted(live.lists["dnc-1"]) == [f"+1200555010{n}" for n in (1, 2, 3, 4)]
    assert live.get(("dnc-1", "+12005550102")) == LiveEntry(NEVER, "new", "2026-11-09T00:00:00Z")
    assert live.duplicate_ids == {("dnc-1", "+12005550103"): ("twin",)}
    assert live.unreadable == (UnreadableEntry("dnc-1", "x"), UnreadableEntry("dnc-1", "y"))
    assert live.foreign == {"other": 2}
    assert live.entry_count == 10  # 1, 2 and its new id, 3 and its twin, 4, 8, 9, 10, 11


@pytest.mark.parametrize(
    ("one", "other", "latest"),
    [
        ("2026-11-01T00:00:00Z", "2026-11-01T01:00:00+02:00", "2026-11-01T00:00:00Z"),
        ("2026-11-01", "2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z"),
        ("2026-11-01T00:00:00Z", None, None),
        ("2026-11-01T00:00:00Z", "yesterday", None),
        ("yesterday", "yesterday", "yesterday"),
        (None, None, None),
    ],
)
def test_later(one, other, latest):
    assert later_time(one, other) == latest
    assert later_time(other, one) == latest


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["a", "b"]), st.booleans()), max_size=20),
    st.integers(1, 6),
)
def test_however_pages_are_cut_and_ordered_the_look_is_the_same(rows, size):
    entries = [
        entry(n, id=f"{n}{twin}", expirationPolicy="NEVER" if never else "RELATIVE")
        for n, twin, never in {(n, twin): (n, twin, never) for n, twin, never in rows}.values()
    ]
    whole = look(decoded(entries))
    cuts = [*range(0, len(entries), size), len(entries)]
    parts = look(decoded([], len(entries)), *(decoded(entries[a:b], len(entries)) for a, b in pairwise(cuts)))
    assert parts.live("") == whole.live("")
    assert whole.adds_up
    assert parts.adds_up
    backwards = look(decoded(entries[::-1])).live("")
    for key in ("+12005550101", "+12005550103"):
        mine, other = whole.tables["dnc-1"].get(key), backwards.get(("dnc-1", key))
        assert (mine and mine.terms) == (other and other.terms)
