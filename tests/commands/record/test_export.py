"""A list for others: everybody who may not be called, and what differs from an earlier revision."""

import csv
import json
from hashlib import sha256

import pytest

from tests.support.project import LIST, dated, entry, release

A, B, C, D = (f"+1212555010{n}" for n in range(1, 5))


@pytest.fixture
def kept(project):
    """Give a project with a number that is on the list, one that lapsed, and one that is kept."""
    project.list(entry(A), entry(B, reason="NATIONAL"), dated(C, until="2026-11-30"))
    project.apply()
    project.list(entry(A), dated(C, until="2026-11-30"))
    project.apply(code=6)
    return project


def rows(text):
    return list(csv.DictReader(text.splitlines()))


def test_the_list_and_its_manifest(kept):
    done = kept.run("export", "--list", LIST, "--format", "csv", "-o", "out.csv")
    assert done.code == 0, done.err
    data = (kept.folder / "out.csv").read_bytes()
    assert [r["phone"] for r in rows(data.decode())] == [A, B, C]  # B is kept: nothing permits it to go
    assert rows(data.decode())[2] == {
        "phone": C, "listId": LIST, "reasonCode": "COMPANY_POLICY", "expirationPolicy": "ABSOLUTE",
        "end": "2026-11-30", "jurisdiction": "",
    }  # fmt: skip
    told = json.loads((kept.folder / "out.csv.manifest.json").read_text())
    assert (told["list"], told["count"], told["sha256"]) == (LIST, 3, sha256(data).hexdigest())
    assert (told["revision"], told["as_of"], told["since"]) == (kept.head, "2026-11-23", None)
    assert (kept.folder / "out.csv").stat().st_mode & 0o077 == 0


def test_an_export_is_read_back(kept):
    """A67: also where a term has an end."""
    kept.run("export", "--list", LIST, "--format", "csv", "-o", "out.csv")
    done = kept.run("import", "out.csv", "--list", "copy", "--new-list")
    assert done.code == 0, done.err
    assert "3 rows read, 3 added, 0 already there, 0 refused" in done.err


def test_what_differs(kept):
    first = kept.git("rev-parse", "HEAD~1")
    kept.list(entry(A, reason="UNKNOWN"), entry(D), releases=[release(A)])
    done = kept.run("export", "--list", LIST, "--since", first)
    assert done.code == 0, done.err
    # A is held stronger, B is kept and C is held: until a run has taken them off, they stay as they are.
    assert [(r["action"], r["phone"]) for r in rows(done.out)] == [("add", D)]
    assert json.loads(done.err)["since"] == first


def test_what_came_off_is_told(project):
    project.list(entry(A), entry(B))
    project.apply()
    first = project.head
    project.list(entry(A), releases=[release(B)])
    project.clock.move(days=2)
    project.apply()
    done = project.run("export", "--list", LIST, "--since", first)
    assert [(r["action"], r["phone"]) for r in rows(done.out)] == [("remove", B)]


def test_what_was_kept_then_is_removed_too_once_it_is_off(project):
    project.list(entry(A), entry(B))
    project.apply()
    kept = project.list(entry(A))
    project.apply(code=6)
    done = project.run("export", "--list", LIST, "--since", kept)
    # It is on the list, and no file says so: told once too often rather than never.
    assert [(r["action"], r["phone"]) for r in rows(done.out)] == [("add", B)]
    project.list(entry(A), releases=[release(B)])
    project.clock.move(days=2)
    project.apply()
    done = project.run("export", "--list", LIST, "--since", kept)
    assert [(r["action"], r["phone"]) for r in rows(done.out)] == [("remove", B)]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--list", "nonsense"), "there is no such list: there is"),
        (("--list", LIST, "--since", "-x"), "no such revision"),
    ],
)
def test_what_is_not_there(kept, arguments, why):
    done = kept.run("export", *arguments)
    assert done.code == 4
    assert why in done.err


def test_without_a_report_the_export_says_what_it_lacks(project):
    project.list(entry(A))
    done = project.run("export", "--list", LIST)
    assert (done.code, [row["phone"] for row in rows(done.out)]) == (0, [A])
    assert "warning: there is no report of tenant production, so this is what its files say" in done.err
    project.apply()
    assert "no report" not in project.run("export", "--list", LIST).err


def test_what_is_not_committed_is_not_exported(kept):
    kept.list(entry(A), entry(D), commit=False)
    done = kept.run("export", "--list", LIST)
    assert (done.code, done.out) == (4, "")
    assert "not committed" in done.err
