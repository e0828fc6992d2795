"""The line that a finding is about, with a mark below it."""

from reconciler.cli.render.source_lines import SourceLines
from reconciler.core.model.finding import Finding, Severity


def finding(line, column, file="a.yaml"):
    return Finding(file, line, column, "", "R-1", Severity.ERROR, "it is odd")


def test_the_mark_stands_below_the_place(tmp_path):
    (tmp_path / "a.yaml").write_text("listId: a\nentries:\n  - phone: 1\n")
    assert list(SourceLines(tmp_path).of(finding(3, 5))) == ["      3 |   - phone: 1", "              ^"]


def test_foreign_text_is_neutral_and_the_mark_is_still_below(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\x1b[2Jx: 1\n")
    line, mark = SourceLines(tmp_path).of(finding(1, 5))
    assert "\x1b" not in line
    assert line[mark.index("^")] == "x"


def test_of_what_is_no_line_nothing_is_shown(tmp_path):
    lines = SourceLines(tmp_path)
    assert not list(lines.of(finding(0, 0)))
    assert not list(lines.of(finding(1, 1, file="missing.yaml")))
    (tmp_path / "a.yaml").write_text("one line\n")
    assert not list(lines.of(finding(9, 1)))
