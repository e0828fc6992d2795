"""The pages that people read, cut into what can be checked."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# script/reference writes these in docs/reference/.
GENERATED = frozenset({"commands.md", "list-file.md", "dnc-yaml.md", "rule-file.md"})

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block, its indentation taken away."""

    language: str
    lines: tuple[str, ...]


def blocks(page: Path) -> list[Block]:
    return [
        Block(language, tuple(line.removeprefix(indent) for line in body.splitlines()))
        for indent, language, body in _BLOCK.findall(page.read_text(encoding="utf-8"))
    ]


def links(page: Path) -> list[str]:
    """Give where the links of a page lead to in this repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [target for target in found if not target.startswith("https://")]


def anchors(page: Path) -> set[str]:
    """Give what GitLab and site generators call the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def commands(page: Path) -> list[str]:
    """Find every call of dnc: in code blocks, and between backticks."""
    text = page.read_text(encoding="utf-8")
    said = [line.strip().removeprefix("$ ") for block in blocks(page) for line in block.lines]
    said += _INLINE.findall(_BLOCK.sub("", text))
    return [line for line in said if re.match(r"dnc( |$)", line)]


def section(page: Path, title: str) -> str:
    """Give what stands below a heading, up to the next one."""
    # A single # may stand in a code block; no page has two headings of that level.
    found = re.search(
        rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert found, f"{page.name} has no heading {title!r}"
    return found[1]


def first_cells(text: str, head: str) -> list[str]:
    """Give the first column of the table whose heading row begins with `head`."""
    found = re.search(rf"^\| {re.escape(head)} \|.*\n\|[ |-]+\n((?:\|.*\n?)*)", text, re.MULTILINE)
    assert found, f"no table is headed {head!r}"
    return [row.split("|")[1].strip() for row in found[1].splitlines()]


def names(cells: list[str]) -> list[str]:
    """Take the names between backticks out of cells."""
    return [name for cell in cells for name in _INLINE.findall(cell)]
