"""Files that mean harm: each is refused with one clear sentence, before it costs time or memory."""

import json
import os
from datetime import date

import pytest

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import _packaged, load_rules
from reconciler.yaml_tree import documents
from reconciler.yaml_tree.documents import LARGEST, LONGEST, MOST_ERRORS, read_document
from tests.support.project import Project, entry
from tests.support.sandbox import phone

AS_OF, LATEST = date(2026, 11, 23), date(2026, 11, 24)
RULES = load_rules({})
LIST = "dnc-lists/main.yaml"


def messages(data: bytes) -> list[str]:
    return [finding.message for finding in read_document("a.yaml", data).findings]


def found(data: bytes, rules=RULES):
    sources = [Source("a.yaml", data)]
    return read_lists(sources, rules, as_of=AS_OF, latest=LATEST, is_example=lambda _: True).findings


BOMB = b"a: &a [x,x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (c, c, c - 1, c - 1) for c in range(98, 122))
FILES = {
    "a bomb of aliases": (BOMB, "the anchor"),
    "nested without end": (b"[" * 1_000_000, "nested deeper than 20 levels"),
    "nested by indentation": (b"- " * 500_000, "nested deeper than 20 levels"),
    "a NUL character": (b"listId: a\x00b\n", "a NUL character"),
    "no UTF-8": (b"listId: a\nentries: [\xff]\n", "this is not UTF-8"),
    "half of a surrogate pair": (b"listId: \xed\xa0\x80\n", "this is not UTF-8"),
    "UTF-16": ("listId: a\n".encode("utf-16"), "this is not UTF-8"),
    "a control character": (b"listId: a\x1b[31m\n", "a control character"),
    "a value without end": (b"listId: " + b"a" * 2_000_000, "a value of 2,000,000 characters"),
    "an item without end": (b"[a, " + b"a" * 2_000_000 + b"]", "a value of 2,000,000 characters"),
    "a folded value without end": (
        b'- "+1212555%s"\n' % (b"0" * LONGEST) * 200,
        "a value of 10,008 characters",
    ),
    "a key without end": (b'? "' + b"k" * 200_000 + b'"\n: a\n', "a value of 200,000 characters"),
    "keys without end": (b"".join(b"k%d: a\n" % n for n in range(20_000)), "more than 10,000 keys"),
    "errors without end": (b"- &a x\n" * 200_000, "1,000 errors up to here"),
    "tags without end": (b"- !!binary x\n" * 200_000, "1,000 errors up to here"),
}


@pytest.mark.parametrize(("data", "said"), FILES.values(), ids=FILES)
def test_it_is_given_up_with_a_sentence(data: bytes, said: str):
    told = messages(data)
    assert any(message.startswith(said) for message in told), told[-3:]
    assert len(told) <= MOST_ERRORS + 1
    assert all(len(message) < 200 for message in told)


@pytest.mark.parametrize(("data", "said"), FILES.values(), ids=FILES)
def test_it_is_refused_wherever_it_stands(project: Project, data: bytes, said: str):
    project.list(entry(phone(1)), name="good")
    (project.folder / LIST).write_bytes(data)
    project.commit()
    for command, code in (("validate", 4), ("plan", 4), ("apply", 8)):
        done = project.run(command)
        assert done.code == code, (command, done.err)
        assert said in done.out + done.err or code == 8  # the first ten are named
        assert f"{LIST}:" in done.out + done.err
    assert set(project.live()) == {phone(1)}  # the file beside it
    (project.folder / LIST).unlink()
    (project.folder / "dnc.yaml").write_bytes(data)
    project.commit()
    for command in ("validate", "plan", "apply"):
        done = project.run(command)
        assert done.code == 4, (command, done.err)
        assert said in done.out + done.err


def test_a_line_of_100_mb_is_not_even_read(project: Project):
    project.list(entry(phone(1)), name="good")
    file = project.folder / LIST
    file.touch()
    os.truncate(file, 100_000_000)
    done = project.run("validate")
    assert done.code == 4
    assert f"{LIST}: the file has 100,000,000 bytes: split it" in done.out + done.err
    assert messages(bytes(LARGEST + 1)) == [documents.too_large(LARGEST + 1)]


