"""What an import did, in words: files to stdout, everything else to stderr."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.cli.call import complain
from reconciler.cli.render.numbers import Shown

if TYPE_CHECKING:  # a snapshot's modules take their time to load
    from reconciler.reconcile.import_ import Imported
    from reconciler.reconcile.snapshot import Taken

_PRINTED = 10


def show_imported(done: "Imported") -> None:
    """Say what became of a table's rows."""
    _show_rows(done, "that file")
    for path in done.files:
        print(path)
    complain(f"batch {done.batch}: {_counts(done)}")
    if done.files:
        complain("next: commit these files; dnc plan shows what they change")


def show_taken(done: "Taken", shown: Shown) -> None:
    """Say what a snapshot changed, and what it did not."""
    _show_rows(done, "the snapshot")
    for path in done.files:
        print(path)
    block = done.block
    complain(f"{block.name} of {block.retrieved_at}, sha256 {block.sha256[:12]}…: {_counts(done)}")
    if done.released:
        complain(f"{len(done.released):,} released from {done.list_id}: REGISTRY_REMOVED, {done.evidence}")
    _show_doubts(done)
    _show_some(f"{shown.number(one.number)} stays on {one.list_id}: {one.why}" for one in done.stays)
    for code, why in done.unchanged.items():
        complain(f"nothing of area code {code} comes off: {why}")
    if not done.doubts and any("lost" in why for why in done.unchanged.values()):
        complain(
            "  way out: retrieve it again; or look at the numbers, and release them: "
            f"`dnc release NUMBER --list {done.list_id} --reason REGISTRY_REMOVED --evidence {done.evidence}`"
        )
    for path, count in done.strangers.items():
        complain(
            f"{path}: {count:,} numbers of {block.name} are in no snapshot's file, and stay whatever it says"
            "\n  way out: give the file a registry block, with name and retrievedAt, to make it one"
        )
    if done.files:
        complain("next: commit these files; dnc plan shows what they change")
    elif not done.refused and not done.doubts:
        complain("nothing to do: the files have this snapshot already")


def _show_doubts(done: "Taken") -> None:
    """Say why a snapshot releases nothing, and how to go on."""
    for doubt in done.doubts:
        complain(doubt)
    if done.doubts:
        complain(
            "nothing was released: a snapshot releases numbers only if every row of its file is "
            "accounted for; new numbers were added all the same\n"
            "  way out: download the file again, or repair what is named above, and import the snapshot again"
        )


def _show_rows(done: "Imported | Taken", again: str) -> None:
    _show_some((f"line {reject.line}: {reject.why}" for reject in done.refused), f"are in {done.rejects}")
    if done.refused:
        complain(
            f"refused rows: {done.rejects} (whole numbers: do not commit it). Correct and import {again}"
        )
    if done.ignored:
        complain(f"columns that nothing was taken from: {', '.join(done.ignored)}")
    if done.left_out:
        counted = ", ".join(f"{value} ({count:,})" for value, count in sorted(done.left_out.items()))
        complain(f"rows that the profile ignores: {counted}")


def _show_some(lines: Iterable[str], where: str = "stay, too") -> None:
    told = list(lines)
    for line in told[:_PRINTED]:
        complain(line)
    if more := len(told[_PRINTED:]):
        complain(f"{more:,} more {where}")


def _counts(done: "Imported | Taken") -> str:
    left_out = sum(done.left_out.values())
    return (
        f"{done.read:,} rows read, {done.added:,} added, {done.present:,} already there, "
        f"{len(done.refused):,} refused" + (f", {left_out:,} ignored" if left_out else "")
    )
