"""What `dnc` is measured against: the same work as somebody would write it first, with the same libraries.

Each is a program of its own: python -m script.benchmarks.yardsticks naive LIST.yaml SCHEMA.json
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import requests

from script.benchmarks.workload import LIST, number

_PAGE = 500
_PATIENCE = 30
_ENTRIES = "/api/v2/dnc/entries"


def judge(file: str, schema: str) -> dict[str, Any]:
    """Load a list and judge it by its schema: bare PyYAML (in C) and jsonschema."""
    import yaml  # noqa: PLC0415  (each program loads only what it needs)
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    document: dict[str, Any] = yaml.load(Path(file).read_bytes(), Loader=yaml.CSafeLoader)
    errors = list(Draft202012Validator(json.loads(Path(schema).read_text())).iter_errors(document))
    if errors:
        sys.exit(f"{len(errors)} errors: {errors[0].message}")
    return document


def naive(file: str, schema: str) -> None:
    """Judge a list, and compare it with what is live, which is the same: DeepDiff besides."""
    from deepdiff import DeepDiff  # noqa: PLC0415

    entries = judge(file, schema)["entries"]
    if DeepDiff(by_number(entries), by_number(entries)):
        sys.exit("the list differs from itself")


def table(file: str, count: str) -> None:
    """Read a table, and make a set of its numbers: the csv module, or calamine."""
    if file.endswith(".csv"):
        import csv  # noqa: PLC0415  (each program loads only what it needs)

        with Path(file).open(newline="") as stream:
            found = {row[0] for row in csv.reader(stream)}
    else:
        from python_calamine import CalamineWorkbook  # noqa: PLC0415

        sheet = CalamineWorkbook.from_path(file).get_sheet_by_index(0)
        found = {str(row[0]) for row in sheet.iter_rows()}
    if len(found) != int(count) + 1:
        sys.exit(f"{len(found)} numbers, {count} expected")


def scrub(listed: str, leads: str, clean: str, blocked: str) -> None:
    """Part a calling list by a set of numbers, each taken for one of +1: bare csv."""
    import csv  # noqa: PLC0415  (each program loads only what it needs)
    import re  # noqa: PLC0415

    digits, numbers = re.compile("[^0-9]+"), set(Path(listed).read_text().split())
    with (
        Path(leads).open(newline="") as source,
        Path(clean).open("w", newline="") as kept,
        Path(blocked).open("w", newline="") as others,
    ):
        rows, write_kept, write_other = csv.reader(source), csv.writer(kept), csv.writer(others)
        write_kept.writerow(next(rows))
        for row in rows:
            is_listed = "+1" + digits.sub("", row[2])[-10:] in numbers
            (write_other if is_listed else write_kept).writerow(row)


def by_number(entries: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give every number its own entry."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        terms = {name: value for name, value in entry.items() if name not in {"phone", "phones"}}
        for phone in entry.get("phones") or [entry["phone"]]:
            found[phone] = dict(terms)
    return found


def read(url: str, count: str) -> None:
    """Read every page one after the other, and decode it: bare requests."""
    session = _signed_in(url)
    seen = 0
    for page in range(1, -(-int(count) // _PAGE) + 1):
        answer = session.get(f"{url}{_ENTRIES}?pageSize={_PAGE}&page={page}", timeout=_PATIENCE)
        answer.raise_for_status()
        seen += len(answer.json()["entity"])
    if seen != int(count):
        sys.exit(f"{seen} rows instead of {count}")


def post(url: str, count: str) -> None:
    """Send every number in chunks, one after the other, and check every answer: bare requests."""
    session = _signed_in(url)
    for first in range(0, int(count), _PAGE):
        chunk = [_sent(n) for n in range(first, min(first + _PAGE, int(count)))]
        answer = session.post(f"{url}{_ENTRIES}/bulk", json=chunk, timeout=_PATIENCE)
        answer.raise_for_status()
        if answer.json()["successes"] != len(chunk):
            sys.exit(f"not everything was stored: {answer.text[:200]}")


def alone(*command: str) -> None:
    """Run a command on one of the processors."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.execvp(command[0], command)


def _sent(place: int) -> dict[str, str]:
    return {
        "phone": number(place),
        "reasonCode": "CUSTOMER_REQUESTED",
        "expirationPolicy": "NEVER",
        "listId": LIST,
        "source": "bench",
    }


def _signed_in(url: str) -> requests.Session:
    session = requests.Session()
    form = {"grant_type": "client_credentials", "client_id": "dnc", "client_secret": "built-in"}
    answer = session.post(f"{url}/api/v2/oauth/token", data=form, timeout=_PATIENCE)
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return session


PROGRAMS: dict[str, Callable[..., object]] = {
    "judge": judge,
    "table": table,
    "naive": naive,
    "scrub": scrub,
    "read": read,
    "post": post,
    "alone": alone,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
