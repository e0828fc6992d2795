"""HTML pages: one look, no outside assets, everything escaped; and the plan as one of them."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, DRIFT, REASONS, kept_or_left_out, way_out, what_changes
from reconciler.cli.render.plan_text import verdict, without_cxone
from reconciler.cli.render.site.blocks import Fact
from reconciler.cli.terminal import harmless
from reconciler.core.model.phone import mask

if TYPE_CHECKING:
    from jinja2 import Environment, Template


# As we write numbers, and as a message from CXone may have one: bare, or as people in North America do.
_WHOLE = re.compile(
    r"\+[1-9][0-9]{6,14}"
    r"|(?<![0-9A-Za-z.:/-])[0-9]{10,15}(?![0-9A-Za-z.])"
    r"|(?<![0-9A-Za-z.:/-])\+?1?[ .-]?\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9A-Za-z])"
)
_LONGEST = 300  # characters of one text


def page(template: str, **said: object) -> str:
    """Fill in a template of `web/`: a page to keep, send and print. What it shows is escaped, no more."""
    return _filled(_environment().get_template(template), "", said)


def guarded(template: str, **said: object) -> str:
    """Fill in a page for many eyes: whatever it shows is short, too, and holds no number whole."""
    return _filled(_guarded_environment().get_template(template), script(), said)


def _filled(template: "Template", own_script: str, said: dict[str, object]) -> str:
    """Give a page its look, its script, and a policy that lets it have these two and nothing else."""
    policy = f"default-src 'none'; style-src {_named(style())}"
    policy += f"; script-src {_named(own_script)}" if own_script else ""
    own = {"style": _ours(style()), "script": _ours(own_script), "policy": _ours(policy)}
    return template.render(**own, **said)


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
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  (only for a page)

    made = Environment(
        autoescape=True, loader=FunctionLoader(_file), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["in_runs"] = _runs
    return made


@cache
def _guarded_environment() -> "Environment":
    return _environment().overlay(finalize=_shown)


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


# What the counts of a plan mean, and how one that is not 0 is marked.
_FACTS = {
    "create": ("Go on", "in the files, not live", "good"),
    "update": ("Change", "live under other terms", ""),
    "delete": ("Come off", "with permission", "warn"),
    "blocked": ("Blocked", "stay, as nothing permits them to go", "warn"),
    "by_hand": ("By hand", "for people to take off", "warn"),
    "unchanged": ("Unchanged", "live as the files say", ""),
    "unmanaged": ("Left to agents", "added by others: opt-outs", ""),
}


def html(document: Mapping[str, Any], shown: Shown) -> str:
    """Show a plan."""
    drift = [
        f"{d['list_id']}: {len(d['phones']):,} {d['kind']}: {DRIFT[d['kind']]}" for d in document["drift"]
    ]
    rows = [_row(change, shown) for change in document["changes"]]
    said = "There is no plan." if document["errored"] else verdict(document)
    title = f"dnc plan: {document['tenant']}"
    facts = () if document["errored"] or without_cxone(document) else tuple(_facts(document["summary"]))
    return page("plan.html", title=title, plan=document, verdict=said, facts=facts, rows=rows, drift=drift)


def _facts(summary: Mapping[str, int]) -> Iterator[Fact]:
    for name, (title, detail, mark) in _FACTS.items():
        yield Fact(title, f"{summary[name]:,}", detail, mark if summary[name] else "")


def _row(change: Mapping[str, Any], shown: Shown) -> dict[str, str]:
    outs = ((b, way_out(b, change["list_id"], change["phones"], shown)) for b in change["blocked_by"])
    blocked = "; ".join(f"{kept_or_left_out(change)}: {BLOCKED[b]}. Way out: {out}" for b, out in outs)
    return {
        "direction": change["direction"],
        "action": change["action"],
        "list_id": change["list_id"],
        "count": f"{len(change['phones']):,}",
        "sample": shown.sample(change["phones"]),
        "what": what_changes(change),
        "why": blocked or REASONS[change["reason"]],
    }
