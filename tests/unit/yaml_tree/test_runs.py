"""Lines that are kept out of the parser give the same tree and the same findings, at the same places."""

from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.yaml_tree.documents import _Reader, read_document
from reconciler.yaml_tree.fast_lines import fold
from reconciler.yaml_tree.nodes import MapNode, plain

NUMBERS = [f"+1212555{n:04d}" for n in range(100, 220)]


def lines(indent, quote='"', numbers=NUMBERS, end="\n"):
    return "".join(f"{' ' * indent}- {quote}{number}{quote}{end}" for number in numbers)


def entries(indent, *pairs, count=120, end="\n"):
    """Write so many entries one by one, each with its own number."""
    space = " " * indent
    return "".join(
        f'{space}- phone: "{number}"{end}' + "".join(f"{space}  {pair}{end}" for pair in pairs)
        for number in NUMBERS[:count]
    )


TERMS = ("reasonCode: LOCAL", "expirationPolicy: NEVER", 'source: "a: b #c"')


@pytest.mark.parametrize(
    "text",
    [
        "phones:\n" + lines(2),
        "phones:\n" + lines(0, quote=""),
        lines(3, end="\r\n"),
        "a:\n  - b\n" + lines(2) + "  - c # last\nd: e\n",
        "a:\n" + lines(2) + "b:\n" + lines(4) + "c:\n" + lines(4, quote=""),
        "-\n" + lines(2) + "-\n" + lines(2),
        lines(0) + "\n# between\n" + lines(0),
        "a: |\n" + lines(2),  # a block of text
        "a: >-\n" + lines(2) + "b: c\n",
        'a: "\n' + lines(2, quote="") + '"\n',  # inside quotes
        "a: b\n" + lines(2, quote=""),  # more of a plain scalar
        "a: [\n" + lines(2) + "]\n",  # no YAML
        "a:\n" + lines(2) + "a:\n" + lines(2),  # the second is refused
        "a:\n" + lines(2) + " - b\n",
        "a:\n" + lines(2) + "  b: c\n",
        "a:\n" + lines(2, quote="") + "    d\n",  # more of the last number
        "# \x85 is a line's end for YAML\na:\n" + lines(2),
        "a: '\u2028'\nb:\n" + lines(2),
        "entries:\n" + entries(2, *TERMS),
        "entries:\n" + entries(0, *TERMS, "evidence: CALL-1/2.3_4+5") + "releases: []\n",
        entries(1, 'evidence: ""', end="\r\n"),
        "a:\n" + entries(2, *TERMS) + "    b: c\n",  # more of the last one
        "a:\n" + entries(2, *TERMS) + "\n    b: c\n",
        "a:\n" + entries(2, *TERMS) + "     b: c\n",
        "a:\n" + entries(2, "b: c") + "      d\n",  # more of the last value
        "a:\n" + entries(2) + "  - phones:\n" + lines(4) + entries(2, *TERMS),
        "a: |\n" + entries(2, *TERMS),
        'a: "\n' + entries(2).replace('"', "") + '"\n',
        "a: [\n" + entries(2, *TERMS) + "]\n",
        "a:\n" + entries(2, *TERMS) + "a:\n" + entries(2, *TERMS),
    ],
)
def test_a_folded_run_is_read_as_the_whole(text):
    assert fold(text.encode())[1]
    assert_read_as_the_whole(text)


@pytest.mark.parametrize(
    "text",
    [
        "a:\n" + entries(2, "b: c", "b: d"),  # a key twice
        "a:\n" + entries(2, "b: null") + entries(2, "null: b") + entries(2, "b: a:"),
        "a:\n" + entries(2, "b: &x c") + entries(2, "b: *x") + entries(2, "b: !x c"),
        "a:\n" + entries(2, 'b: "\\u0041"') + entries(2, "b: 'c'") + entries(2, "b: c # d"),
        "a:\n" + entries(2, *(f"{'k' * n}: v" for n in range(1, 40))),  # more keys than any entry has
    ],
)
def test_what_says_more_than_it_shows_goes_through_the_parser(text):
    assert not fold(text.encode())[1]
    assert_read_as_the_whole(text)


