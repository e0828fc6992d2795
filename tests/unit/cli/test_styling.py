"""Colour by meaning and breaks at words on a terminal; nothing of it in a pipe, in JSON or in CSV."""

import io
import sys
from contextlib import redirect_stdout

import pytest

from reconciler.cli.styling import COLOR, ColorMode, Layout, layout_of
from reconciler.cli.terminal import escape_streams, plain_stdout

PLAIN = Layout(columns=40, is_colored=False)
COLORED = Layout(columns=0, is_colored=True)
ESCAPE = "\x1b["


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(name="terminal")
def _terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_a_line_is_broken_between_words_and_hangs():
    line = "  + customers: 2 numbers, CUSTOMER_REQUESTED NEVER (new), and more words"
    shown = PLAIN.styled(line).split("\n")
    assert all(len(part) <= 40 for part in shown)
    assert " ".join(part.strip() for part in shown) == line.strip()
    assert shown[1].startswith("    ")


@pytest.mark.parametrize(
    "command", ["  dnc release +12125550123 --list customers --reason CONSENT_GIVEN", "git push"]
)
def test_a_command_is_never_broken(command):
    assert PLAIN.styled(command) == command


def test_a_word_that_is_too_long_stays_whole():
    word = "x" * 60
    assert word in PLAIN.styled(f"see {word}")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("  + a: 1 number", "32"),
        ("  - a: 1 number", "31"),
        ("  = a: 1 number", "33"),
        ("error: dnc.yaml: no", "1;31"),
        ("dnc-lists/a.yaml:3:5: warning: w [R]", "33"),
        ("alarm: late", "1;31"),
        ("OK: production: 3 reports", "1;32"),
        ("FAILED: production", "1;31"),
        ("DO NOT CALL: +12125550123", "1;31"),
        ("Chain: report 2 has SHA-256 69b1", "2"),
    ],
)
def test_colour_follows_the_meaning(line, code):
    shown = COLORED.styled(line)
    assert f"\x1b[{code}m" in shown
    assert shown.replace(f"\x1b[{code}m", "").replace("\x1b[0m", "") == line


@pytest.mark.parametrize("line", ["      +12125550123", "plain text", "  fix: restore the line", "2 - 1"])
def test_what_means_nothing_has_no_colour(line):
    assert COLORED.styled(line) == line


def test_a_pipe_gets_lines_as_they_are():
    assert layout_of(io.StringIO()) is None


@pytest.mark.parametrize(
    ("mode", "variables", "has_color"),
    [
        (ColorMode.AUTO, {}, True),
        (ColorMode.AUTO, {"NO_COLOR": "1"}, False),
        (ColorMode.AUTO, {"TERM": "dumb"}, False),
        (ColorMode.NEVER, {}, False),
        (ColorMode.ALWAYS, {"NO_COLOR": "1"}, True),
    ],
)
def test_when_colours_are_used(terminal, monkeypatch, mode, variables, has_color):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    token = COLOR.set(mode)
    try:
        layout = layout_of(terminal)
    finally:
        COLOR.reset(token)
    assert layout == Layout(40, has_color)


def test_foreign_text_is_neutral_before_it_is_coloured(terminal):
    with redirect_stdout(terminal), escape_streams():
        sys.stdout.write("error: \x1b[2Jevil\n")
    assert terminal.getvalue() == "\x1b[1;31merror\x1b[0m: \\x1b[2Jevil\n"


def test_a_line_in_parts_is_one_line_and_a_question_is_shown_at_once(terminal):
    with redirect_stdout(terminal), escape_streams():
        sys.stdout.write("  + a")
        sys.stdout.write(": 1 number\n")
        sys.stdout.write("Apply? ")
        sys.stdout.flush()
        shown = terminal.getvalue()
    assert shown == "\x1b[32m  + a: 1 number\x1b[0m\nApply? "


def test_csv_is_neither_broken_nor_coloured(terminal):
    row = "error: " + ",".join(["+12125550123"] * 9)
    with redirect_stdout(terminal), escape_streams(), plain_stdout() as stdout:
        stdout.write(f"{row}\n")
    assert terminal.getvalue() == f"{row}\n"
