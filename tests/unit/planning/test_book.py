"""A list's entries by columns are what a plain mapping of entries is."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.entries import Carried
from reconciler.core.model.entry_table import Book, terms_of
from reconciler.core.model.live import LiveEntry

PHONES = [f"+1212555010{n}" for n in range(6)]
ENTRIES = st.builds(
    LiveEntry,
    st.sampled_from([Carried("STATE", "NEVER"), Carried("LOCAL", "ABSOLUTE"), Carried(end=date(2030, 1, 1))]),
    st.sampled_from(["", "7", "e-1", "Zürich-\U0001f4de", "\udc80"]),
    st.sampled_from([None, "2026-11-01T00:00:00Z", "gestern früh", "2026"]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("extend"), st.dictionaries(st.sampled_from(PHONES), ENTRIES)),
        st.tuples(st.just("put"), st.tuples(st.sampled_from(PHONES), ENTRIES)),
        st.tuples(st.just("drop"), st.sampled_from(PHONES)),
        st.tuples(st.just("look"), st.sampled_from(PHONES)),
        st.tuples(st.just("copy"), st.none()),
    )
)


def extend(book, entries):
    return book.extend(
        list(entries),
        [entry.terms for entry in entries.values()],
        [entry.id for entry in entries.values()],
        [entry.modified for entry in entries.values()],
    )


def step(book, plain, kind, what):
    if kind == "extend":
        is_new = plain.keys().isdisjoint(what)
        assert extend(book, what) is is_new
        plain.update(what if is_new else {})
    elif kind == "put":
        phone, entry = what
        book[phone] = plain[phone] = entry
    elif kind == "drop" and what in plain:
        del book[what], plain[what]
    elif kind == "look":
        assert book.get(what) == plain.get(what)


@given(STEPS)
def test_a_book_is_what_a_mapping_is(steps):
    book, plain = Book(), {}
    for kind, what in steps:
        if kind == "copy":
            before, book = book, book.copy()
            before["+19995550100"] = LiveEntry(Carried(), "only there")
            assert "+19995550100" not in book
        else:
            step(book, plain, kind, what)
        assert list(book) == list(plain)
        assert len(book) == len(plain)
        assert terms_of(book) == {phone: entry.terms for phone, entry in plain.items()} == terms_of(plain)
    assert book == plain
    assert Book(plain) == plain


def test_a_number_that_stands_twice_is_not_added_and_takes_nothing_with_it():
    book = Book({PHONES[0]: LiveEntry(Carried(), "0")})
    twice = [PHONES[1], PHONES[2], PHONES[1]]
    assert not book.extend(twice, [Carried()] * 3, ["1", "2", "3"], [None] * 3)
    assert list(book) == [PHONES[0]]
    assert book.extend([PHONES[3]], [Carried()], ["4"], [None])
    assert [book[phone].id for phone in book] == ["0", "4"]


def test_many_different_times_are_all_kept():
    book = Book()
    for first in range(0, 60_000, 20_000):
        places = range(first, first + 20_000)
        phones = [f"+1212{n:07}" for n in places]
        terms = [Carried()] * 20_000
        book.extend(phones, terms, [f"{n}" for n in places], [f"t{n}" for n in places])
    assert [book[f"+1212{n:07}"].modified for n in (0, 19_999, 40_000, 59_999)] == [
        "t0",
        "t19999",
        "t40000",
        "t59999",
    ]
    assert book["+12120059999"].id == "59999"


def test_numbers_by_their_time() -> None:
    """Also of entries that were put in, changed or taken out one by one."""
    terms = Carried("LOCAL", "NEVER")
    book = Book(
        {p: LiveEntry(terms, p, time) for p, time in (("1", "a"), ("2", "b"), ("3", None), ("4", "b"))}
    )
    assert book.touched(lambda time: time == "b") == ["2", "4"]
    assert book.touched(lambda time: time is None) == ["3"]
    book["2"] = LiveEntry(terms, "2", "a")
    book["5"] = LiveEntry(terms, "5", "b")
    del book["1"]
    assert sorted(book.touched(lambda time: time == "b")) == ["4", "5"]
    assert sorted(book.touched(lambda time: time == "a")) == ["2"]
    assert book.touched(lambda _: False) == []
