"""HTML pages: one look, no outside assets, everything escaped; and the plan as one of them."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from reconciler.cli.render.authorizations import authorization_texts
from reconciler.cli.render.coverage_text import COVERAGE_TITLE, coverage_lines
from reconciler.cli.render.masking import NumberFormat, mask_numbers
from reconciler.cli.render.messages import (
    DRIFT_TEXTS,
    REASON_TEXTS,
    change_summary,
    kept_reason,
    mismatch_text,
)
from reconciler.cli.render.plan_parts import PlanParts, parts_of
from reconciler.cli.render.plan_text import is_without_cxone, source_text, verdict
from reconciler.cli.render.settings_changes import TERMS_TITLE, settings_lines, settings_title, terms_lines
from reconciler.cli.render.site.blocks import Fact
from reconciler.cli.terminal import escape_text

if TYPE_CHECKING:
    from jinja2 import Environment, Template


_MAX_TEXT = 300  # characters of one text


def render_page(template: str, **said: object) -> str:
    """Fill in a template of `web/`: a page to keep, send and print. What it shows is escaped, no more."""
    return _fill_template(_environment().get_template(template), "", said)


def render_masked_page(template: str, **said: object) -> str:
    """Fill in a page for many eyes: whatever it shows is short, too, and holds no number whole."""
    return _fill_template(_guarded_environment().get_template(template), script(), said)


def _fill_template(template: "Template", own_script: str, values: dict[str, object]) -> str:
    """Give a page its look, its script, and a policy that lets it have these two and nothing else."""
    policy = f"default-src 'none'; style-src {_content_hash(style())}"
    policy += f"; script-src {_content_hash(own_script)}" if own_script else ""
    own_values = {"style": _markup(style()), "script": _markup(own_script), "policy": _markup(policy)}
    return template.render(**own_values, **values)


_CODE = re.compile(r"`([^`\n]+)`")


@cache
def style() -> str:
    """Give the style sheet that all pages share."""
    return _read_template("style.css")


@cache
def script() -> str:
    """Give the script that keeps the chosen theme and filters long tables. Pages say all without it."""
    return _read_template("page.js")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  (only for a page)

    made = Environment(
        autoescape=True, loader=FunctionLoader(_read_template), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["in_runs"] = _group_blocks
    made.filters["code"] = _code
    return made


@cache
def _guarded_environment() -> "Environment":
    return _environment().overlay(finalize=_masked_value)


def _group_blocks(blocks: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """Put blocks of one kind that follow each other together."""
    return [(kind, list(kind_blocks)) for kind, kind_blocks in groupby(blocks, key=lambda block: block.kind)]


def _masked_value(value: object) -> object:
    if value is None:
        return ""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = escape_text(mask_numbers(value))
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def _code(text: str) -> object:
    """Show what stands between backticks as code: a command to copy, a key of a file."""
    from markupsafe import Markup, escape  # noqa: PLC0415  (comes with jinja2)

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(_masked_value(text)))))  # noqa: S704  (escaped)


def _markup(text: str) -> object:
    from markupsafe import Markup  # noqa: PLC0415  (comes with jinja2)

    return Markup(text)  # noqa: S704  (our own files)


def _content_hash(text: str) -> str:
    """Name an inline text as a Content-Security-Policy does."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _read_template(name: str) -> str:
    return (files("reconciler.cli.render") / "web" / name).read_text(encoding="utf-8")


# What the counts of a plan mean, and how one that is not 0 is marked.
_FACTS = {
    "create": ("To add", "new", "good"),
    "update": ("To change", "live under other terms", ""),
    "delete": ("To remove", "with permission", "warn"),
    "blocked": ("Blocked", "stay in CXone: a guard keeps them", "warn"),
    "by_hand": ("Remove manually", "dnc removes nothing here", "warn"),
    "unchanged": ("Unchanged", "live as the files say", ""),
    "unmanaged": ("Added by others", "opt-outs, left alone", ""),
}


def render_plan_html(document: Mapping[str, Any], number_format: NumberFormat) -> str:
    """Show a plan."""
    drift = [
        f"{drift_row['list_id']}: {len(drift_row['phones']):,} {drift_row['kind']}: "
        f"{DRIFT_TEXTS[drift_row['kind']]}"
        for drift_row in document["drift"]
    ]
    budget = document.get("budget")
    parts = parts_of(document["changes"])
    rows = [
        _row(change, change["action"], number_format, budget) for change in (*parts.added, *parts.removed)
    ]
    kept = [
        (title, [_row(change, word, number_format, budget) for change in changes])
        for title, word, changes in parts.kept
        if changes
    ]
    sentence = "There is no plan." if document["errored"] else verdict(document)
    title = f"dnc plan: {document['tenant']}"
    has_facts = not (document["errored"] or is_without_cxone(document))
    facts = tuple(_facts(document["summary"], parts)) if has_facts else ()
    settings = document.get("settings")
    return render_page(
        "plan.html",
        title=title,
        plan=document,
        made_at=f"{document['created_at'][:16].replace('T', ' ')} UTC" if document.get("created_at") else "",
        source=source_text(document),
        verdict=sentence,
        mismatch=mismatch_text(budget),
        facts=facts,
        rows=rows,
        kept=kept,
        drift=drift,
        terms_title=TERMS_TITLE,
        terms=list(terms_lines(document.get("terms_changes", ()), number_format)),
        settings_title=settings_title(settings) if settings else "",
        settings=list(settings_lines(settings, number_format)),
        coverage_title=COVERAGE_TITLE,
        coverage=coverage_lines(document, document.get("created_at")),
    )


def _facts(summary: Mapping[str, int], parts: PlanParts) -> Iterator[Fact]:
    left_out = parts.left_out_count
    counts = {**summary, "blocked": summary["blocked"] - left_out}
    for name, (title, detail, mark) in _FACTS.items():
        yield Fact(title, f"{counts[name]:,}", detail, mark if counts[name] else "")
    if left_out:
        yield Fact("Not added", f"{left_out:,}", "not protected: CXone is full", "bad")


def _row(
    change: Mapping[str, Any], word: str, number_format: NumberFormat, budget: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Show one change; one of which nothing is sent has no edge of its direction."""
    return {
        "direction": "" if change["blocked_by"] else change["direction"],
        "action": word,
        "list_id": change["list_id"],
        "count": f"{len(change['phones']):,}",
        "sample": number_format.sample(change["phones"]),
        "what": change_summary(change),
        "why": kept_reason(change, number_format, budget) or REASON_TEXTS[change["reason"]],
        "authorizations": authorization_texts(change, number_format),
    }
