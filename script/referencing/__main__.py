"""Write the reference and the table of decisions, or see whether they are up to date."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from script.referencing.commands import commands_page
from script.referencing.decisions import decisions_page
from script.referencing.schemas import schema_page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_SCHEMAS = {
    "list-file.md": ("dnc-list.schema.json", "A list file: `dnc-lists/**/*.yaml`", "files.md"),
    "dnc-yaml.md": ("dnc.schema.json", "Configuration: `dnc.yaml`", "files.md"),
    "rule-file.md": ("regulation.schema.json", "A rule file: `schema/regulations/*.json`", "rules.md"),
}


def pages() -> Mapping[str, str]:
    """Make every page, by its place below `docs/`."""
    made = {"reference/commands.md": commands_page(), "adr/README.md": decisions_page(DOCS / "adr")}
    for name, (schema, title, guide) in _SCHEMAS.items():
        content = json.loads((ROOT / "schema" / schema).read_text(encoding="utf-8"))
        made[f"reference/{name}"] = schema_page(content, title, schema, guide)
    return made


def stale() -> list[str]:
    """Name the pages that are missing, or other than what the program and the schemas say."""
    return [
        name
        for name, text in pages().items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text
    ]


def _main() -> None:
    parser = argparse.ArgumentParser(prog="script/reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is stale")
    if parser.parse_args().check:
        found = stale()
        sys.exit(f"not up to date: {', '.join(found)}; run script/reference" if found else 0)
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main()
