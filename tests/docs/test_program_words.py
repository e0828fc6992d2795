"""The words that users must not meet: no sentence of the program has them."""

import ast
import re

import pytest

from tests.docs.pages import ROOT

# A private word, and what to write instead.
PRIVATE = {
    r"ways? out": "fix",
    r"(?:comes?|came|coming) off": "is removed",
    r"go(?:es)? on(?!e\b)(?! with)(?! standing)\b": "is added",
    r"stands?": "is active, is in",
    r"besides": "more",
    r"nobody|somebody": "no one, someone",
    r"lets? (?:it|them|numbers) off|let off": "removes, releases",
    r"touch(?:ed|es)?": "modified",
    r"take[ns]? off|took off": "removed",
    r"protects? nobody": "is not protected",
    r"the seed": "the customer-supplied specification",
    r"nowhere": "not",
    r"has its place": "replaces it",
}
# What is meant in the field's own sense, or read by programs.
ALLOWED = ("where nobody else pushed", "Options above may stand")
FORBIDDEN = re.compile(rf"\b(?:{'|'.join(PRIVATE)})\b", re.IGNORECASE)


def sentences(file):
    """Give every text of a module that is no docstring, with its line."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    notes = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.lineno, node.value


@pytest.mark.parametrize(
    "package",
    sorted(p.name for p in (ROOT / "reconciler").iterdir() if p.is_dir() and p.name != "__pycache__"),
)
def test_no_sentence_has_a_private_word(package):
    found = [
        f"{file.relative_to(ROOT)}:{line}: {text.strip()}"
        for file in sorted((ROOT / "reconciler" / package).rglob("*.py"))
        for line, text in sentences(file)
        if " " in text.strip() and FORBIDDEN.search(text) and not any(part in text for part in ALLOWED)
    ]
    assert found == []


def test_the_guard_finds_them():
    for text in (
        "restore it: the way out",
        "a number comes off",
        "it stands in line 3",
        "somebody touched it",
    ):
        assert FORBIDDEN.search(text)
    assert not FORBIDDEN.search("standing order, understand, CXone")
