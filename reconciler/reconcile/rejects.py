"""The rows of a table that were refused, as a table that can be corrected and imported again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import InvalidInput
from reconciler.reconcile.cells import own_table, write_table


@dataclass(frozen=True, slots=True, order=True)
class Reject:
    """One row: its line, why it was refused and the way out, and its cells as they were."""

    line: int
    why: str
    cells: tuple[str, ...]


def write_rejects(file: Path, header: tuple[str, ...], rejects: Sequence[Reject]) -> None:
    """Write the rows with their columns, and line and reason before them. It holds whole numbers.

    Raises InvalidInput where it cannot be written.
    """
    width = max(len(header), *(len(reject.cells) for reject in rejects))
    titles = [*header, *(f"column {n}" for n in range(len(header) + 1, width + 1))]
    try:
        with own_table(file) as out:
            rows = ([reject.line, reject.why, *reject.cells] for reject in rejects)
            write_table(out, ["line", "why", *titles], rows)
    except OSError as error:
        fact = f"the refused rows cannot be written: {error.strerror}; nothing was imported"
        raise InvalidInput(fact, "name another file: --rejects FILE", where=str(file)) from error
