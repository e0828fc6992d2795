"""Draw a picture of the demo: what its commands printed, scene by scene, as one SVG file."""

import html
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS, ROWS = 80, 24
_SECONDS = 6  # that each scene is shown
_CELL, _LINE, _MARGIN, _BAR = 8.4, 19, 16, 34  # pixels: a 14 px monospace glyph is 0.6 em wide

# The calls that are shown, by command and by which call of it.
_SHOWN = (("plan", 1), ("apply --yes", 1), ("plan", 2), ("apply --yes", 3), ("drift", 1), ("audit verify", 1))
_STILL = 2  # the scene that is shown where nothing may move: a merge request's plan

# What differs from run to run: hashes, moments, durations.
_VARYING = re.compile(
    r"[0-9a-f]{64}|\d{8}T\d{6}\.\d+Z|(?<!\+)\b[0-9a-f]{7,12}\b|\d{4}-\d\d-\d\d|\b[\d.]+ s\b"
)

# How a row begins, and its class: the signs are those of a plan.
_KINDS = {"$ ": "call", "+ ": "add", "- ": "remove", "= ": "keep", "! ": "keep", "OK": "add", "->": "quiet"}

_STYLE = """\
svg { --back: #ffffff; --bar: #eaeef2; --text: #1f2328; --note: #0550ae; --quiet: #59636e;
  --add: #116329; --remove: #a40e26; --keep: #7d4e00 }
@media (prefers-color-scheme: dark) { svg { --back: #0d1117; --bar: #21262d; --text: #e6edf3; --note: #79c0ff;
  --quiet: #9198a1; --add: #7ee787; --remove: #ffa198; --keep: #e3b341 } }
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  fill: var(--text); white-space: pre }
.note { fill: var(--note) } .quiet { fill: var(--quiet) } .call { font-weight: bold }
.add { fill: var(--add) } .remove { fill: var(--remove) } .keep { fill: var(--keep) }"""


@dataclass(frozen=True)
class Call:
    """One command of the demo, with the sentence before it."""

    note: str
    command: str
    lines: tuple[str, ...]


def calls(transcript: str) -> Iterator[Call]:
    """Cut what the demo printed into its calls."""
    note, command, lines = "", "", list[str]()
    for line in [*transcript.splitlines(), "# "]:
        if line.startswith(("# ", "$ ")):
            if command:
                yield Call(note, command, tuple(lines))
            note = line if line.startswith("# ") else note
            command, lines = line.removeprefix("$ dnc ") if line.startswith("$ ") else "", []
        else:
            lines.append(line.removeprefix("  "))


def wrapped(line: str) -> list[str]:
    """Wrap a line at words, as a terminal of this width shows it."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, COLUMNS, subsequent_indent=indent, break_on_hyphens=False) or [""]


def frame(call: Call) -> list[str]:
    """Give the rows of one scene; where they are too many, the middle is left out."""
    head = [*wrapped(call.note), f"$ dnc {call.command}"]
    body = [row for line in call.lines for row in wrapped(line)]
    while body and not body[-1]:
        body.pop()
    room = ROWS - len(head)
    if len(body) > room:
        body = [*body[: room - 4], "  ...", *body[-3:]]
    return head + body


def frames(transcript: str) -> list[list[str]]:
    """Choose the scenes."""
    found, seen = [], dict[str, int]()
    for call in calls(transcript):
        seen[call.command] = seen.get(call.command, 0) + 1
        if (call.command, seen[call.command]) in _SHOWN:
            found.append(frame(call))
    if len(found) != len(_SHOWN):
        sys.exit(f"the demo has {len(found)} of the {len(_SHOWN)} scenes that are drawn")
    return found


def picture(transcript: str) -> str:
    """Draw the scenes one after the other; no script and no font comes with them."""
    scenes = frames(transcript)
    total = _SECONDS * len(scenes)
    width, height = round(COLUMNS * _CELL + 2 * _MARGIN), _BAR + ROWS * _LINE + _MARGIN
    moves = "\n".join(
        (
            f"@keyframes turn {{ 0% {{ opacity: 1 }} {100 / len(scenes):.4f}%, 100% {{ opacity: 0 }} }}",
            f".scene {{ opacity: 0; animation: turn {total}s step-end infinite }}",
            *(f".s{n} {{ animation-delay: {n * _SECONDS}s }}" for n in range(len(scenes))),
            "@media (prefers-reduced-motion: reduce) {",
            f"  .scene {{ animation: none }} .s{_STILL} {{ opacity: 1 }} }}",
        )
    )
    bar = f"M0 {_BAR - 8}V8a8 8 0 0 1 8-8H{width - 8}a8 8 0 0 1 8 8V{_BAR - 8}z"
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">',
        '<title id="title">script/demo in a terminal: plan, apply, a removal, drift, verify</title>',
        f"<style>\n{_STYLE}\n{moves}\n</style>",
        f'<rect width="{width}" height="{height}" rx="8" style="fill: var(--back)"/>',
        f'<path d="{bar}" style="fill: var(--bar)"/>',
        f'<text class="quiet" x="{_MARGIN}" y="18">script/demo</text>',
    ]
    for number, rows in enumerate(scenes):
        parts.append(f'<g class="scene s{number}">')
        parts += [_text(row, place, rows) for place, row in enumerate(rows) if row]
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(row: str, place: int, rows: Sequence[str]) -> str:
    """Draw one row. Its indentation is a position, since renderers differ on leading spaces."""
    text = row.lstrip(" ")
    x, y = _MARGIN + (len(row) - len(text)) * _CELL, _BAR + (place + 1) * _LINE - 4
    heading = place < next(n for n, line in enumerate(rows) if line.startswith("$ "))
    kind = "note" if heading else _KINDS.get(text[:2])
    drawn = f' class="{kind}"' if kind else ""
    return f'<text{drawn} x="{x:.1f}" y="{y}">{html.escape(text, quote=False)}</text>'


def settled(text: str) -> str:
    """Take out what differs from run to run, so that two recordings can be compared."""
    return _VARYING.sub("*", text)


def _main() -> None:
    text = picture(sys.stdin.read())
    Path(sys.argv[1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main()
