"""Puts what was measured into a page, between its marks."""

import re
import sys
from pathlib import Path


def refresh(page: Path, mark: str, text: str) -> None:
    """Replace what stands between `<!-- MARK:begin -->` and `<!-- MARK:end -->`."""
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    written = page.read_text(encoding="utf-8")
    renewed, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n{text}\n{end}",
        written,
        flags=re.DOTALL,
    )
    if count != 1:
        sys.exit(f"{page} has no place for it: {begin} and {end}")
    page.write_text(renewed, encoding="utf-8")