PIECES = st.one_of(
    st.builds(
        lines,
        st.integers(0, 3),
        st.sampled_from(['"', ""]),
        st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=4),
        st.sampled_from(["\n", "\n", "\r\n"]),
    ),
    st.builds(
        lambda indent, pairs, count, end: entries(indent, *pairs, count=count, end=end),
        st.integers(0, 3),
        st.lists(
            st.sampled_from(
                [*TERMS, "b: +1", 'b: "c d"', "b: null", "d: e:", "f:", "f: |", "# g", "h: &i j"]
            ),
            max_size=3,
        ),
        st.integers(1, 4),
        st.sampled_from(["\n", "\n", "\r\n"]),
    ),
    st.sampled_from(
        [
            *(
                "a:\n",
                "  a:\n",
                "a: |\n",
                "  a: >\n",
                'a: "\n',
                '"\n',
                "a: [\n",
                "]\n",
                "\n",
                "# c\n",
                "  # c\n",
            ),
            *(
                "- a:\n",
                "  - phones:\n",
                "    phones:\n",
                "    more: x\n",
                "   x\n",
                "- b # c\n",
                "...\n",
                "---\n",
            ),
            *("\x85", "\u2028", "\r", "\ufeff", "é: ü\n"),
        ]
    ),
)


@settings(max_examples=300)
@given(st.lists(PIECES, min_size=1, max_size=6).map("".join))
@example("a:\n" + lines(2, numbers=NUMBERS[:3]) + "  # c\n" + lines(2, numbers=NUMBERS[:3]))
@example("- a:\n" + lines(2, numbers=NUMBERS[:3]) + entries(0, count=3) + "- phones:\n" + lines(2))
def test_whatever_stands_around_runs_they_are_read_as_the_whole(text):
    with (
        patch("reconciler.yaml_tree.fast_lines._SHORTEST", 2),
        patch("reconciler.yaml_tree.fast_lines._PIECE", 40),
    ):
        assert_read_as_the_whole(text)


def assert_read_as_the_whole(text):
    whole = _Reader("a")
    try:
        root = whole.parse(whole._text(text.encode()))
    except Exception:  # the reader's own sign that it gave up  # noqa: BLE001
        root = None
    document = read_document("a", text.encode())
    assert (plain(document.root), document.findings) == (plain(root), tuple(whole.findings))
    assert places(document.root) == places(root)


@pytest.mark.parametrize("odd", ["null:  - b: c", "null: b", "# c", "b:", "b: c # d", "'b': c", "b: null"])
@pytest.mark.parametrize("place", [2, 4])
def test_an_odd_row_among_entries_is_read_as_it_stands(odd, place):
    """Some versions of Python go on from within what does not match a possessive group."""
    between = f"{' ' * place}{odd}\n"
    assert_read_as_the_whole("a:\n" + entries(2, *TERMS) + between + entries(2, *TERMS))
    assert_read_as_the_whole("a:\n" + lines(2) + between + lines(2))


@pytest.mark.parametrize("odd", [b"\xff: b\n", b"a: \xc3\n", b"\0\n"])
def test_bytes_that_are_no_text_are_told_where_they_stand(odd):
    before, after = f"b:\n{lines(2)}".encode(), f"c:\n{lines(2)}".encode()
    (finding,) = read_document("a", before + odd + after).findings
    assert finding.line == len(NUMBERS) + 2
    assert read_document("a", before + after).findings == ()


def test_a_run_is_not_seen_by_the_parser():
    text = "a:\n" + lines(2)
    folded, (run,) = fold(text.encode())
    assert folded.count(b"+") == 2
    assert folded.count(b"\n") == text.count("\n")
    assert list(run.items) == NUMBERS


def test_entries_are_not_seen_by_the_parser():
    text = "a:\n" + entries(2, *TERMS)
    folded, (run,) = fold(text.encode())
    assert folded.count(b"phone") == 2
    assert folded.count(b"\n") == text.count("\n")
    assert [item.values["phone"] for item in run.items] == NUMBERS
    assert {item.values["source"] for item in run.items} == {"a: b #c"}


def places(node):
    if node is None or isinstance(node, str):
        return []
    if isinstance(node, MapNode):
        return [node.mark, list(node.offsets), *map(places, node.values.values())]
    return [node.mark, list(node.marks), node.is_text, *map(places, node.items)]
