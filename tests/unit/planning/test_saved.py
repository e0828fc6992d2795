"""A reading in a file: what is loaded is what was kept, and nothing that is odd is loaded."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.entry_table import EntryTable
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.live import Live, LiveEntry, UnreadableEntry
from reconciler.core.model.provider import Target
from reconciler.cxone.saved_read import Stamp, load, save

PHONES = [f"+1212555{n:04}" for n in range(100, 200)]
STAMP = Stamp(
    "production",
    {"org_id": "${CXONE_ORG_ID}", "list_ids": {"a": "b"}},
    Target("entries", "acme", "acme.example.com"),
    {"a": "", "ü": "17"},
    "f" * 64,
)

texts = st.text(max_size=5)
terms = st.builds(ProjectedTerms, texts, texts, st.none() | st.dates(date(2026, 1, 1)))
entries = st.builds(LiveEntry, terms, st.text(min_size=1, max_size=40), st.none() | st.text(min_size=1))
finding = st.builds(Finding, texts, st.integers(), st.just(0), texts, texts, st.sampled_from(Severity), texts)
phones = st.sampled_from(PHONES)
lives = st.builds(
    Live,
    lists=st.dictionaries(texts, st.dictionaries(phones, entries, min_size=1), max_size=3),
    duplicate_ids=st.dictionaries(st.tuples(texts, phones), st.lists(texts).map(tuple), max_size=3),
    unreadable=st.lists(st.builds(UnreadableEntry, texts, texts)).map(tuple),
    foreign=st.dictionaries(texts, st.integers(0, 9)),
    entry_count=st.integers(0, 1_000_000),
    read_at=st.just("2026-11-23T12:00:00+00:00"),
    warnings=st.lists(finding, max_size=2).map(tuple),
    ceiling=st.none() | st.just(1_000_000),
    duplicate_codes=st.dictionaries(st.tuples(texts, phones), st.frozensets(texts), max_size=3),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "production.reading"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(live=lives, changed=st.lists(st.tuples(phones, st.none() | entries), max_size=6), book=st.booleans())
def test_what_is_loaded_is_what_was_kept(path, live, changed, book):
    """Also after entries were changed, taken out and put in again one by one, as a run does."""
    lists = {name: EntryTable(given) for name, given in live.lists.items()}
    for phone, entry in changed:
        for kept in lists.values():
            if entry is not None:
                kept[phone] = entry
            elif phone in kept:
                del kept[phone]
    live = replace(live, lists=lists if book else {name: dict(kept) for name, kept in lists.items()})
    save(path, STAMP, live)
    stamp, found = load(path)
    assert stamp == STAMP
    assert found == replace(live, is_saved=True)
    assert [list(kept) for kept in found.lists.values()] == [list(kept) for kept in live.lists.values()]


@pytest.fixture
def kept(path):
    row = LiveEntry(ProjectedTerms("LOCAL", "NEVER"), "id-1", "2026-11-20T10:00:00Z")
    save(path, STAMP, Live(lists={"a": {PHONES[0]: row}}, entry_count=1, read_at="2026-11-23T12:00:00+00:00"))
    return path


def test_it_is_its_owners_alone(kept):
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in kept.parent.iterdir()] == [kept.name]


def test_no_byte_of_it_may_differ(kept):
    data = kept.read_bytes()
    mac = data.index(b"\n") - 1  # which only a key would tell
    for place in set(range(len(data))) - {mac}:
        kept.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(InvalidInput, match="the saved reading"):
            load(kept)


def test_none_of_it_may_be_missing(kept):
    data = kept.read_bytes()
    for size in range(len(data)):
        kept.write_bytes(data[:size])
        with pytest.raises(InvalidInput, match="the saved reading"):
            load(kept)
    kept.unlink()
    with pytest.raises(InvalidInput, match="there is no saved reading"):
        load(kept)


def test_what_cannot_be_written_leaves_nothing_behind(kept):
    with pytest.raises(TypeError):
        save(kept, STAMP, Live(entry_count=object()))  # type: ignore[arg-type]  # what JSON does not know
    assert [file.name for file in kept.parent.iterdir()] == [kept.name]
    assert load(kept)[1].entry_count == 1


KEY, OTHER = b"0123456789abcdef", b"fedcba9876543210"


@pytest.fixture
def keyed(path):
    """A reading with a MAC."""
    save(path, STAMP, Live(entry_count=1, read_at="2026-11-23T12:00:00+00:00"), KEY)
    return path


def test_whoever_has_the_key_knows_what_was_kept_with_it(keyed):
    """S4."""
    assert load(keyed, KEY)[0] == load(keyed)[0] == STAMP
    with pytest.raises(InvalidInput, match="not kept with this DNC_READING_KEY"):
        load(keyed, OTHER)
    save(keyed, STAMP, Live(entry_count=2, read_at="2026-11-23T12:00:00+00:00"))
    with pytest.raises(InvalidInput, match="not kept with this DNC_READING_KEY"):
        load(keyed, KEY)


def test_a_mac_fits_no_other_reading(keyed, tmp_path):
    forged = tmp_path / "forged"
    save(forged, STAMP, Live(entry_count=2, read_at="2026-11-23T12:00:00+00:00"))
    (head, *rest), mac = forged.read_bytes().split(b"\n"), keyed.read_bytes().split(b"\n")[0].split(b" ")[-1]
    forged.write_bytes(b"\n".join([head.rpartition(b" ")[0] + b" " + mac, *rest]))
    assert load(forged)[1].entry_count == 2
    with pytest.raises(InvalidInput, match="not kept with this DNC_READING_KEY"):
        load(forged, KEY)


def test_no_byte_may_differ_where_the_key_is(keyed):
    data = keyed.read_bytes()
    for place in range(len(data)):
        keyed.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(InvalidInput, match="the saved reading"):
            load(keyed, KEY)
