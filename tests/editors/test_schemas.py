"""What an editor shows in a new list repository: by the first line of a file, without the network."""

import shutil

import pytest

from reconciler.use_cases.edits.init import init
from tests.editors.language_server import SERVER, Editor

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not SERVER.exists(),
    reason="yaml-language-server is not installed: script/test installs it where node is",
)

LIST = """\
# yaml-language-server: $schema=../schema/dnc-list.schema.json
listId: dnc-list-01
entries:
  - phone: +12125550123
    reasonCode: CUSTOMER_REQUESTED
    expirationPolicy: NEVER
    requestedOn: 2026-11-02
  - phones: [+12125550124, "12125550125"]
    reasonCode: NATIONL
    expirationPolicy: NEVER
    until: 2027-01-01
releases:
  - phone: +12125550126
    releasedOn: 2026-11-20
    reason: CONSENT_GIVEN
    evidence: FORM-221
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    init(folder, "entries")
    with Editor(folder) as made:
        yield made


def place(text: str, of: str) -> tuple[int, int]:
    before = text[: text.index(of)]
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def test_what_is_wrong_is_marked_where_it_stands_and_nothing_else(editor):
    uri = editor.open("dnc-lists/errors.yaml", LIST)
    marked = {(f["range"]["start"]["line"], f["range"]["start"]["character"]) for f in editor.findings(uri)}
    # Unquoted numbers are fine, and so is a day that is no text to YAML.
    assert marked == {place(LIST, of) for of in ('"12125550125"', "NATIONL", "until")}


def test_reasons_are_offered(editor):
    text = LIST.replace("NATIONL", "")
    uri = editor.open("dnc-lists/offered.yaml", text)
    line, column = place(text, "\n    expirationPolicy: NEVER\n    until")
    offered = editor.offered(uri, line, column)
    assert offered == ["NATIONAL", "STATE", "LOCAL", "CUSTOMER_REQUESTED", "COMPANY_POLICY", "UNKNOWN"]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("requestedOn", "The day on which the person asked"),
        ("expirationPolicy", "NEVER ends: no end"),
        ("releasedOn", "The day on which it became true"),
        ("listId", "The list that this file is part of"),
    ],
)
def test_a_key_explains_itself(editor, key, says):
    uri = editor.open("dnc-lists/explained.yaml", LIST)
    line, column = place(LIST, key)
    assert says in editor.shown(uri, line, column + 1)


def test_the_configuration_is_known_too(editor):
    text = (
        "# yaml-language-server: $schema=schema/dnc.schema.json\n"
        "defaultTenant: a\ntenants:\n  a:\n    dialect: entires\n"
    )
    uri = editor.open("dnc.yaml", text)
    messages = [f["message"] for f in editor.findings(uri)]
    assert any("dnc-groups" in message for message in messages)
    assert "entries" in editor.offered(uri, *place(text, "entires"))


def test_the_files_of_a_new_repository_have_nothing_marked(editor, tmp_path):
    init(tmp_path, "entries")
    for name in ("dnc-lists/company.yaml", ".pre-commit-config.yaml"):
        uri = editor.open(f"new/{name}", (tmp_path / name).read_text().replace("=../schema", "=../../schema"))
        assert editor.findings(uri) == []
    whole = (tmp_path / "dnc.yaml").read_text()
    assert editor.findings(editor.open("new.yaml", whole)) == []
