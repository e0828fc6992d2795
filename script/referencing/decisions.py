"""The table of decisions, from their first lines."""

from pathlib import Path

from script.referencing.markdown import table

_GENERATED = "*Written by `script/reference`, from the first line of each.*"


def decisions_page(folder: Path) -> str:
    """List every decision with its title."""
    rows = []
    numbers = set()
    for file in sorted(folder.glob("[0-9]*.md")):
        title = file.read_text(encoding="utf-8").partition("\n")[0]
        number, _, said = title.removeprefix("# ").partition(". ")
        numbers.add(int(number))
        rows.append((number, f"[{said}]({file.name})"))
    parts = ["# Decisions", _GENERATED, table(("no.", "decision"), rows)]
    if unused := sorted({*range(1, max(numbers))} - numbers):
        parts.append(f"Numbers that were never used: {', '.join(map(str, unused))}.")
    return "\n\n".join(parts) + "\n"
