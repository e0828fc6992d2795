"""`dnc audit bundle`."""

import re
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.answer import Output, told
from reconciler.cli.call import Format, current, emit, json_text
from reconciler.cli.examples import examples
from reconciler.cli.own_file import own_file, write_own
from reconciler.cli.render.words import count
from reconciler.reconcile.audit_bundle import bundle_month
from reconciler.reconcile.month import Month

EXAMPLES = examples(
    "dnc audit bundle --month 2026-11", "dnc audit bundle --month 2026-11 -o /archive/2026-11.bundle"
)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def bundle(
    month: Annotated[str, typer.Option(metavar="MONTH", help="A month, in UTC, as 2026-11.")],
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file; FILE.manifest.json is put beside it."),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Write what the audit branch got in a month as a git bundle, verified, for write-once storage."""
    with told(output):
        made = bundle_month(current().surroundings(), _month(month))
        path = file or Path(f"{made.branch.replace('/', '-')}-{made.month}.bundle")
        write_own(path, made.data)
        made.verify(str(path.absolute()))
        beside, manifest = path.with_name(f"{path.name}.manifest.json"), made.said_of(path.name)
        with own_file(beside) as out:
            out.write(json_text(manifest, indent=2) + "\n")
        if output is Format.JSON:
            emit({"errored": False, **manifest})
        else:
            reports = sum(one["reports"] for one in manifest["tenants"])
            told_of = f"{count(reports, 'report')} of {made.month}"
            print(f"{path}: {told_of}, verified by git, described by {beside}")
            print(f"  SHA-256 {manifest['bundle']['sha256']}")
            if not made.over:
                print("  the month is not over: make it again when it is")


def _month(text: str) -> Month:
    found = _MONTH.fullmatch(text)
    if found is None or found[1] in {"0000", "9999"}:
        raise typer.BadParameter(f"{text!r} is no month: write it as 2026-11", param_hint="--month")
    return Month(int(found[1]), int(found[2]))
