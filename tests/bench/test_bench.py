"""script/bench measures what it says that it measures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from script.benchmarks.figures import Limit
from script.benchmarks.memory import resident
from script.benchmarks.page import refresh
from script.benchmarks.process import Failed, Usage, run
from script.benchmarks.table import Row, growth, table
from script.benchmarks.workload import Form, list_text, make, number
from tests.support.project import ROOT


def row(seconds=1.0, megabytes=100.0, theirs=2.0, limit=None, count=1000) -> Row:
    ours, yardstick = Usage(seconds, seconds / 2, megabytes, 3), Usage(theirs, 1, 50, 3)
    return Row("plan", count, Form.PHONES, ours, "bare", yardstick, limit or Limit())


def cells(text: str, line: int = 2) -> list[str]:
    return [cell.strip() for cell in text.splitlines()[line].strip("|").split("|")]


@pytest.mark.parametrize(
    ("limit", "said", "met"),
    [
        (Limit(), "-", "-"),
        (Limit(1, 100, 0.5), "1 s, 100 MB, 0.5x", "yes"),
        (Limit(seconds=0.9), "0.9 s", "NO"),
        (Limit(megabytes=99), "99 MB", "NO"),
        (Limit(ratio=0.4), "0.4x", "NO"),
    ],
)
def test_a_limit_is_met_or_it_is_not(limit, said, met):
    assert cells(table([row(limit=limit)]))[-3:] == ["0.50x", said, met]


def test_growth_is_of_twice_the_numbers():
    told = cells(growth([row(1.0, count=1000), row(4.0, count=4000), row(4.0, count=4000)]))
    assert told == ["plan, phones", "1,000", "4,000", "4.00x", "2.00x", "2.00x", "2.2x", "yes"]
    assert cells(growth([row(1.0, count=1000), row(9.0, count=4000)]))[-4:] == [
        "3.00x",
        "3.00x",
        "2.2x",
        "NO",
    ]
    assert growth([row()]) == ""


def test_the_peak_counts_all_processes(tmp_path):
    alone = run([sys.executable, "-c", "x = bytearray(30_000_000)"], tmp_path, dict(os.environ))
    both = "import subprocess, sys; x = bytearray(30_000_000); subprocess.run([sys.executable, '-c', {0!r}])"
    inner = "import time; x = bytearray(30_000_000); time.sleep(0.15)"
    two = run([sys.executable, "-c", both.format(inner)], tmp_path, dict(os.environ))
    assert two.megabytes > alone.megabytes + 30
    assert resident(os.getpid()) > 1_000_000


def test_work_is_of_all_processes(tmp_path):
    spin = "import time\nwhile time.process_time() < 0.2: pass"
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])"
    assert run([sys.executable, "-c", inner], tmp_path, dict(os.environ)).work > 0.2


def test_a_command_that_fails_is_no_figure(tmp_path):
    with pytest.raises(Failed, match="ended with 3:\nno such thing"):
        run([sys.executable, "-c", "print('no such thing'); exit(3)"], tmp_path, dict(os.environ))


def test_the_numbers_are_as_many_as_asked_and_all_different():
    for form in Form:
        text = "".join(list_text(12_345, form))
        found = [word.strip('"') for word in text.split() if word.startswith('"+')]
        assert found == [number(n) for n in range(12_345)]
        assert len(set(found)) == 12_345


def test_a_page_is_renewed_between_its_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n")
    refresh(page, "bench", "new \\1")
    refresh(page, "bench", "newer")
    assert page.read_text() == "before\n<!-- bench:begin -->\nnewer\n<!-- bench:end -->\nafter\n"
    with pytest.raises(SystemExit):
        refresh(page, "profile", "x")


def test_everything_is_measured_once():
    command = [sys.executable, "-m", "script.benchmarks", "--sizes", "40", "--rounds", "1"]
    only = ["--only", "version", "--only", "plan", "--only", "apply"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*command, *only],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [cells(done.stdout, line) for line in range(2, 6)]
    assert [(r[0], r[1], r[5]) for r in rows] == [
        ("version", "1", "python -c pass"),
        ("plan, phones", "40", "bare requests"),
        ("plan, one by one", "40", "bare requests"),
        ("apply, phones", "40", "sequential bulk posts"),
    ]
    assert all("(once)" in r[2] for r in rows)


def test_several_files_share_the_numbers(tmp_path):
    work = make(tmp_path / "clone", 4_000, Form.SEVERAL)
    files = sorted(work.list_file.parent.iterdir())
    assert work.list_file in files
    texts = [file.read_text() for file in files]
    found = [line.split('"')[1] for text in texts for line in text.splitlines() if "phone:" in line]
    assert (len(files), sorted(found)) == (4, sorted(number(n) for n in range(4_000)))


def test_a_program_may_be_kept_to_one_processor(tmp_path):
    code = "import os; print(len(os.sched_getaffinity(0)))"
    command = [sys.executable, "-m", "script.benchmarks.yardsticks", "alone", sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
