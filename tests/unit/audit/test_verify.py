"""Tampering, and that `verify` names it."""

import json

import pytest

from reconciler.audit.report_files import sha256
from reconciler.git.repository import Repository
from tests.unit.audit.builders import AT, content, fill, open_ledger


@pytest.fixture
def books(clone):
    """A clone with three reports of one tenant and one of another; the audit branch is checked out."""
    stored = fill(open_ledger(clone), 3)
    fill(open_ledger(clone), 1, "eu")
    clone.git("checkout", "-q", "dnc-audit")
    return stored


def told(clone):
    repository = Repository.discover(clone.folder)
    assert repository is not None
    return [(f.file, f.message) for f in open_ledger(clone).verify().problems]


def test_what_was_not_tampered_with_verifies(clone, books):
    ledger = open_ledger(clone)
    found = ledger.verify()
    assert found.problems == ()
    assert [(h.branch, h.tenant, h.reports) for h in found.heads] == [
        ("dnc-audit", "eu", 1), ("dnc-audit", "production", 3),
    ]  # fmt: skip
    assert str(found.heads[1]) == (
        f"dnc-audit: production: 3 reports, the newest has SHA-256 {books[2].sha256}"
    )
    ledger.deliver(push=True)
    both = ledger.verify()
    assert both.problems == ()
    assert [h.branch for h in both.heads] == ["origin/dnc-audit"] * 2 + ["dnc-audit"] * 2


def test_nothing_verifies_as_nothing(clone):
    found = open_ledger(clone).verify()
    assert (found.problems, found.heads) == ((), ())


def test_a_rewritten_report_is_found_and_its_commit_named(clone, books):
    data = json.loads((clone.folder / books[1].path).read_text())
    commit = clone.commit({books[1].path: json.dumps(data | {"status": "in-sync"})})
    found = told(clone)
    assert (
        f"dnc-audit:{books[1].path}",
        f"the commit {commit} changed it; reports are only ever added",
    ) in found
    assert any(f"{books[1].path} has SHA-256" in message for _, message in found)


def test_a_report_changed_and_changed_back_is_found(clone, books):
    before = (clone.folder / books[2].path).read_text()
    one = clone.commit({books[2].path: "{}"})
    two = clone.commit({books[2].path: before})
    found = told(clone)
    assert [message.split()[2] for _, message in found] == [one, two]


def test_a_removed_report_is_found(clone, books):
    commit = clone.commit({books[0].path: None, books[0].plan_path: None})
    found = told(clone)
    assert (
        f"dnc-audit:{books[0].path}",
        f"the commit {commit} removed it; reports are only ever added",
    ) in found
    assert any("number 2 in the chain where 1 is due" in message for _, message in found)


def test_a_renamed_report_is_found(clone, books):
    clone.git("mv", books[2].path, books[2].path.replace("production", "eu"))
    clone.git("commit", "-q", "-m", "rename")
    found = told(clone)
    assert any(place.endswith(books[2].path) and "removed it" in message for place, message in found)
    assert any("it is a report of the tenant production" in message for _, message in found)


def test_a_merge_that_drops_a_report_is_found(clone, books):
    tip = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "-q", "-b", "side", "HEAD~2")
    clone.commit({"note": "x"})
    clone.git("merge", "-q", "-s", "ours", "--no-ff", "-m", "evil", "dnc-audit")
    evil = clone.git("rev-parse", "HEAD")
    clone.git("update-ref", "refs/heads/dnc-audit", evil, tip)
    found = told(clone)
    assert any(place.endswith(books[2].path) and evil in message for place, message in found)


def test_a_report_that_became_a_link_is_found(clone, books):
    (clone.folder / books[2].path).unlink()
    (clone.folder / books[2].path).symlink_to("elsewhere")
    clone.git("add", "--all")
    clone.git("commit", "-q", "-m", "link")
    assert any("changed the type of it" in message for _, message in told(clone))


def test_a_plan_that_is_another_or_absent_is_found(clone, books):
    clone.commit({books[0].plan_path: "x", books[1].plan_path: None})
    found = dict(told(clone))
    assert "not the one that its report names" in " ".join(found.values())
    assert "is not there" in found[f"dnc-audit:{books[1].plan_path}"]


def test_a_gap_and_a_forged_link_are_found(clone, books):
    forged = json.loads((clone.folder / books[2].path).read_text())
    forged |= {"seq": 5, "previous": {"path": books[0].path, "sha256": books[0].sha256}}
    name = books[2].path.replace("Z-0", "Z-1")
    clone.commit({name: json.dumps(forged)})
    found = [message for place, message in told(clone) if place == f"dnc-audit:{name}"]
    assert any("number 5 in the chain where 4 is due" in message for message in found)
    assert any(f"follows {books[0].path}, not {books[2].path}" in message for message in found)


def test_a_file_that_is_no_report_is_found(clone, books):
    clone.commit({books[0].path.replace("Z-0", "Z-1"): "not json"})
    assert any("no audit report" in message for _, message in told(clone))


def test_what_only_the_remote_has_is_checked_too(origin, clone, books, tmp_path):
    clone.push("dnc-audit")
    other = origin.clone(tmp_path / "other")
    other.git("checkout", "-q", "dnc-audit")
    other.commit({books[0].path: "{}"})
    other.push("dnc-audit")
    found = open_ledger(clone).verify()
    assert {f.file.split(":")[0] for f in found.problems} == {"origin/dnc-audit"}
    assert [h.branch for h in found.heads if h.reports == 3] == ["dnc-audit"]


def test_a_remote_that_lost_reports_is_found(origin, clone, books):
    ledger = open_ledger(clone)
    ledger.deliver(push=True)
    origin.git("update-ref", "refs/heads/dnc-audit", f"{ledger.tip}~2")
    (problem,) = ledger.verify().problems
    assert "rewritten" in problem.message
    assert problem.rule == "AUDIT"


def test_merges_that_lose_nothing_are_fine(clone):
    ledger = open_ledger(clone, branch="main")
    fill(ledger, 1)
    clone.git("reset", "-q", "--hard")
    clone.git("checkout", "-q", "-b", "feature", "main~1")
    clone.commit({"dnc-lists/f.yaml": "f"})
    clone.git("checkout", "-q", "main")
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "feature")
    clone.git("checkout", "-q", "--detach")
    ledger = open_ledger(clone, branch="main")
    following = ledger.append(content(), b"{}", at=AT)
    assert following.report.seq == 2
    assert sha256(clone.git("show", f"main:{following.path}").encode() + b"\n") == following.sha256
    assert ledger.verify().problems == ()
