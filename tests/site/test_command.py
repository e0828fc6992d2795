"""`dnc site` as its user meets it: from runs against CXone to pages on the disk."""

import re

import pytest

from reconciler.cli.commands.site import MARKER
from reconciler.cli.render.site.blocks import NO_VALUE
from tests.site.test_rendering import WHOLE
from tests.support.played import play
from tests.support.project import LIST, entry

A, B, C = "+12125550101", "+12125550102", "+12125550103"


@pytest.fixture
def applied(project):
    project.list(entry(A, requestedOn="2026-11-20"), entry(B, requestedOn="2026-09-01"), entry(C))
    project.apply(code=0)
    return project


def page(project, name="tenant-production.html", out="public") -> str:
    return (project.folder / out / name).read_text(encoding="utf-8")


def tables(text: str) -> dict[str, list[list[str]]]:
    """Give the rows of every table by its caption."""
    found = {}
    for caption, body in re.findall(r"<caption>(.*?)</caption>.*?<tbody>(.*?)</tbody>", text, re.DOTALL):
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>")]
        found[caption] = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells if row]
    return found


def test_pages_tell_what_the_reports_tell(applied):
    applied.agent("remove", A)
    applied.agent("add", "+12125550104")
    applied.clock.move(days=1)
    applied.apply()
    done = applied.run("site", "public")
    assert (done.code, done.err) == (0, "")
    assert done.out == "2 pages in public: open public/index.html\n"
    told = tables(page(applied))
    assert told["Every list"] == [[LIST, "4", "3", "0"]]
    assert told["Requests live by day"] == [["2026-11-23", "1", "1"]]
    assert [row[1] for row in told["Live, but late"]] == [LIST]
    assert [row[:3] for row in told["Run by run"]] == [
        ["2", "2026-11-24 12:00", "complete"],
        ["1", "2026-11-23 12:00", "complete"],
    ]
    assert [row[:3] for row in told["As the newest run found it"]] == [
        [LIST, "removed", "1"],
        [LIST, "unmanaged", "1"],
    ]
    assert told["Drift by day"] == [["2026-11-23", "0", "0"], ["2026-11-24", "1", "1"]]
    head = applied.run("audit", "list", "--format", "json").json["reports"][0]["sha256"]
    assert [row[1:] for row in told["As verified when this page was made"]] == [["2", head]] * 2
    overview = tables(page(applied, "index.html"))["Every tenant"]
    assert [row[:3] for row in overview] == [["production", "verified", "4"]]


def test_no_number_is_whole(applied):
    applied.list(entry(B))
    applied.apply(code=6)
    assert applied.run("site", "public").code == 0
    for file in (applied.folder / "public").glob("*.html"):
        assert not WHOLE.search(file.read_text())
    kept = tables(page(applied))["Stays live, although the files no longer ask for it"]
    assert [row[:2] for row in kept] == [[LIST, "2"]]


def test_some_days_of_life(project):
    play(project, 3)
    assert project.run("site", "public").code == 0
    told = tables(page(project))
    assert {row[0]: row[1] for row in told["Every list"]} == {
        "registries": "160",
        "campaigns": "24",
        "customers": "4",
    }
    assert len(told["Run by run"]) == 6
    assert not WHOLE.search(page(project))


def test_the_same_moment_gives_the_same_bytes(applied):
    moment = applied.clock()
    applied.clock = lambda: moment
    assert applied.run("site", "one").code == applied.run("site", "two").code == 0
    for name in ("index.html", "tenant-production.html", MARKER):
        assert page(applied, name, "one") == page(applied, name, "two")


def test_what_ends_soon_and_what_a_hold_names(project):
    project.write(
        "dnc-lists/main.yaml",
        f"""listId: {LIST}
entries:
  - phones: ["{A}", "{B}"]
    reasonCode: COMPANY_POLICY
    expirationPolicy: ABSOLUTE
    expirationDate: 2026-12-24
  - phone: "{C}"
    reasonCode: COMPANY_POLICY
    expirationPolicy: ABSOLUTE
    expirationDate: 2027-06-30
holds:
  - phones: ["{A}"]
    matter: CASE-7
    from: 2026-11-01
""",
    )
    project.write("dnc-lists/other.yaml", f"listId: {LIST}\nentries:\n  - phone: not-a-number\n")
    project.commit()
    assert project.run("site", "public", "--tenant", "production").code == 0
    told = tables(page(project))
    assert told["By last day"] == [["2026-12-24", LIST, "COMPANY_POLICY", "2", "1"]]
    assert told["Every list"] == [[LIST, NO_VALUE, "3", "3"]]
    assert re.search(r"[0-9]+ errors? in the files: what they concern is not counted", page(project))


