"""The memory of a scrub does not grow with the calling list."""

import tracemalloc
from pathlib import Path

from reconciler.lists.scrub.listed import ListedNumbers, Listing
from reconciler.use_cases.scrub.outputs import Outputs
from reconciler.use_cases.scrub.request import OutputFiles, ScrubRequest
from reconciler.use_cases.scrub.scrub import RowParting
from reconciler.use_cases.scrub.tables import open_calling_list
from reconciler.use_cases.workspace.context import CommandContext


def peak(folder: Path, rows: int) -> int:
    """Part so many rows, some of them listed and some unreadable; give the most bytes held meanwhile."""
    file = folder / "leads.csv"
    with file.open("w") as stream:
        stream.write("Name,Phone\n")
        stream.writelines(f"Ann {n},{('3125550177', '2125550123', 'x')[n % 97 % 3]}\n" for n in range(rows))
    listed = ListedNumbers("US")
    listed.add(Listing("customers", "CUSTOMER_REQUESTED"), ["+12125550123"])
    outputs = Outputs(OutputFiles.of(ScrubRequest(file)), file)
    tracemalloc.start()
    with outputs.staging():
        parting = RowParting(outputs, open_calling_list(file), listed)
        for part in parting.parts(()):
            parting.add_part(CommandContext(), part)
        tables = parting.finished()
        assert sum(table.rows for table in tables.values()) == rows
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_the_peak_is_that_of_a_few_rows(tmp_path: Path):
    peak(tmp_path, 10_000)  # what is cached for good
    assert peak(tmp_path, 40_000) < 1.15 * peak(tmp_path, 10_000)
