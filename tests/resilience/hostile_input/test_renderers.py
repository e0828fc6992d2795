"""Hostile names and sentences through everything that makes Markdown, HTML, XML or JSON of them."""

import json
import re
import shlex
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import yaml

from reconciler.cli.render.gitlab_reports import child_pipeline, code_quality, junit
from reconciler.cli.render.html import render_plan_html
from reconciler.cli.render.markdown import code_span, escape_markdown, render_plan_markdown
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.note import Section, TenantPlan, render_plans_report
from reconciler.core.model.finding import Finding, Severity
from reconciler.use_cases.operations.ci_tenants import FanOut, Work
from reconciler.use_cases.reconcile.validate import ValidateResult
from tests.resilience.hostile_input.strings import ALL, HOSTILE, RAW

SHOWN = NumberFormat(is_masked=True)
SUMMARY = dict.fromkeys(("create", "update", "delete", "unchanged", "unmanaged", "blocked", "by_hand"), 1)
# What GitLab's Markdown acts on where no backslash is before it; code spans are taken out first.
ACTS = re.compile(r"(?<!\\)(?:\\\\)*(?:[<@!#$%&^~*_{}]|\[|\]|`)|(?<!\\)://|(?i:www\.)")
SPAN = re.compile(r"(?<!\\)`[^`\n]*`")


def document(text: str, *, errored: bool = False) -> dict:
    terms = {"reasonCode": text, "expirationPolicy": text, "source": text}
    change = {"list_id": text, "reason": "vanished", "before": terms, "phones": ["+12125550101"]}
    off = {"action": "delete", "direction": "exposing", "after": None}
    return {
        "tenant": text, "revision": text, "held_revision": text, "as_of": "2026-11-23", "errored": errored,
        "direction": "exposing", "summary": SUMMARY, "cost": {"requests": 1, "seconds": 1.0},
        "live": {"entries": 1, "unreadable": 0, "foreign": 1},
        "changes": [
            change | off | {"blocked_by": ["no-release"]},
            change | off | {"blocked_by": []},
            change | {"action": "update", "direction": "protective", "after": terms | {"reasonCode": "x"},
                      "blocked_by": [], "due": {"on": "2026-11-22", "target": "2026-11-01", "rule": text}},
        ],
        "drift": [{"kind": "unmanaged", "list_id": text, "phones": ["+12125550102"]}],
        "findings": [{"file": text, "line": 1, "column": 1, "path": "", "rule": text, "severity": "error",
                      "message": text}],
    }  # fmt: skip


def own_markup(told: str) -> str:
    """Take away what the renderers themselves mean."""
    told = SPAN.sub("", told)
    told = re.sub(r"^(#{3,4}|- \*\*|- |\*\*)", "", told, flags=re.MULTILINE)
    return told.replace("**", "").replace("<summary>", "").replace("not\\_attempted", "")


NOTES = {
    "markdown": lambda text: render_plan_markdown(document(text), SHOWN),
    "markdown of an error": lambda text: render_plan_markdown(document(text, errored=True), SHOWN),
    "the note": lambda text: Section(document(text), text, text).text(100_000),
    "the note of an error": lambda text: Section(document(text, errored=True), None).text(100_000),
    "a short note": lambda text: Section(document(text), text, text).text(2_000),
    "plans together": lambda text: render_plans_report(
        [TenantPlan(text, document(text)), TenantPlan(text, None, text)]
    ),
}


@pytest.mark.parametrize("make", NOTES.values(), ids=NOTES)
@pytest.mark.parametrize("text", [*HOSTILE, ALL])
def test_nothing_is_markup_but_our_own(make, text):
    told = make(text)
    calm = make("a")
    assert RAW.search(told) is None
    found = {match[0] for match in ACTS.finditer(own_markup(told))}
    assert found <= {match[0] for match in ACTS.finditer(own_markup(calm))}
    assert told.count("\n") <= calm.count("\n")  # nobody adds a line of his own
    for one, other in zip(told.splitlines(), calm.splitlines(), strict=False):
        if other.startswith("|"):  # nor a cell
            assert len(re.findall(r"(?<!\\)\|", one)) == len(re.findall(r"(?<!\\)\|", other))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@all see #1, !2", r"\@all see \#1, \!2"),
        ("https://evil.invalid", r"https\://evil.invalid"),
        ("www.evil.invalid", r"www\.evil.invalid"),
        ("a_b*c", r"a\_b\*c"),
        ("a\\*b", r"a\\\*b"),
        ("dnc-list-01: 2 numbers, (a/b)", "dnc-list-01: 2 numbers, (a/b)"),
        ("a\n\n/merge", "a /merge"),
        ("\x1b[2J", r"\\x1b\[2J"),
    ],
)
def test_plain(text, shown):
    assert escape_markdown(text) == shown


def test_code_ends_where_we_end_it():
    assert code_span("a`b` @all") == "`a'b' @all`"


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *attrs))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("errored", [False, True])
@pytest.mark.parametrize("text", [*HOSTILE, ALL])
def test_a_page_has_our_tags_only(text, errored):
    page = Page(render_plan_html(document(text, errored=errored), SHOWN))
    calm = Page(render_plan_html(document("a", errored=errored), SHOWN))
    assert _without_code(page.tags) == _without_code(calm.tags)
    assert text.replace("`", "") in page.text.replace("`", "")


def _without_code(tags):
    """Leave out what stands between backticks, which is shown as code and has no attribute."""
    return [tag for tag in tags if tag != ("code",)]


FOUND = [Finding(text, 1, 1, f"/{text}", "LIST-01", Severity.ERROR, text) for text in HOSTILE]


def test_reports_of_findings_can_be_read():
    done = ValidateResult(tuple(FOUND), (*HOSTILE, "fine.yaml"), 0)
    issues = json.loads(code_quality(done))
    assert len(issues) == len(HOSTILE)
    code_quality(done).encode()
    suite = ET.fromstring(junit(done).encode())
    assert {case.get("file") for case in suite} >= {"fine.yaml"}
    assert RAW.search("".join(case.get("file") + case.get("name") for case in suite)) is None


def test_a_child_pipeline_runs_our_commands_only():
    hostile = 'a"; rm -rf /; $(id) `id`\nscript: [x]'
    found = FanOut(Work.PLAN, ("a",), hostile, hostile, is_scheduled=False)
    document = yaml.safe_load(child_pipeline(found))
    assert set(document) == {"workflow", "stages", ".tenant", "plan a", "gather"}
    (_, command) = document[".tenant"]["script"]
    assert hostile in shlex.split(command)
