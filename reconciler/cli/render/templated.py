"""HTML pages: one look, nothing from outside, no number whole, everything escaped."""

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from reconciler.cli.terminal import harmless
from reconciler.model.phone import mask

if TYPE_CHECKING:
    from jinja2 import Environment

# As we write numbers, and as a message from CXone may have one: bare, or as people in North America do.
_WHOLE = re.compile(
    r"\+[1-9][0-9]{6,14}"
    r"|(?<![0-9A-Za-z.:/-])[0-9]{10,15}(?![0-9A-Za-z.])"
    r"|(?<![0-9A-Za-z.:/-])\+?1?[ .-]?\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9A-Za-z])"
)
_LONGEST = 300  # characters of one text


def rendered(template: str, **said: Any) -> str:  # noqa: ANN401  (whatever a template shows)
    """Render a template of `web/`. Whatever it shows is escaped, short, and holds no number whole."""
    policy = f"default-src 'none'; style-src {_named(style())}; script-src {_named(script())}"
    page = _environment().get_template(template)
    return page.render(style=_ours(style()), script=_ours(script()), policy=_ours(policy), **said)


def hidden(text: str) -> str:
    """Mask the numbers in a text that somebody else wrote."""
    return _WHOLE.sub(lambda found: mask(found[0]), text)


@cache
def style() -> str:
    """Give the style sheet that all pages share."""
    return _file("style.css")


@cache
def script() -> str:
    """Give the script that keeps the chosen theme and filters long tables. Pages say all without it."""
    return _file("page.js")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  (only where a page is made)

    made = Environment(
        autoescape=True, finalize=_shown, loader=FunctionLoader(_file), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["in_runs"] = _runs
    return made


def _runs(blocks: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """Put blocks of one kind that follow each other together."""
    return [(kind, list(some)) for kind, some in groupby(blocks, key=lambda block: block.kind)]


def _shown(value: object) -> object:
    if value is None:
        return ""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = harmless(hidden(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _ours(text: str) -> object:
    from markupsafe import Markup  # noqa: PLC0415  (comes with jinja2)

    return Markup(text)  # noqa: S704  (our own files)


def _named(text: str) -> str:
    """Name an inline text as a Content-Security-Policy does."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _file(name: str) -> str:
    return (files("reconciler.cli.render") / "web" / name).read_text(encoding="utf-8")
