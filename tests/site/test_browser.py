"""The pages in a browser, opened as files: nothing refused by their own policy, themes, phone width."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from reconciler.cli.render.site.pages import render_site
from tests.site import made

PROGRAM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not PROGRAM, reason="chromium is not installed")

# A page around the pages, which looks into them as they are shown in a window of some width.
PROBE = """<!doctype html><meta charset="utf-8"><pre id="told"></pre>
<iframe id="phone" src="tenant-production.html" width="360" height="800"></iframe>
<iframe id="desk" src="tenant-production.html" width="1200" height="800"></iframe>
<iframe id="first" src="index.html" width="360" height="800"></iframe>
<script>
addEventListener("load", function () {
  var told = {};
  ["phone", "desk", "first"].forEach(function (id) {
    var page = document.getElementById(id).contentDocument;
    var seen = page.defaultView, root = page.documentElement;
    var chart = page.querySelector(".plot svg:last-child");
    function ground() { return seen.getComputedStyle(page.body).backgroundColor; }
    var one = told[id] = {width: root.clientWidth, wide: root.scrollWidth, auto: ground()};
    if (chart) {
      one.chart = chart.getBoundingClientRect().width;
      one.letters = seen.getComputedStyle(chart.querySelector("text")).fontSize;
      one.fill = seen.getComputedStyle(chart.querySelector(".area")).fill;
    }
    ["dark", "light"].forEach(function (theme) {
      page.getElementById("theme-" + theme).click();
      one[theme] = ground();
    });
    var filter = page.querySelector(".filter input");
    if (filter) {
      var rows = page.querySelectorAll("table[data-filter] tbody tr");
      filter.value = "partial";
      filter.dispatchEvent(new Event("input"));
      one.rows = rows.length;
      one.filtered = Array.prototype.filter.call(rows, function (row) { return !row.hidden; }).length;
    }
    var order = page.querySelectorAll("a[href], input, summary, [tabindex]");
    one.reached = Array.prototype.filter.call(order, function (item) {
      item.focus();
      return page.activeElement === item;
    }).length;
    one.reachable = order.length;
  });
  document.getElementById("told").textContent = JSON.stringify(told);
});
</script>
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict:
    """Open the pages once, and give what was measured; `console` is what the browser complained of."""
    folder = tmp_path_factory.mktemp("site")
    for name, page in render_site(made.golden()).items():
        (folder / name).write_text(page, encoding="utf-8")
    (folder / "probe.html").write_text(PROBE, encoding="utf-8")
    return looked_at(folder / "probe.html", folder / "profile")


def looked_at(page: Path, profile: Path) -> dict:
    command = [
        PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
        "--enable-logging=stderr", f"--user-data-dir={profile}", "--no-first-run",
        "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, done.stderr
    assert told[1], done.stderr
    return {**json.loads(unescape(told[1])), "console": re.findall(r"CONSOLE.*", done.stderr)}


def test_the_pages_own_policy_refuses_nothing_of_theirs(seen):
    assert seen["console"] == []


@pytest.mark.parametrize("frame", ["phone", "desk", "first"])
def test_a_page_is_as_wide_as_its_window(seen, frame):
    assert seen[frame]["wide"] == seen[frame]["width"]


def test_a_chart_has_its_colours_and_letters_that_can_be_read(seen):
    assert seen["phone"]["chart"] < 360 < seen["desk"]["chart"]
    assert seen["phone"]["letters"] == seen["desk"]["letters"] == "12px"
    assert seen["phone"]["fill"] != "rgb(0, 0, 0)"


def test_the_theme_is_chosen_or_the_systems(seen):
    light, dark = "rgb(253, 253, 251)", "rgb(20, 23, 27)"
    for frame in ("phone", "desk", "first"):
        assert (seen[frame]["light"], seen[frame]["dark"]) == (light, dark)
        assert seen[frame]["auto"] == light  # what a browser without a system has


def test_long_tables_can_be_filtered(seen):
    assert (seen["desk"]["rows"], seen["desk"]["filtered"]) == (13, 1)


def test_everything_that_acts_is_reached_by_keyboard(seen):
    closed = 7  # tables in closed details wait until these are opened
    for frame in ("phone", "desk", "first"):
        assert seen[frame]["reachable"] - seen[frame]["reached"] <= closed
        assert seen[frame]["reached"] >= 7
