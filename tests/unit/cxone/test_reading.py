import threading

import pytest

from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.cxone.http.paging import fetch_in_order
from tests.unit.cxone.standin import Reply, Time, connected, entry, pages

LISTS = frozenset({"dnc-1"})


def read(script, time=None, **changes):
    with connected(script, time, **changes) as provider:
        return provider.read(LISTS)


@pytest.mark.parametrize(
    ("number", "asked"), [(0, 1), (1, 1), (499, 1), (500, 1), (501, 2), (1000, 2), (2600, 6)]
)
@pytest.mark.parametrize("at_once", [1, 4])
def test_every_page_is_asked_for_once(script, number, asked, at_once):
    script.otherwise = pages([entry(n) for n in range(number)])
    live = read(script, concurrency=at_once)
    assert (live.entry_count, live.complete) == (number, True)
    assert sum(len(book) for book in live.lists.values()) == number
    assert sorted(int(seen.query["page"]) for seen in script.seen) == list(range(1, asked + 1))
    assert {seen.query["pageSize"] for seen in script.seen} == {"500"}


def test_when_it_was_read_is_our_clock(script):
    script.otherwise = pages([])
    assert read(script).read_at == "2026-11-23T12:00:00+00:00"


def test_only_the_total(script):
    script.otherwise = pages([entry(n) for n in range(7)])
    with connected(script) as provider:
        assert provider.total() == 7
    assert script.seen[0].query == {"pageSize": "1", "page": "1"}


class Moving:
    """Pages of a list from which entries go, and to which they come, between requests."""

    def __init__(self, entries, changes):
        self.entries = entries
        self.changes = changes  # before the n-th request: what to do to the list
        self.count = 0
        self.lock = threading.Lock()

    def __call__(self, seen):
        with self.lock:
            self.changes.get(self.count, lambda _entries: None)(self.entries)
            self.count += 1
            return pages(self.entries)(seen)


def test_entries_that_come_meanwhile_are_read_too(script):
    def grow(entries):
        entries += [entry(n) for n in range(1000, 1600)]

    script.otherwise = Moving([entry(n) for n in range(1000)], {1: grow})
    live = read(script, concurrency=1)
    assert (live.entry_count, live.complete, live.unseen) == (1600, True, frozenset())
    assert script.otherwise.count == 4 + 4  # the totals did not agree, so it looked again


def test_a_second_look_that_adds_up_is_used_alone(script):
    script.otherwise = Moving([entry(n) for n in range(1200)], {1: lambda entries: entries.pop(0)})
    live = read(script, concurrency=1)
    assert (live.entry_count, live.complete) == (1199, True)
    assert entry(0)["phone"] not in live.lists["dnc-1"]


def test_rows_that_agree_do_not_hide_a_missing_id(script):
    def shift(entries):  # one goes, one comes: the number of rows stays the same, one is missed
        entries.append(entry(1200))
        entries.pop(0)

    script.otherwise = Moving([entry(n) for n in range(1200)], {1: shift})
    live = read(script, concurrency=1)
    assert live.complete
    assert len(script.seen) == 3  # nothing was seen twice here: 1200 distinct ids, 1200 said

    def back(entries):  # one comes at the front and one goes at the end: one is seen twice, one never
        entries.insert(0, entry(1300))
        entries.pop()

    script.seen.clear()
    script.otherwise = Moving([entry(n) for n in range(1200)], {1: back})
    live = read(script, concurrency=1)
    assert len(script.seen) == 6
    assert live.complete


def test_after_two_looks_that_do_not_add_up_the_union_stands(script):
    def swap(entries):  # one comes at the front, and one goes at the end
        entries.insert(0, entry(2000 + len(script.seen)))
        entries.pop()

    def gone(entries):
        entries.pop(0)
        swap(entries)

    script.otherwise = Moving([entry(n) for n in range(1200)], {1: swap, 3: gone, 4: swap})
    live = read(script, concurrency=1)
    assert live.complete is False
    assert len(script.seen) == 6
    assert live.unseen == {("dnc-1", entry(1197)["phone"]), ("dnc-1", entry(1198)["phone"])}
    assert live.entry_count == 1200  # 0 to 1198 in the first look, and the one that came before the second
    assert all(live.get(key) is not None for key in live.unseen)


def test_an_absurd_total_does_not_make_us_read_for_ever(script):
    def endless(seen):
        return Reply(200, {"entity": [], "page": int(seen.query["page"]), "total": 10**12})

    script.otherwise = endless
    live = read(script)
    assert not live.complete
    assert len(script.seen) < 40


def test_odd_answers_are_asked_for_again(script, time):
    script.replies.extend(
        [
            Reply(200, b"<html>"),
            Reply(200, {"page": 1}),
            Reply(503),
            Reply(cut=True),
            Reply(200, {}, torn=True),
        ]
    )
    script.otherwise = pages([entry(1)])
    assert read(script, time).entry_count == 1
    assert len(script.seen) == 6
    assert time.waits == [0.5, 1, 2, 4, 8]


def test_an_answer_that_stays_odd_is_told_with_its_call(script):
    script.otherwise = lambda seen: Reply(200, b"<html><h1>Maintenance</h1> until 5</html>")
    with pytest.raises(CxoneUnavailable) as caught:
        read(script)
    text = str(caught.value)
    assert "GET /api/v2/dnc/entries at 127.0.0.1" in text
    assert "tried 8 times" in text
    assert "Maintenance until 5" in text
    assert len(script.seen) == 8


def test_a_page_that_fails_ends_the_read(script):
    found = pages([entry(n) for n in range(3000)])
    script.otherwise = lambda seen: Reply(403) if seen.query["page"] == "3" else found(seen)
    with pytest.raises(CxoneRefused, match="dnc:entries:read"):
        read(script)


def test_a_flood_is_no_answer(script, monkeypatch):
    monkeypatch.setattr("reconciler.cxone.http.transport.LARGEST_BODY", 1000)
    script.otherwise = pages([entry(n) for n in range(100)])
    with pytest.raises(CxoneUnavailable, match="larger than any answer"):
        read(script)


def test_a_request_to_stop_ends_the_read(script):
    time = Time(stop_after=3)
    script.otherwise = lambda seen: Reply(503)
    with pytest.raises(CxoneUnavailable, match="asked to stop"):
        read(script, time)
    assert len(script.seen) == 3


def test_pages_come_in_order_and_few_ahead():
    going, most, lock = 0, 0, threading.Lock()

    def fetch(number):
        nonlocal most, going
        with lock:
            going += 1
            most = max(most, going)
        with lock:
            going -= 1
        return number

    assert list(fetch_in_order(fetch, range(50), 3)) == list(range(50))
    assert most <= 3


def test_the_first_failure_in_order_is_raised_and_the_rest_is_left():
    fetched = []

    def fetch(number):
        fetched.append(number)
        if number >= 3:
            raise ValueError(str(number))
        return number

    found = []
    with pytest.raises(ValueError, match="3"):
        found.extend(fetch_in_order(fetch, range(1000), 2))
    assert len(fetched) < 20
