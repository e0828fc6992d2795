"""The line of a file that a finding is about, with a mark below the place, for whoever edits the file."""

from collections.abc import Iterator
from pathlib import Path

from reconciler.cli.terminal import escape_line
from reconciler.core.model.finding import Finding

_MOST_BYTES = 2_000_000  # of a file; a larger one is not read a second time for a line of it
_MOST_COLUMNS = 200


class SourceLines:
    """Reads the lines of files below a folder, each file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, list[str]] = {}

    def of(self, finding: Finding) -> Iterator[str]:
        """Give the line and the mark below it; nothing for a whole file, or one that cannot be read."""
        if not finding.file or not finding.line:
            return
        lines = self._read(finding.file)
        if finding.line > len(lines):
            return
        line = lines[finding.line - 1].replace("\t", " ")[:_MOST_COLUMNS]
        shown, number = escape_line(line), f"{finding.line} | "
        yield f"      {number}{shown}"
        if 0 < finding.column <= len(line) + 1:
            before = escape_line(line[: finding.column - 1])
            yield f"      {' ' * len(number)}{' ' * len(before)}^"

    def _read(self, file: str) -> list[str]:
        if file not in self._lines:
            try:
                path = self._folder / file
                is_small = path.stat().st_size <= _MOST_BYTES
                text = path.read_text(encoding="utf-8", errors="replace") if is_small else ""
            except OSError:
                text = ""
            self._lines[file] = text.split("\n") if text else []
        return self._lines[file]
