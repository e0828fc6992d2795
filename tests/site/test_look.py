"""What people who see little, or use no pointer, need of the pages: contrast, headings, names, tables."""

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise

import pytest

from reconciler.cli.render.html import render_plan_html, style
from reconciler.cli.render.site.pages import render_site
from tests.resilience.hostile_input.test_renderers import SHOWN, document
from tests.site import made
from tests.site.test_rendering import NAMES, Page

TOKENS = dict(re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\);", style()))
TEXT = ("ink", "quiet", "link", "good", "warn", "bad")
SHAPES = ("good", "warn", "bad", "calm", "odd", "edge", *(f"reason-{n}" for n in range(8)))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3: from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colour(token: str, theme: int) -> str:
    return TOKENS[token].split(", ")[theme]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "wash", "alert"])
def test_text_can_be_read(theme, ground):
    for token in TEXT:
        assert contrast(colour(token, theme), colour(ground, theme)) >= 4.5, token


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_shapes_can_be_seen(theme):
    for token in SHAPES:
        assert contrast(colour(token, theme), colour("paper", theme)) >= 3, token


def test_every_colour_has_both_themes():
    plain = re.sub(r"light-dark\([^)]*\)", "", style())
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", plain)) == {"#fff"}  # paper, when it is printed
    assert set(re.findall(r"var\(--([a-z0-9-]+)", style())) <= TOKENS.keys() | {"mark", "fill"}


@pytest.mark.parametrize("name", NAMES)
def test_structure(name):
    page = render_site(made.golden())[name]
    told = Page(page)
    levels = [int(tag[1]) for tag, _ in told.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    tags = [tag for tag, _ in told.tags]
    assert tags.count("table") == tags.count("caption")
    assert len(told.attributes["id"]) == len(set(told.attributes["id"]))
    assert {link[1:] for link in told.attributes["href"] if link[0] == "#"} <= set(told.attributes["id"])
    for drawn in re.findall(r"<svg[^>]*>", page):
        inner = "viewBox" in drawn and "spark" not in drawn  # a field inside of one that has a name
        assert inner or "aria-hidden" in drawn or re.search('role="img" aria-label="[^"]+"', drawn), drawn


def test_every_chart_has_its_table():
    page = render_site(made.golden())["tenant-production.html"]
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    assert len(figures) >= 5
    assert all('role="img"' in figure and "<table" in figure for figure in figures)


def test_the_plans_page_has_the_same_look_and_lets_nothing_else_in():
    page = render_plan_html(document("a"), SHOWN)
    told = Page(page)
    (own,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert own == style()
    name = b64encode(sha256(own.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{name}'" in told.attributes["content"]
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in told.tags}
    assert not {"src", "style"} & told.attributes.keys()
    assert told.attributes["href"] == ["#main"]  # to skip what stands above


def test_nothing_moves_for_those_who_asked_for_that():
    assert "prefers-reduced-motion: reduce" in style()
    assert not re.search(r"animation|transition", style())
