"""YAML as text with positions, and nothing that it may hold raises."""

import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.config.configuration import read_configuration
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.reader import Source, read_lists
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode, plain, unpack
from tests.unit.conftest import AS_OF, LATEST, RULES


def test_every_scalar_is_text_as_written():
    document = read_document("a", b"[+14155550100, 0x10, 1e3, 2026-11-02, yes, 12:30, 1_000]")
    assert plain(document.root) == ["+14155550100", "0x10", "1e3", "2026-11-02", "yes", "12:30", "1_000"]
    assert document.findings == ()


def test_an_empty_plain_scalar_is_none_and_a_quoted_one_is_text():
    document = read_document(
        "a", b"a:\nb: ~\nc: null\nd: ''\ne: \"null\"\nf: [ , ~, '~']\n".replace(b" ,", b"null,")
    )
    assert plain(document.root) == {
        "a": None,
        "b": None,
        "c": None,
        "d": "",
        "e": "null",
        "f": [None, None, "~"],
    }


def test_places_are_lines_and_columns_from_one():
    root = read_document("a", "# ünïcödé\nkéy: {a: 1,\n  b: [x, y]}\n".encode()).root
    assert isinstance(root, MapNode)
    inner = root.values["kéy"]
    assert unpack(root.key_mark("kéy")) == (2, 1)
    assert unpack(root.value_mark("kéy")) == (2, 6)
    assert unpack(inner.key_mark("b")) == (3, 3)
    assert unpack(inner.values["b"].marks[1]) == (3, 10)


@pytest.mark.parametrize(
    "text", [b"\xef\xbb\xbfa: b\n", b"a: b\r\n", b"a: b", b"--- \na: b\n...\n", b"%YAML 1.2\n---\na: b"]
)
def test_marks_of_a_stream_do_not_matter(text):
    document = read_document("a", text)
    assert (plain(document.root), document.findings) == ({"a": "b"}, ())


def test_findings_before_an_unreadable_place_are_kept():
    found = read_document("a", b"a: 1\na: 2\nb: {\n").findings
    assert [finding.rule for finding in found] == ["YAML-02", "YAML-01"]


def test_twenty_levels_are_read():
    assert read_document("a", b"a: " + b"[" * 19 + b"]" * 19).findings == ()


def test_nesting_without_end_is_given_up_at_once():
    found = read_document("a", b"[" * 1_000_000).findings
    assert [finding.rule for finding in found] == ["YAML-01"]


def test_anchors_and_aliases_cannot_blow_up():
    bomb = b"a: &a [x,x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (c, c, c - 1, c - 1) for c in range(98, 122))
    assert {finding.rule for finding in read_document("a", bomb).findings} == {"YAML-03"}


yamlish = st.text(st.sampled_from("ab:-[]{}#&*!|>'\"%@\n\r\t ,?+15~<\u2028\x85é\0\x07"), max_size=60)


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=80) | yamlish.map(str.encode) | st.text(max_size=40).map(lambda t: t.encode("utf-16"))
)
@example(b"\xff\xfe")
@example(b"%YAML 9.9\n--- a")
@example(b"listId: a\nentries: {phone: x}")
@example(b"tenants: {a: {listIds: {a: [b]}, lists: {a: b}}}\ndefaultTenant: [a]")
def test_arbitrary_bytes_are_findings_and_never_raise(data):
    document = read_document("a.yaml", data)
    assert document.root is not None or document.findings
    assert read_lists([Source("a.yaml", data)], RULES, as_of=AS_OF, latest=LATEST).findings
    with pytest.raises(InvalidInput) as caught:
        read_configuration("dnc.yaml", data, RULES)
    assert caught.value.findings


@settings(deadline=None, max_examples=150)
@given(
    st.recursive(
        st.none()
        | st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff")),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text("abc<&*", max_size=3), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_a_tree_is_what_pyyaml_reads_where_all_is_quoted(value):
    written = yaml.safe_dump(value, default_style='"', allow_unicode=True).replace('!!null "null"', "null")
    document = read_document("a", written.encode())
    if value is not None:
        assert (plain(document.root), document.findings) == (value, ())


def test_json_is_yaml():
    data = {"listId": "a", "entries": [{"phone": "+12125550101", "evidence": "A/1"}]}
    assert plain(read_document("a", json.dumps(data).encode()).root) == data
