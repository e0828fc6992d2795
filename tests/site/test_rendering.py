"""What the pages say of data made by hand: the same bytes, everything escaped, no number whole, bounded."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reconciler.cli.render.html import mask_numbers
from reconciler.cli.render.site.pages import render_site
from reconciler.cli.render.site.runs import MAX_RUNS
from reconciler.cli.render.site.timeline import MAX_PERIODS
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.provider import Target
from reconciler.use_cases.history.site import RemainingNumbers
from tests.resilience.hostile_input.strings import ALL, HOSTILE, RAW
from tests.site import made

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("index.html", "tenant-canada.html", "tenant-production.html")
WHOLE = re.compile(r"\+[1-9][0-9]{6,}")
_ASSETS = re.compile(r"<(style|script)>.*?</\1>|<meta http-equiv[^>]*>", re.DOTALL)


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple] = []
        self.attributes: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_data_gives_the_page_of_before(name):
    """To take over what changed on purpose: python -m tests.site.test_rendering."""
    told = _ASSETS.sub("", render_site(made.golden())[name])
    assert told == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_tenant_has_a_page_and_the_first_leads_there():
    found = render_site(made.golden())
    assert sorted(found) == sorted(NAMES)
    hrefs = Page(found["index.html"]).attributes["href"]
    assert {"tenant-production.html", "tenant-canada.html"} <= set(hrefs)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_needs_nothing_from_outside(name):
    page = render_site(made.golden())[name]
    told = Page(page)
    links = [
        value for key in ("src", "href", "action", "data", "srcset") for value in told.attributes.get(key, ())
    ]
    assert all(re.fullmatch(r"#[a-z]+|[a-z-]+\.html", link) for link in links)
    assert not re.search(r"url\(|@import|https?://", page)
    assert "style" not in told.attributes  # the page's own policy would refuse it
    assert not [key for key in told.attributes if key.startswith("on")]


def test_no_number_is_whole_wherever_a_report_has_one():
    told = "INVALID +12125550107, 2125550107, (212) 555-0107"
    full = made.record(
        [made.report(1, status="failed", error={"fact": told}, actor={"name": told})],
        tenant="production", alarms=(told,), failures=(RemainingNumbers(told, told, 1),),
        drift=(RemainingNumbers("a", told, 1),),
        problems=(Finding(told, 0, 0, "", "CHAIN", Severity.ERROR, told),),
    )  # fmt: skip
    for page in render_site(made.site(full, at=made.START)).values():
        assert not WHOLE.search(page)
        assert "5550107" not in page
        assert "555-0107" not in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+12125550107", "+1 212 ••• ••07"),
        ("at 20261123T120000.123456Z-123456789012-00000001.json", None),
        ("1,234,567 rows on 2026-11-23 at 12:00", None),
        ("0123456789abcdef", None),
        ("12125550107!", "••••!"),
    ],
)
def test_a_number_is_known_from_a_date_a_count_and_a_hash(text, shown):
    assert mask_numbers(text) == (shown or text)


def hostile_site(text: str):
    live, reasons = {"after": {text: {"count": 2}}}, {text: {text: 2}}
    waiting = {"rule": text, "list_id": text, "due": "2026-09-11", "target": "2026-09-05", "past": True,
               "phones": [text]}  # fmt: skip
    late = {"list_id": text, "phones": [text], "rule": text, "due": "2026-09-08", "days": 13, "days_late": 3}
    one = made.report(
        1, status=text, error={"fact": text}, actor={"name": text}, live=live, reasons=reasons,
        revision=text,
        requests={"in_time": 1, "late": [late], "open": [waiting]},
    )  # fmt: skip
    rows = (RemainingNumbers(text, text, 1),)
    full = made.record(
        [one], retained=rows, failures=rows, not_live=rows, drift=rows, alarms=(text,),
        target=Target(text, text, text),
        problems=(Finding(text, 0, 0, "", "CHAIN", Severity.ERROR, text),),
    )  # fmt: skip
    return made.site(full, at=made.START, problems=full.problems)


@pytest.mark.parametrize("text", [*HOSTILE, ALL])
def test_names_from_elsewhere_are_text(text):
    told, calm = render_site(hostile_site(text)), render_site(hostile_site("a"))
    for name, page in told.items():
        assert Page(page).tags == Page(calm[name]).tags
        assert RAW.search(page) is None
        page.encode()


def test_hundreds_of_runs_and_lists_make_no_endless_page():
    lists = {f"list-{n:03}": {"count": 1_000_000 - n} for n in range(60)}
    reasons = {name: {"NATIONAL": told["count"]} for name, told in lists.items()}
    reports = [
        made.report(at + 1, made.START + timedelta(hours=6 * at), live={"after": lists}, reasons=reasons)
        for at in range(1_500)
    ]
    page = render_site(made.site(made.record(reports), at=reports[-1].report.finished_at))[
        "tenant-production.html"
    ]
    assert f"The newest {MAX_RUNS} of 1,500 runs" in page
    assert "The 12 largest of 60 lists have a chart." in page
    assert "by week" in page
    assert page.count("<tr>") < 60 + 18 * (MAX_PERIODS + 2) + 2 * MAX_RUNS
    assert len(page) < 450_000


def test_a_number_of_runs_is_on_the_page_once_for_each_period():
    page = render_site(made.golden())["tenant-production.html"]
    assert "All 13 runs, by day" in page
    assert (
        page.count('<th scope="row" class="short">2026-09-07</th>') == 5
    )  # sizes, requests, outcomes, latency, drift


if __name__ == "__main__":
    for name, page in render_site(made.golden()).items():
        (GOLDEN / name).write_text(_ASSETS.sub("", page), encoding="utf-8")
