"""Who claims a number is found as if every file were asked, and without asking every file each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.entries import DeclaredEntries, FileEntries, strongest_terms
from reconciler.core.planning.state import FilesByNumber
from tests.unit.planning.builders import A, Case, entry, held, live, never, numbers

PHONES = numbers(8)


def file(path: str, phones: object) -> FileEntries:
    terms = never(source=path)
    return FileEntries(path, A, Looked.fromkeys(phones, terms), frozenset({terms}))


class Looked(dict):
    """A file's numbers, which count how often they are looked into."""

    looks = 0

    def __contains__(self, phone: object) -> bool:
        Looked.looks += 1
        return super().__contains__(phone)


@given(
    st.lists(st.sets(st.sampled_from(PHONES)), max_size=9),
    st.lists(st.sampled_from(PHONES), min_size=1, max_size=20),
)
def test_it_finds_what_asking_every_file_finds(files: list[set[str]], asked: list[str]) -> None:
    made = [file(f"{n}.yaml", sorted(phones)) for n, phones in enumerate(files)]
    claiming = FilesByNumber(made)
    for phone in asked:
        assert list(claiming.of(phone)) == [f for f in made if dict.__contains__(f.numbers, phone)]


@pytest.mark.parametrize(("found", "pending"), [(True, 0), (False, 400)])
def test_a_list_that_is_cut_up_costs_no_look_into_every_file_for_each_number(
    found: bool, pending: int
) -> None:
    many = numbers(400)
    cut = tuple(file(f"{n}.yaml", [phone]) for n, phone in enumerate(many))
    pieces, whole = (
        DeclaredEntries(files, {}, frozenset({A})) for files in (cut, (file("whole.yaml", many),))
    )
    seen = live({(A, phone): entry(never()) for phone in many} if found else {})
    Looked.looks = 0
    assert Case(pieces, held(whole), seen).plan().pending_count == pending
    assert Case(whole, held(pieces), seen).plan().pending_count == pending
    assert 0 < Looked.looks < 20 * len(many)


def test_many_files_of_a_list_are_joined_in_one_copy() -> None:
    files = tuple(file(f"{n}.yaml", [phone]) for n, phone in enumerate(PHONES))
    whole = strongest_terms((file("whole.yaml", PHONES[:2]), *files))[A]
    assert set(whole) == set(PHONES)
    assert files[0].numbers.keys() == {PHONES[0]}
