"""The shell of `docs/how-to/verify-by-hand.md`, run on a chain that holds and on chains that do not."""

import json
import os
import subprocess

import pytest

from tests.docs.pages import ROOT, blocks
from tests.support.clones import _nobody, _pattern, clone, origin  # noqa: F401  (fixtures)
from tests.unit.audit.builders import fill, open_ledger

(SCRIPT,) = (
    block.lines for block in blocks(ROOT / "docs" / "how-to" / "verify-by-hand.md") if block.language == "sh"
)


@pytest.fixture
def books(clone):  # noqa: F811  (the fixture)
    """Three reports of the tenant and one of another; the audit branch is checked out."""
    stored = fill(open_ledger(clone), 3)
    fill(open_ledger(clone), 1, "eu")
    clone.git("checkout", "-q", "dnc-audit")
    return stored


def by_hand(folder, scratch):
    done = subprocess.run(
        ["sh", "-c", "\n".join(SCRIPT)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


def test_it_is_ten_lines():
    assert len(SCRIPT) == 10


def test_a_chain_that_holds_gives_one_line(clone, books, tmp_path):  # noqa: F811
    assert by_hand(clone.folder, tmp_path) == [f"3 reports, the newest: {books[2].path} {books[2].sha256} "]


def test_a_changed_report_is_named(clone, books, tmp_path):  # noqa: F811
    data = json.loads((clone.folder / books[1].path).read_text())
    clone.commit({books[1].path: json.dumps(data | {"status": "in-sync"}, indent=2)})
    said = by_hand(clone.folder, tmp_path)
    assert "a commit changed or removed a file" in said
    assert any(line.startswith(f"{books[2].path}: does not follow") for line in said)


def test_a_removed_report_is_named(clone, books, tmp_path):  # noqa: F811
    clone.commit({books[1].path: None})
    assert f"{books[1].path}: gone" in by_hand(clone.folder, tmp_path)


def test_another_plan_is_named_also_where_history_hides_it(clone, books, tmp_path):  # noqa: F811
    clone.git("checkout", "-q", "--orphan", "anew")
    (clone.folder / books[2].plan_path).write_bytes(b"another")
    clone.git("add", "--all")
    clone.git("commit", "-qm", "all at once")
    clone.git("branch", "-qf", "dnc-audit", "HEAD")
    assert by_hand(clone.folder, tmp_path)[:-1] == [f"{books[2].path}: its plan is another"]
