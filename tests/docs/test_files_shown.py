"""The files that pages show are such as `dnc` takes: lists, and pieces of `dnc.yaml`."""

import json

import pytest
import yaml

from tests.docs.pages import PAGES, ROOT, blocks
from tests.support.project import making

PIPELINES = {"docs/reference/pipeline.md"}  # GitLab's: tests/pipeline runs the shipped ones
KEYS = set(json.loads((ROOT / "schema" / "dnc.schema.json").read_text())["properties"])
# Lines out of a file, as in the tutorial, are tried by test_pages_run.py.
SHOWN = [
    (str(page.relative_to(ROOT)), "\n".join(block.lines) + "\n")
    for page in PAGES
    for block in blocks(page)
    if block.language == "yaml" and not block.lines[0].startswith(" ")
]


def merged(content, piece):
    for key, value in piece.items():
        content[key] = content.get(key, {}) | value if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("page", "text"), SHOWN, ids=[f"{page}: {text.splitlines()[0]}" for page, text in SHOWN]
)
def test_a_file_that_is_shown_is_valid(page, text, tmp_path):
    found = yaml.load(text, yaml.BaseLoader) or {}
    if {"listId", "entries", "releases"} & set(found):
        # A page may show the part that it speaks of.
        with making(tmp_path) as project:
            head = "" if "listId" in found else "listId: dnc-list-01\n"
            project.write("dnc-lists/shown.yaml", head + text)
            done = project.run("validate")
    elif found and set(found) <= KEYS and page not in PIPELINES:
        with making(tmp_path) as project:
            project.configure(lambda c: merged(c, yaml.safe_load(text)))
            done = project.run("validate")
    else:
        return
    assert done.code == 0, done.err + done.out