def test_items_without_end(monkeypatch):
    monkeypatch.setattr(documents, "MOST_ITEMS", 500)
    numbers = [f"- +1212555{n:04d}\n".encode() for n in range(501)]
    assert messages(b"".join(numbers)) == ["more than 500 items: split the file"]
    assert messages(b"".join(numbers[:500])) == []
    assert messages(b"- a\n" * 501) == ["more than 500 items: split the file"]
    assert messages(b"- a\n" * 500) == []
    assert messages(b"".join(b"- [a, b, c]\n" for _ in range(200))) == ["more than 500 items: split the file"]


def test_a_file_that_is_no_list_does_not_fill_the_memory_with_errors():
    findings = found(b"listId: a\nentries:\n" + b"- {}\n" * 50_000)
    assert len(findings) == 10_001
    assert "more than 10,000 errors of structure" in findings[0].message


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_dos_lines_are_read_and_kept(project: Project, start: bytes, end: str):
    head = ["listId: dnc-list-01", "entries:", "  - reasonCode: CUSTOMER_REQUESTED"]
    more = ["    expirationPolicy: NEVER", "    phones:", f'      - "{phone(1)}"', ""]
    written = start + end.join(head + more).encode()
    (project.folder / "dnc-lists").mkdir()
    (project.folder / LIST).write_bytes(written)
    project.commit()
    assert project.run("validate").code == 0
    assert project.run("fmt").code == 0
    added = ("add", phone(2), "--list", "dnc-list-01", "--reason", "CUSTOMER_REQUESTED", "--policy", "NEVER")
    assert project.run(*added).code == 0
    now = (project.folder / LIST).read_bytes()
    assert now.startswith(b"\xef\xbb\xbf") is bool(start)
    assert now.count(b"\r\n") == (now.count(b"\n") if end == "\r\n" else 0)
    project.commit()
    project.apply()
    assert set(project.live()) == {phone(1), phone(2)}


# Rule files are a repository's own text, too.


RULE_FILES = {
    "no JSON": b"{",
    "nested without end": b"[" * 100_000,
    "a NUL character": b'{"allOf": "\x00"}',
    "no UTF-8": b'{"allOf": "\xff"}',
    "a bomb of references": json.dumps(
        {
            "allOf": [{"$ref": "#/$defs/a0"}],
            "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(30)}
            | {"a30": {}},
        }
    ).encode(),
    "a reference to itself": b'{"allOf": [], "$ref": "#"}',
    "a reference elsewhere": b'{"allOf": [], "$ref": "file:///etc/passwd"}',
    "a pattern that is none": b'{"allOf": [], "pattern": "("}',
    "a list": b"[]",
}


@pytest.mark.parametrize("data", RULE_FILES.values(), ids=RULE_FILES)
@pytest.mark.parametrize("name", ["regulations/own.json", "dnc-list.schema.json"])
def test_a_rule_file_that_is_none_is_named(name: str, data: bytes):
    with pytest.raises(InvalidInput) as caught:
        load_rules({name: data})
    assert f"schema/{name}" in str(caught.value)


def with_pattern(pattern: str):
    content = json.loads(_packaged()["regulations/general.json"])
    rule = next(member for member in content["allOf"] if member["id"] == "PRIV-03")
    rule["properties"] = {"description": {"pattern": pattern}}
    return load_rules({"regulations/general.json": json.dumps(content).encode()})


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "(a*)*(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_without_end_is_ended_and_named(monkeypatch, pattern: str):
    monkeypatch.setattr("reconciler.rules.keywords.SECONDS", 0.05)
    rules = with_pattern(pattern)
    with pytest.raises(InvalidInput, match="a repeat inside a repeat") as caught:
        found(json.dumps({"listId": "a", "description": "a" * 60 + "!", "entries": []}).encode(), rules)
    assert pattern in str(caught.value)


def test_a_good_pattern_of_ones_own_is_as_good_as_a_packaged_one():
    rules = with_pattern("^([A-Za-z]+ ?)+$")
    fine = found(json.dumps({"listId": "a", "description": "people " * 9, "entries": []}).encode(), rules)
    assert "PRIV-03" not in {finding.rule for finding in fine}
