"""The table of decisions, from their first lines."""

from pathlib import Path

from script.referencing.markdown import table

_GENERATED = "*Written by `script/reference`, from the first line of each.*"


def decisions_page(folder: Path) -> str:
    """List every decision with its title."""
    rows = []
    for file in sorted(folder.glob("[0-9]*.md")):
        title = file.read_text(encoding="utf-8").partition("\n")[0]
        number, _, said = title.removeprefix("# ").partition(". ")
        rows.append((number, f"[{said}]({file.name})"))
    return "\n\n".join(["# Decisions", _GENERATED, table(("no.", "decision"), rows)]) + "\n"
