"""What the site calls good: only what the tables of the same page do not contradict."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.cli.render.site.pages import render_site
from reconciler.use_cases.history.site import DeclaredCounts, FileCounts, RemainingNumbers, Site
from tests.site import made
from tests.support.project import BRANCH, Project, entry
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
GOOD, WARN, BAD = "good", "warn", "bad"


def facts(page: str) -> dict[str, tuple[str, str]]:
    """Give the figures at the top of a page: name to mark and value."""
    found = {}
    for name, value in re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd>", page):
        mark = re.match(r'<span class="mark (\w*)">(.*?)</span>', value)
        found[name] = (mark[1], mark[2]) if mark else ("", value)
    return found


def state(page: str) -> tuple[str, str]:
    """Give the mark and the sentence of a tenant's page."""
    (found,) = re.findall(r'<p class="lead"><span class="mark (\w+)">(.*?)</span></p>', page)
    return found


def pages(site: Site) -> tuple[str, str]:
    """Give the page of all tenants and that of production."""
    rendered = render_site(site)
    return rendered["index.html"], rendered["tenant-production.html"]


def one_run(**more):
    return made.record([made.report(1, **more)])


def test_a_tenant_with_nothing_left_open_is_verified():
    index, page = pages(made.site(one_run(), at=made.START))
    assert state(page) == (GOOD, "verified")
    assert facts(index)["Tenants verified"] == (GOOD, "1 of 1")
    assert facts(index)["Not live"] == facts(page)["Not live"] == (GOOD, "0")
    assert facts(index)["Not at the remote"] == facts(page)["Not at the remote"] == (GOOD, "0 reports")
    assert "here or at the remote. Both were compared and agree." in index
    assert "as git says" not in index + page


KEPT = {
    "list_id": "customers", "phones": ["+12125550101"], "path": "dnc-lists/a.yaml", "since": None,
    "blocked_by": ["no-release"], "held_at": None, "ended": False, "retrieved_on": None,
    "terms": {"reasonCode": "LOCAL", "expirationPolicy": "NEVER"},
}  # fmt: skip
NOT_LIVE = {"list_id": "customers", "phones": ["+12125550102"]}


@pytest.mark.parametrize(
    ("fields", "mark", "sentence"),
    [
        ({"kept": [KEPT]}, WARN, "1 number blocked"),
        ({"not_live": [NOT_LIVE]}, BAD, "1 number not live"),
        ({"status": "partial"}, WARN, "the newest run is partial"),
        ({"status": "interrupted"}, WARN, "the newest run is interrupted; never verified"),
        ({"read_back": {"how": "totals"}}, WARN, "never verified"),
    ],
)
def test_what_the_newest_run_left_is_not_green(fields, mark, sentence):
    index, page = pages(made.site(one_run(**fields), at=made.START))
    assert state(page) == (mark, sentence)
    assert f'<span class="mark {mark}">{sentence}</span>' in index
    assert facts(index)["Tenants verified"] == (WARN, "0 of 1")


def test_what_is_blocked_is_a_figure_of_its_own():
    index, page = pages(made.site(one_run(kept=[KEPT]), at=made.START))
    assert facts(index)["Blocked"] == facts(page)["Blocked"] == (WARN, "1")


def test_an_old_run_makes_no_figure_green():
    index, page = pages(made.site(one_run(), at=made.START + timedelta(hours=27)))
    assert state(page) == (WARN, "last verified 27 hours before")
    for name in ("Requests not live", "Not live"):
        assert facts(page)[name][0] == ""
    for name in ("Requests late", "Not live"):
        assert facts(index)[name][0] == ""


def test_a_newest_run_that_verified_nothing_is_told_beside_the_one_that_did():
    totals = made.report(2, made.START + timedelta(hours=1), read_back={"how": "totals"})
    _, page = pages(made.site(made.record([made.report(1), totals]), at=made.START + timedelta(hours=2)))
    assert state(page) == (WARN, "the newest run did not verify; report 1 did")


