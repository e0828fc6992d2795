"""`dnc site`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.messages import count
from reconciler.cli.render.site.pages import INDEX, pages
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import finding_json
from reconciler.use_cases.history.site import site as run
from reconciler.use_cases.workspace.files import put

MARKER = ".dnc-site"
_OURS = re.compile(r"(?:index|tenant-[a-z0-9-]+)\.html")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for pages, and the names of those that were written there before."""

    folder: Path
    before: frozenset[str]

    @classmethod
    def open(cls, folder: Path) -> "Place":
        """Look at a folder. Raises InvalidInput where it is none, or has files and is no site of ours."""
        try:
            found = (
                {one.name for one in folder.iterdir()} if folder.exists() or folder.is_symlink() else set()
            )
            marker = folder / MARKER
            said = marker.read_text(encoding="utf-8") if MARKER in found else ""
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(
                "this is no folder that can be read", "name another one", where=str(folder)
            ) from error
        if found and MARKER not in found:
            raise InvalidInput(
                f"the folder has files, and no {MARKER} that says dnc wrote them: nothing was written",
                "name a new folder, or an empty one",
                where=str(folder),
            )
        return cls(folder.absolute(), frozenset(name for name in said.split() if _OURS.fullmatch(name)))

    def write(self, pages: Mapping[str, str]) -> None:
        """Write the pages, and take away those of before that there are no more.

        Raises InvalidInput, before anything is written, where a page's name is taken by another file.
        """
        taken = [name for name in pages if name not in self.before and (self.folder / name).exists()]
        if taken:
            raise InvalidInput(
                f"{', '.join(sorted(taken))}: there already, and not written by dnc; nothing was written",
                "move it away, or name another folder",
                where=str(self.folder),
            )
        # Both at first: a death in between must leave no page behind that nobody knows to be ours.
        put(self.folder, MARKER, _listed(self.before | pages.keys()))
        for name, text in pages.items():
            put(self.folder, name, text.encode())
        for name in self.before - pages.keys():
            (self.folder / name).unlink(missing_ok=True)
        put(self.folder, MARKER, _listed(pages.keys()))


def _listed(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in sorted(names)).encode()


EXAMPLES = examples("dnc site public", "dnc site record --tenant production")


def site(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder, or a site of before.")],
    output: Output = Format.TEXT,
) -> None:
    """Write pages for auditors and the board, from lists and reports. Exit 4 where a chain is broken."""
    with told(output):
        place = Place.open(out)
        made = run(current().context())
        written = pages(made)
        place.write(written)
        code = 4 if made.broken else 0
        if output is Format.JSON:
            findings = [finding_json(problem) for problem in made.verification.problems]
            emit(answer({"folder": str(out), "pages": sorted(written), "findings": findings}, code=code))
        else:
            print(f"{count(len(written), 'page')} in {out}: open {out / INDEX}")
    for problem in made.verification.problems:
        complain(f"error: {problem}")
    raise typer.Exit(code)