def test_a_broken_chain_is_loud_and_ends_with_4_after_writing(applied):
    applied.clock.move(days=1)
    applied.list(entry(A), entry(B), entry(C), entry("+12125550105"))
    applied.apply()
    applied.git("fetch", "-q", "origin", "+dnc-audit:dnc-audit")
    first = min(applied.git("ls-tree", "-r", "--name-only", "dnc-audit").splitlines())
    applied.git("worktree", "add", "-q", "../audit", "dnc-audit")
    file = applied.folder.parent / "audit" / first
    file.write_text(file.read_text().replace("complete", "in-sync"))
    applied.git("-C", str(file.parent), "commit", "-qam", "nothing happened")
    done = applied.run("site", "public")
    assert done.code == 4
    assert "reports are only ever added" in done.err
    for name in ("index.html", "tenant-production.html"):
        assert '<p class="alert">The chain does not hold' in page(applied, name)
        assert "reports are only ever added" in page(applied, name)
    assert [row[0] for row in tables(page(applied))["Run by run"]] == ["2"]
    assert "1 report of 2 could be read along the chain: the others are not on this page" in page(applied)
    assert tables(page(applied, "index.html"))["Every tenant"][0][1] == "the chain of reports does not hold"


def test_a_chain_that_starts_elsewhere_than_pinned_is_loud(applied):
    applied.configure(lambda c: c.setdefault("audit", {}).update(genesis={"production": "0" * 64}))
    assert applied.run("site", "public").code == 4
    assert '<p class="alert">The chain does not hold' in page(applied)
    assert [row[0] for row in tables(page(applied))["Run by run"]] == ["1"]


def test_a_branch_that_was_rewritten_at_the_remote_shows_what_this_clone_knew(applied):
    assert applied.run("audit", "verify").code == 0
    applied.git("-C", str(applied.origin), "update-ref", "-d", "refs/heads/dnc-audit")
    done = applied.run("site", "public")
    assert done.code == 4
    assert "gone from the remote" in done.err
    assert [row[0] for row in tables(page(applied))["Run by run"]] == ["1"]


def test_json_says_what_was_written_also_on_failure(applied):
    done = applied.run("site", "public", "--format", "json")
    assert (done.code, done.json["exit_code"], done.json["errored"]) == (0, 0, False)
    assert done.json["pages"] == ["index.html", "tenant-production.html"]
    done = applied.run("site", "dnc-lists", "--format", "json")
    assert (done.code, done.json["exit_code"], done.json["errored"]) == (4, 4, True)


def test_a_run_that_failed_is_told_with_its_cause(applied):
    applied.clock.move(days=1)
    applied.apply("--attest", code=5, CXONE_CLIENT_SECRET="wrong")
    assert applied.run("site", "public").code == 0
    newest, first = tables(page(applied))["Run by run"]
    ((seq, _, cause),) = tables(page(applied))["Why runs failed"]
    assert seq == "2"
    assert "sign-in" in cause
    assert newest[2] == "failed"
    assert first[2] == "complete"
    overview = tables(page(applied, "index.html"))["Every tenant"]
    assert overview[0][:3] == ["production", "the newest run failed", "3"]


def test_without_any_report_it_says_so(project):
    project.list(entry(A))
    assert project.run("site", "public", "--tenant", "toy").code == 0
    assert "No report yet: dnc apply writes the first." in page(project, "tenant-toy.html")
    assert project.run("site", "public").code == 0
    assert not (project.folder / "public" / "tenant-toy.html").exists()


def test_a_remote_that_is_silent_writes_nothing(applied):
    applied.origin.rename(applied.origin.with_name("gone.git"))
    assert applied.run("site", "public").code == 4
    assert not (applied.folder / "public").exists()


# Where it writes.


def test_a_site_of_before_is_written_over_and_nothing_else(applied):
    out = applied.folder / "public"
    assert applied.run("site", "public").code == 0
    (out / "notes.txt").write_text("mine")
    (out / MARKER).write_text((out / MARKER).read_text() + "tenant-gone.html\n../dnc.yaml\nnotes.txt\n")
    (out / "tenant-gone.html").write_text("a tenant of before")
    assert applied.run("site", "public").code == 0
    assert sorted(file.name for file in out.iterdir()) == sorted(
        [MARKER, "index.html", "tenant-production.html", "notes.txt"]
    )
    assert (applied.folder / "dnc.yaml").exists()
    assert (out / MARKER).read_text() == "index.html\ntenant-production.html\n"


@pytest.mark.parametrize("name", ["index.html", "notes.txt", ".hidden"])
def test_a_folder_with_other_files_is_refused(applied, name):
    file = applied.folder / "public" / name
    file.parent.mkdir()
    file.write_text("mine")
    done = applied.run("site", "public")
    assert done.code == 4
    assert "nothing was written" in done.err
    assert [one.name for one in file.parent.iterdir()] == [name]
    assert file.read_text() == "mine"


def test_a_page_of_somebody_else_in_our_folder_is_refused(applied):
    out = applied.folder / "public"
    out.mkdir()
    (out / MARKER).write_text("")
    (out / "index.html").write_text("mine")
    assert applied.run("site", "public").code == 4
    assert (out / "index.html").read_text() == "mine"


def test_a_file_is_no_folder(applied):
    assert applied.run("site", "dnc.yaml").code == 4
    assert applied.run("site").code == 2
