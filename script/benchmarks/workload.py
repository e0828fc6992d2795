"""A list repository of so many numbers, and the same numbers as rows of CXone."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reconciler.sandbox.entries.entry import Entry
from tests.unit.tables.workbooks import workbook

LIST = "dnc-list-01"
LIST_FILE = f"dnc-lists/{LIST}.yaml"
MOST = 8_000_000
_BATCH = 10_000  # numbers that came together, and so share their terms

_CONFIGURATION = """\
defaultTenant: production
tenants:
  production:
    dialect: entries
    orgId: sandbox
    baseUrl: ${CXONE_BASE_URL}
    clientId: dnc
    clientSecret: ${CXONE_CLIENT_SECRET}
    requestsPerMinute: 1000000
"""


class Form(StrEnum):
    """How numbers are written: many under the same terms, one by one with their evidence, or as a table."""

    PHONES = "phones"
    SINGLE = "one by one"
    SEVERAL = "one by one, 4 files"
    CSV = "CSV"
    XLSX = "XLSX"

    @property
    def files(self) -> int:
        """In how many files they stand."""
        return 4 if self is Form.SEVERAL else 1

    @property
    def is_table(self) -> bool:
        """Whether it is a table to import, and no list."""
        return self in {Form.CSV, Form.XLSX}


def environment(url: str = "") -> dict[str, str]:
    """Give the environment that commands are measured in: nobody's git, nobody's pipeline."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith(("CI", "GIT_", "CXONE"))}
    who = {
        f"GIT_{role}_{what}": "bench@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    cxone = {"CXONE_BASE_URL": url, "CXONE_CLIENT_SECRET": "built-in"}
    return kept | who | cxone | {"GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}


def number(place: int) -> str:
    """Make the n-th number, in the exchange 555: 800 area codes of 10,000."""
    return f"+1{200 + place // 10_000}555{place % 10_000:04}"


def rows(count: int) -> Iterator[Entry]:
    """Give the numbers as CXone has them once they were applied."""
    return (Entry(number(n), "CUSTOMER_REQUESTED", "NEVER", LIST) for n in range(count))


def list_text(count: int, form: Form, begin: int = 0) -> Iterator[str]:
    """Write a list file of so many numbers, piece by piece. `begin` is the place of the first one."""
    yield f"listId: {LIST}\nentries:\n"
    if form is not Form.PHONES:
        for n in range(begin, begin + count):
            yield (
                f'  - phone: "{number(n)}"\n    reasonCode: CUSTOMER_REQUESTED\n    expirationPolicy: NEVER\n'
                f'    requestedOn: "2026-11-{1 + n % 20:02}"\n    evidence: CALL-{n}\n    source: desk\n'
            )
        return
    for first in range(begin, begin + count, _BATCH):
        yield "  - reasonCode: CUSTOMER_REQUESTED\n    expirationPolicy: NEVER\n"
        yield f"    source: batch-{first // _BATCH}\n    phones:\n"
        yield "".join(f'      - "{number(n)}"\n' for n in range(first, min(first + _BATCH, begin + count)))


_AREA_CODES = ("202", "206", "212", "213", "305", "312", "415", "503", "617", "702")


def table_rows(count: int) -> Iterator[tuple[str, str, str]]:
    """Give a header and so many rows of ten digits that are in use, each with a day and a note."""
    yield "Phone", "Requested On", "Note"
    for n in range(count):
        local = 2_000_000 + n // len(_AREA_CODES)
        yield f"{_AREA_CODES[n % len(_AREA_CODES)]}{local}", f"2026-11-{1 + n % 20:02}", "asked us to stop"


def write_table(file: Path, count: int) -> None:
    """Write a table, as CSV or XLSX by the file's name."""
    if file.suffix == ".csv":
        with file.open("w") as stream:
            stream.writelines(f"{','.join(row)}\n" for row in table_rows(count))
    else:
        file.write_bytes(workbook(*table_rows(count)))


_NOTATIONS = (
    "+1{0}{1}{2}",
    "{0}{1}{2}",
    "({0}) {1}-{2}",
    "{0}-{1}-{2}",
    "1.{0}.{1}.{2}",
    "+1 {0} {1} {2}",
)
_PLANTED = 100  # one row of so many has a listed number


def write_calling_list(file: Path, count: int) -> int:
    """Write a calling list of so many rows in six notations; give how many of its numbers are listed."""
    planted = 0
    with file.open("w") as stream:
        stream.write("Id,Name,Phone,City,Amount\n")
        for n in range(count):
            is_planted = n % _PLANTED == _PLANTED // 2
            planted += is_planted
            if is_planted:
                digits = number(n)[2:]
            else:
                digits = f"{_AREA_CODES[n % len(_AREA_CODES)]}{2_000_000 + n // len(_AREA_CODES)}"
            phone = _NOTATIONS[n % len(_NOTATIONS)].format(digits[:3], digits[3:6], digits[6:])
            stream.write(f"{n},Customer {n},{phone},Springfield,{n % 997}\n")
    return planted


@dataclass(frozen=True, slots=True)
class Workload:
    """A committed list repository. `folder` is the clone."""

    folder: Path
    count: int
    form: Form

    @property
    def list_file(self) -> Path:
        """The one list file, or the first."""
        return self.folder / LIST_FILE

    def git(self, *arguments: str) -> None:
        """Run git in the clone."""
        command = ["git", "-c", "gc.auto=0", *arguments]
        subprocess.run(command, cwd=self.folder, env=environment(), check=True, capture_output=True)

    def forget_reports(self) -> None:
        """Drop the audit branch: the next apply is the first one."""
        self.git("update-ref", "-d", "refs/heads/dnc-audit")

    def forget_files(self) -> None:
        """Drop what was not committed."""
        self.git("clean", "-fdq")


def make(folder: Path, count: int, form: Form) -> Workload:
    """Make the repository."""
    made = Workload(folder, count, form)
    made.list_file.parent.mkdir(parents=True)
    each = 1 if form.is_table else count // form.files
    for place in range(form.files):
        with made.list_file.with_stem(f"{LIST}-{place}" if place else LIST).open("w") as file:
            file.writelines(list_text(each, form, place * each))
    (folder / "dnc.yaml").write_text(_CONFIGURATION)
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-qm", "The lists")
    return made