def test_files_that_have_more_than_cxone_are_not_verified():
    declared = (DeclaredCounts("customers", (("LOCAL", 103),), 0), DeclaredCounts("new", (("LOCAL", 5),), 0))
    record = replace(one_run(), files=FileCounts(declared))
    _, page = pages(made.site(record, at=made.START))
    assert state(page) == (WARN, "7 numbers in the files and not in CXone yet")
    broken = replace(one_run(), files=FileCounts(errors=2))
    _, page = pages(made.site(broken, at=made.START))
    assert state(page) == (WARN, "2 errors in the files")
    assert "No entry ends within 90 days. 2 errors in the files: what they concern is not counted." in page


def test_drift_that_nobody_knows_is_not_called_none():
    _, page = pages(made.site(replace(one_run(), drift=None), at=made.START))
    assert "Whether there is drift is not known" in page
    assert "saw no drift" not in page


def test_a_run_that_was_cut_left_more_than_nothing():
    _, page = pages(made.site(one_run(status="interrupted"), at=made.START))
    assert "the newest run left nothing over" not in page
    assert "The newest run is interrupted" in page


def test_what_people_have_to_remove_is_in_their_table():
    by_hand = RemainingNumbers("customers", "unsupported", 3)
    _, page = pages(made.site(replace(one_run(), by_hand=(by_hand,)), at=made.START))
    assert "To remove by hand" in page


def test_pages_of_nothing_praise_nothing():
    index, page = pages(made.site(made.record([]), at=made.START))
    for found in (facts(index), facts(page)):
        assert not [name for name, (mark, _) in found.items() if mark == GOOD], found
    assert "There is no report of production: dnc apply writes the first" in index
    assert "run dnc audit verify" in index
    index = render_site(made.site(at=made.START))["index.html"]
    assert GOOD not in {mark for mark, _ in facts(index).values()}


# With a clone and a remote.


@pytest.fixture
def applied(project: Project) -> Project:
    project.list(entry(A), entry(B))
    project.apply()
    return project


def made_pages(project: Project) -> tuple[str, str]:
    assert project.run("site", "public").code == 0
    index, page = (
        (project.folder / "public" / name).read_text() for name in ("index.html", "tenant-production.html")
    )
    return index, page


def test_a_report_that_was_not_pushed_is_on_every_page(applied: Project):
    applied.list(entry(A), entry(B), entry(C))
    applied.apply("--yes", CI="")
    for page in made_pages(applied):
        assert facts(page)["Not at the remote"] == (WARN, "1 report")
        assert "The chain holds: no report was changed or removed. Not at the remote: 1 report" in page
        assert "here or at the remote" not in page
        assert "not at the remote: 1 report</span>" in page
    assert applied.run("audit", "push").code == 0
    for page in made_pages(applied):
        assert facts(page)["Not at the remote"] == (GOOD, "0 reports")
        assert "Both were compared and agree." in page


def test_a_clone_without_the_branch_compared_nothing(applied: Project):
    for page in made_pages(applied.clone("fresh")):
        assert f"They are at origin; this clone has no branch {BRANCH} to compare with." in page
        assert "compared and agree" not in page


def test_numbers_that_are_kept_make_the_tenant_amber(applied: Project):
    applied.list(entry(A))
    applied.apply(code=6)
    index, page = made_pages(applied)
    assert state(page) == (WARN, "1 number blocked")
    assert facts(index)["Tenants verified"] == (WARN, "0 of 1")
    assert facts(index)["Blocked"] == (WARN, "1")


def test_an_added_line_that_no_run_has_sent_is_seen(applied: Project):
    applied.list(entry(A), entry(B), entry(C))
    _, page = made_pages(applied)
    assert state(page) == (WARN, "1 number in the files and not in CXone yet")
