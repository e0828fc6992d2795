"""The pages speak plainly: none of the words that readers had to translate."""

import re

import pytest

from tests.docs.pages import GENERATED, PAGES, ROOT

_UNPLAIN = re.compile(
    r"\b(?:way out|ways out|c[oa]mes? off|goes on\b(?! hold)|went on|le(?:t|ts|tting) (?:\w+ ){0,3}off"
    r"|tak(?:e|es|en|ing) (?:it |them |one |numbers? |a number )?off|took (?:\w+ ){0,2}off"
    r"|the seed|protects? nobody|touch(?:es|ed)?|remedy|is told|are told)\b"
)
_READ = [page for page in PAGES if page.name not in GENERATED | {"CHANGELOG.md"} and "adr" not in page.parts]


@pytest.mark.parametrize("page", _READ, ids=lambda page: str(page.relative_to(ROOT)))
def test_it_has_no_word_that_readers_must_translate(page):
    text = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
    # What a rule asks for is quoted from its file, and changes there.
    lines = [line for line in text.splitlines() if not (page.name == "rules.md" and line.startswith("|  |"))]
    assert [found[0] for line in lines if (found := _UNPLAIN.search(line))] == []


@pytest.mark.parametrize("page", [p for p in _READ if ROOT / "docs" in p.parents], ids=lambda page: page.name)
def test_it_ends_with_where_to_go_next(page):
    last = page.read_text(encoding="utf-8").rstrip().splitlines()[-1]
    assert re.search(r"\]\([\w./#-]+\)", last), last
