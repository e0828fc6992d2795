"""Every command that a page shows in a bash block is run, in order, or has its reason here why it is not."""

import csv
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import yaml

from tests.docs.pages import GENERATED, PAGES, ROOT, blocks
from tests.docs.running import Shell, shown
from tests.support.project import Project, making
from tests.unit.tables.workbooks import workbook

Hook = Callable[[Project], object]


@dataclass(frozen=True)
class Told:
    """What is special about a page's commands, each named by how it begins.

    `codes` are exit codes that are not 0, `before` what must be there first, `unrun` why one is not run here.
    `empty`: it begins in an empty folder, and shows what its commands print. `pipeline`: a job runs them.
    """

    origin: bool = True
    codes: dict[str, int] = field(default_factory=dict)
    before: dict[str, Hook] = field(default_factory=dict)
    unrun: dict[str, str] = field(default_factory=dict)
    empty: bool = False
    pipeline: bool = False


def put_lists(project: Project) -> None:
    """Give the repository this one's lists."""
    shutil.copytree(ROOT / "dnc-lists", project.folder / "dnc-lists")
    project.commit()


def written(page: str, having: str) -> str:
    """Give the YAML block of a page that has this line."""
    (found,) = [b for b in blocks(ROOT / page) if b.language == "yaml" and having in b.lines]
    return "\n".join(found.lines) + "\n"


def remote(project: Project) -> None:
    """Lead the address of the README's empty project to a repository of this machine."""
    bare = project.folder.parent / "lists.git"
    project.git("init", "-q", "--bare", "-b", "main", str(bare))
    project.git(
        "config", f"url.file://{bare}.insteadOf", "https://gitlab.example.com/compliance/my-lists.git"
    )


def allow_removal(project: Project) -> None:
    """Write what the tutorial says: the lines of its YAML block, in place of those that are there."""
    lines = written("docs/start/tutorial.md", "    removal: delete")
    before = lines.replace("    removal: delete\n", "")
    file = project.folder / "dnc.yaml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, lines))


def profile(project: Project) -> None:
    found = yaml.safe_load(written("docs/how-to/daily.md", "imports:"))
    project.configure(lambda c: c.update(found))
    rows = [["Tel", "Asked", "Code", "Status", "Agent"], ["2125550141", "11/02/2026", "D1", "", "7"]]
    (project.folder / "calls.xlsx").write_bytes(workbook(*rows))


def table(name: str, *lines: str) -> Hook:
    return lambda project: project.write(name, "".join(f"{line}\n" for line in lines))


def many(project: Project) -> None:
    """Commit a branch that adds 12,500 numbers."""
    project.commit()
    project.git("switch", "-qc", "many")
    phones = [f"+1{code}55501{n:02d}" for code in range(201, 326) for n in range(100)]
    text = "\n".join(f'      - "{phone}"' for phone in phones)
    terms = "  - reasonCode: LOCAL\n    expirationPolicy: NEVER\n    phones:\n"
    project.write("dnc-lists/many.yaml", f"listId: dnc-list-05\nentries:\n{terms}{text}\n")
    project.commit(push=False)


def agents(project: Project) -> None:
    project.git("checkout", "-qf", "main")
    project.apply()
    project.agent("add", "+12125550181")
    project.agent("add", "+12125550182", list_id="dnc-list-09")


def batch(project: Project) -> None:
    project.write("mistake.csv", "tel\n2125550191\n")
    options = ("--list", "dnc-list-01", "--reason", "LOCAL", "--policy", "NEVER")
    assert project.run("import", "mistake.csv", *options, "--batch", "20261123-1a2b3c4d").code == 0


def applied(project: Project) -> None:
    project.commit()
    project.clock.move(hours=1)
    project.apply()


