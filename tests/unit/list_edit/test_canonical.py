"""The canonical form: it says what the file said, comments stand at their numbers, and it is one."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Severity
from reconciler.lists.edit.canonical import canonical_list
from reconciler.lists.reader import Source, read_lists
from tests.unit.conftest import AS_OF, LATEST, RULES
from tests.unit.list_edit.drawn import drawn

HEAD = "# yaml-language-server: $schema=../schema/dnc-list.schema.json\nlistId: x\n"


def claims(data):
    """Read a file: its claims and releases."""
    read = read_lists([Source("a.yaml", data)], RULES, as_of=AS_OF, latest=LATEST)
    assert [f for f in read.findings if f.severity is Severity.ERROR] == []
    releases = {key: Counter(found) for key, found in read.declared_entries.releases.items()}
    return dict(read.declared_entries.files[0].numbers), releases


def fmt(text):
    return canonical_list("a.yaml", text.encode()).decode()


def comments(data):
    return Counter(re.findall("#.*", data.decode().replace("\r", "")))


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32))
def test_it_says_what_the_file_said_and_is_canonical_at_once(seed):
    data = drawn(seed)
    written = canonical_list("a.yaml", data)
    assert claims(written) == claims(data)
    assert comments(written) == comments(data)
    assert canonical_list("a.yaml", written) == written


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32))
def test_comments_stand_at_their_numbers(seed):
    lines = canonical_list("a.yaml", drawn(seed)).decode().splitlines()
    for place, line in enumerate(lines):
        if found := re.search(r"# behind (\+[0-9]+)", line):
            assert f'"{found[1]}"' in line
        if found := re.search(r"# above (\+[0-9]+)", line):
            entry = "\n".join(lines[place + 1 :]).partition("\n- ")[0].partition("\n  - ")[0]
            assert f'"{found[1]}"' in entry
        if found := re.search(r"# below (\+[0-9]+)", line):
            numbers = re.findall(r'"(\+[0-9]+)"', "\n".join(lines[:place]))
            assert numbers[-1] == found[1]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_line_ends_and_mark_stay(seed):
    data = drawn(seed)
    written = canonical_list("a.yaml", data)
    assert written.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")
    assert written.count(b"\r\n") == (written.count(b"\n") if b"\r\n" in data else 0)
    assert written.endswith(b"\n")


@given(st.permutations(range(6)))
def test_the_order_of_the_file_does_not_matter(order):
    entries = [f'  - phone: "+1212555010{n}"  # {n}\n    evidence: C-{n}\n' for n in range(3)]
    entries += [f'  - reasonCode: R{n}\n    phones:\n      - "+1212555011{n}"\n' for n in range(3)]
    assert fmt(HEAD + "entries:\n" + "".join(entries[n] for n in order)) == HEAD + "entries:\n" + "".join(
        entries
    )


def test_numbers_of_the_same_terms_are_gathered():
    text = HEAD + (
        "entries:\n"
        "  # said it twice\n"
        "  - phone: '+12125550104'  # on the phone\n"
        "    reasonCode: LOCAL\n"
        "  - {reasonCode: LOCAL, phone: +12125550102}\n"
        "  - reasonCode: LOCAL\n"
        "    phones: ['+12125550103', +12125550101]\n"
    )
    assert fmt(text) == HEAD + (
        "entries:\n"
        "  - reasonCode: LOCAL\n"
        "    phones:\n"
        '      - "+12125550101"\n'
        '      - "+12125550102"\n'
        '      - "+12125550103"\n'
        "      # said it twice\n"
        '      - "+12125550104"  # on the phone\n'
    )


def test_single_numbers_of_the_same_terms_become_a_block():
    first = '- phone: "+12125550102"\n  reasonCode: LOCAL\n'
    block = '- reasonCode: LOCAL\n  phones:\n    - "+12125550101"\n    - "+12125550102"\n'
    text = f"{HEAD}entries:\n{first}- {{phone: +12125550101, reasonCode: LOCAL}}\n"
    assert fmt(text) == f"{HEAD}entries:\n{block}"


@pytest.mark.parametrize(
    "entries",
    [
        '  - phone: "+12125550101"\n    evidence: A\n  - phone: "+12125550102"\n    evidence: A\n',
        '  - phone: "+12125550101"\n  - phones: # of the fair\n      - "+12125550102"\n',
        '  - phone: "+12125550102"\n  # of the fair\n  - phones:\n      - "+12125550101"\n',
        '  - phone: "+12125550101"\n    source: a  # or b\n  - phone: "+12125550102"\n    source: a\n',
    ],
    ids=["own evidence", "a comment behind phones", "a comment above a block", "a comment at the terms"],
)
def test_what_has_something_of_its_own_stays_by_itself(entries):
    assert fmt(HEAD + "entries:\n" + entries) == HEAD + "entries:\n" + entries


def test_comments_at_the_top_of_a_section_and_at_its_end_stay():
    text = HEAD + (
        "entries:  # all of them\n"
        "  # People who called.\n"
        "\n"
        '  - phone: "+12125550102"\n'
        "    source: b\n"
        "    # about 02\n"
        "\n"
        "  # about 01\n"
        '  - phone: "+12125550101"\n'
        "    source: a\n"
        "# not an entry's\n"
        "releases: []\n"
    )
    assert fmt(text) == HEAD + (
        "entries:  # all of them\n"
        "  # People who called.\n"
        "\n"
        "  # about 01\n"
        '  - phone: "+12125550101"\n'
        "    source: a\n"
        '  - phone: "+12125550102"\n'
        "    source: b\n"
        "    # about 02\n"
        "# not an entry's\n"
        "releases: []\n"
    )


def test_comments_in_brackets_stay_at_their_numbers():
    text = HEAD + (
        'entries: [{reasonCode: LOCAL, phones: ["+12125550102",  # two\n  # one\n  "+12125550101"]}]  # all\n'
    )
    assert fmt(text) == HEAD + (
        "entries:  # all\n"
        "  - reasonCode: LOCAL\n"
        "    phones:\n"
        "      # one\n"
        '      - "+12125550101"\n'
        '      - "+12125550102"  # two\n'
    )


def test_a_file_in_json_becomes_a_list_line_by_line():
    text = (
        '{"listId": "x", "entries": [{"phone": "+12125550102", "evidence": "A"}, {"phone": "+12125550101"}]}'
    )
    entries = '  - "phone": "+12125550101"\n  - "phone": "+12125550102"\n    "evidence": "A"\n'
    assert fmt(text) == '"listId": "x"\n"entries":\n' + entries


def test_what_this_version_does_not_know_is_kept():
    text = HEAD + (
        "holds:\n  - {matter: M-1, phones: [+12125550101]}  # kept\n"
        'entries:\n  - phone: "+12125550102"\n    listedOn: 2026-11-01\n    more: [1,\n      2]\n'
        '  - phone: "+12125550101"\n    listedOn: 2026-11-02\n    more: [1,\n      2]\n'
    )
    head, first, second = (
        text.partition("entries:\n")[0],
        *text.partition("entries:\n")[2].split("  - phone")[1:],
    )
    assert fmt(text) == f"{head}entries:\n  - phone{second}  - phone{first}"


@pytest.mark.parametrize(
    ("text", "fact", "line"),
    [
        (HEAD + "entries:\n  - ? phone\n    : +12125550101\n", "a key written with ?", 4),
        (HEAD + "description: a\u2028b\nentries: []\n", "a line break that most programs do not show", 3),
    ],
)
def test_what_cannot_be_edited_line_by_line_is_said(text, fact, line):
    with pytest.raises(InvalidInput, match=re.escape(fact)) as raised:
        fmt(text)
    assert raised.value.where == f"a.yaml:{line}"
