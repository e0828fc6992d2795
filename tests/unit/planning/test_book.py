"""A list's entries by columns are what a plain mapping of entries is."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.entry_table import EntryTable, terms_by_phone
from reconciler.core.model.live import LiveEntry

PHONES = [f"+1212555010{n}" for n in range(6)]
ENTRIES = st.builds(
    LiveEntry,
    st.sampled_from(
        [
            ProjectedTerms("STATE", "NEVER"),
            ProjectedTerms("LOCAL", "ABSOLUTE"),
            ProjectedTerms(end=date(2030, 1, 1)),
        ]
    ),
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
    book, plain = EntryTable(), {}
    for kind, what in steps:
        if kind == "copy":
            before, book = book, book.copy()
            before["+19995550100"] = LiveEntry(ProjectedTerms(), "only there")
            assert "+19995550100" not in book
        else:
            step(book, plain, kind, what)
        assert list(book) == list(plain)
        assert len(book) == len(plain)
        assert (
            terms_by_phone(book)
            == {phone: entry.terms for phone, entry in plain.items()}
            == terms_by_phone(plain)
        )
    assert book == plain
    assert EntryTable(plain) == plain


def test_a_number_that_stands_twice_is_not_added_and_takes_nothing_with_it():
    book = EntryTable({PHONES[0]: LiveEntry(ProjectedTerms(), "0")})
    twice = [PHONES[1], PHONES[2], PHONES[1]]
    assert not book.extend(twice, [ProjectedTerms()] * 3, ["1", "2", "3"], [None] * 3)
    assert list(book) == [PHONES[0]]
    assert book.extend([PHONES[3]], [ProjectedTerms()], ["4"], [None])
    assert [book[phone].id for phone in book] == ["0", "4"]


def test_many_different_times_are_all_kept():
    book = EntryTable()
    for first in range(0, 60_000, 20_000):
        places = range(first, first + 20_000)
        phones = [f"+1212{n:07}" for n in places]
        terms = [ProjectedTerms()] * 20_000
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
    terms = ProjectedTerms("LOCAL", "NEVER")
    book = EntryTable(
        {p: LiveEntry(terms, p, time) for p, time in (("1", "a"), ("2", "b"), ("3", None), ("4", "b"))}
    )
    assert book.phones_modified(lambda time: time == "b") == ["2", "4"]
    assert book.phones_modified(lambda time: time is None) == ["3"]
    book["2"] = LiveEntry(terms, "2", "a")
    book["5"] = LiveEntry(terms, "5", "b")
    del book["1"]
    assert sorted(book.phones_modified(lambda time: time == "b")) == ["4", "5"]
    assert sorted(book.phones_modified(lambda time: time == "a")) == ["2"]
    assert book.phones_modified(lambda _: False) == []