def exported(project: Project) -> None:
    """Write what is live, as somebody took it out of CXone."""
    project.apply()
    rows = [
        ("phone", "listId", "reasonCode", "expirationPolicy"),
        *((e.phone, e.list_id, e.reason_code, e.expiration_policy) for e in project.sandbox.entries()),
    ]
    with (project.folder / "cxone-export.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    first = [row for row in rows if row[1] in {"listId", "dnc-list-01"}]
    (project.folder / "dnc-list-01.xlsx").write_bytes(workbook(*first))


def calling_list(project: Project) -> None:
    project.apply()
    table("leads.csv", "Name,Phone", "Ann,(212) 555-0123", "Bob,+1 312 555 0188")(project)


IMPORT = "dnc import"
SIGNING = (
    {}
    if shutil.which("ssh-keygen")
    else dict.fromkeys(("ssh-keygen", "printf", "git add audit-signers"), "ssh-keygen is not on this machine")
)
TOLD = {
    "README.md": Told(
        empty=True,
        before={"git remote add": remote},
        unrun={
            "python3 -m venv .venv && . .venv/bin/activate": "test_readme_shell.py runs it",
            "pip install -c constraints.txt .": "test_readme_shell.py runs it, too",
        },
    ),
    "CONTRIBUTING.md": Told(
        unrun={
            "script/lint": "the checks that run beside this test",
            "script/test -k planning": "runs this test",
            "script/demo": "tests/docs/test_readme_shell.py runs it",
        }
    ),
    "docs/start/tutorial.md": Told(
        empty=True,
        codes={"dnc plan@3": 6, "dnc check +12125550123": 3},
        before={"dnc release": allow_removal},
    ),
    "docs/how-to/daily.md": Told(
        codes={
            "dnc check +12125550123 --at 2026-03-04T17:02Z": 3,  # before the first report
            "dnc check +12125550123 --at 2026-03-04T12:02-05:00": 3,
        },
        unrun={"dnc pull --group": "needs dnc-groups; tests/commands/runs/test_skill_coverage.py runs it"},
        before={
            f"{IMPORT} calls.csv": table("calls.csv", "Tel,Asked", "2125550131,2026-11-02"),
            f"{IMPORT} calls.xlsx": profile,
            f"{IMPORT} 202.txt": table("202.txt", "202,5550111", "202,5550112"),
            f"{IMPORT} 212.txt": table("212.txt", "212,5550111", "212,5550112"),
            "dnc confirm 12500": many,
            "dnc pull": agents,
            "dnc undo": batch,
            "dnc check": applied,
            "dnc export": applied,
        },
    ),
    "docs/reference/metrics.md": Told(
        pipeline=True,
        unrun={
            "dnc status --metrics /var/lib/": (
                "writes into the machine; tests/commands/program/test_metrics.py runs it"
            )
        },
    ),
    "docs/explain/personal-data.md": Told(
        codes={"dnc check +12125550123 --at": 3},  # before the first report
        before={"dnc check": Project.apply},
    ),
    "docs/how-to/audit.md": Told(
        codes={
            "dnc audit compare cxone-export.csv --report 12": 4,  # there is one report here
            "dnc audit verify --anchor": 4,  # and this is no part of its chain
        },
        before={"dnc audit compare": exported},
        unrun=SIGNING,
    ),
    "docs/how-to/scrub.md": Told(before={"dnc scrub leads.csv": calling_list}),
    "docs/explain/performance.md": Told(
        unrun={"script/bench": "takes minutes; tests/bench runs its parts on small lists"}
    ),
}
SHOWN = {str(page.relative_to(ROOT)): page for page in PAGES if page.name not in GENERATED}
WITH_COMMANDS = {name for name, page in SHOWN.items() if any(kind == "bash" for kind, _ in shown(page))}


# A page that has nothing special: there is a list, and a report.
USUAL = Told(before={"dnc ": Project.apply})


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_no_command_hides_in_a_block_that_is_not_run(name):
    known = {"bash", "text", "yaml", "mermaid"}
    elsewhere = {"sh"} if name == "docs/how-to/verify-by-hand.md" else set()  # test_by_hand.py runs it
    assert {block.language for block in blocks(SHOWN[name])} <= known | elsewhere


def test_what_is_told_is_of_pages_with_commands():
    assert set(TOLD) <= WITH_COMMANDS


@contextmanager
def world(told: Told, folder) -> Iterator[Shell]:
    with making(folder, origin=told.origin) as project:
        if told.empty:
            project.folder = folder / "empty"
            project.folder.mkdir()
        else:
            put_lists(project)
        yield Shell(project, told.pipeline)


@pytest.mark.parametrize("name", sorted(WITH_COMMANDS))
def test_commands_do_what_the_page_says(name, tmp_path):
    told = TOLD.get(name, USUAL)
    waiting, codes, unrun = dict(told.before), dict(told.codes), set()
    counts: dict[str, int] = {}
    with world(told, tmp_path) as shell:
        for kind, lines in shown(SHOWN[name]):
            if kind == "text":
                if told.empty:
                    assert [line for line in lines if line.strip() and line not in shell.said] == []
                continue
            shell.said = []
            for line in lines:
                if why := next((why for begin, why in told.unrun.items() if line.startswith(begin)), ""):
                    unrun.add(why)
                    continue
                if begin := next((begin for begin in waiting if line.startswith(begin)), ""):
                    waiting.pop(begin)(shell.project)
                counts[line] = counts.get(line, 0) + 1
                code = _code(codes, line, counts[line])
                assert shell.run(line) == code, (line, shell.said)
    assert (waiting, codes, unrun) == ({}, {}, set(told.unrun.values()))


def _code(codes: dict[str, int], line: str, count: int) -> int:
    """Give the exit code that a command has here: named by how it begins, or by which call it is."""
    for begin in codes:
        call, _, which = begin.partition("@")
        if (line == call and int(which) == count) if which else line.startswith(begin):
            return codes.pop(begin)
    return 0
