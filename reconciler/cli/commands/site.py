"""`dnc site`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.site.pages import INDEX, render_site
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import count_text, finding_to_json
from reconciler.use_cases.history.site import site as run
from reconciler.use_cases.workspace.files import write_file

MARKER = ".dnc-site"
_PAGE_NAME = re.compile(r"(?:index|tenant-[a-z0-9-]+)\.html")


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """A folder for pages, and the names of those that were written there before."""

    folder: Path
    previous_names: frozenset[str]

    @classmethod
    def open(cls, folder: Path) -> "SiteFolder":
        """Look at a folder. Raises InvalidInput where it is none, or has files and is no site of ours."""
        try:
            names = (
                {path.name for path in folder.iterdir()} if folder.exists() or folder.is_symlink() else set()
            )
            marker = folder / MARKER
            marker_text = marker.read_text(encoding="utf-8") if MARKER in names else ""
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(
                "this is no folder that can be read", "name another one", where=str(folder)
            ) from error
        if names and MARKER not in names:
            raise InvalidInput(
                f"the folder has files, and no {MARKER} that says dnc wrote them: nothing was written",
                "name a new folder, or an empty one",
                where=str(folder),
            )
        return cls(
            folder.absolute(), frozenset(name for name in marker_text.split() if _PAGE_NAME.fullmatch(name))
        )

    def write(self, pages: Mapping[str, str]) -> None:
        """Write the pages, and take away those of before that there are no more.

        Raises InvalidInput, before anything is written, where a page's name is taken by another file.
        """
        conflicting_names = [
            name for name in pages if name not in self.previous_names and (self.folder / name).exists()
        ]
        if conflicting_names:
            raise InvalidInput(
                f"{', '.join(sorted(conflicting_names))}: there already, and not written by dnc; "
                "nothing was written",
                "move it away, or name another folder",
                where=str(self.folder),
            )
        # Both at first: a death in between must leave no page behind that nobody knows to be ours.
        write_file(self.folder, MARKER, _names_bytes(self.previous_names | pages.keys()))
        for name, text in pages.items():
            write_file(self.folder, name, text.encode())
        for name in self.previous_names - pages.keys():
            (self.folder / name).unlink(missing_ok=True)
        write_file(self.folder, MARKER, _names_bytes(pages.keys()))


def _names_bytes(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in sorted(names)).encode()


EXAMPLES = examples("dnc site public", "dnc site record --tenant production")


def site(
    out: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A new or empty folder, or one with an earlier site.")
    ],
    output: Output = Format.TEXT,
) -> None:
    """Build the record as web pages.

    For auditors and the board. Exits with 4 where a chain of reports is broken.
    """
    with error_output(output):
        place = SiteFolder.open(out)
        site_data = run(current_options().context())
        page_texts = render_site(site_data)
        place.write(page_texts)
        code = 4 if site_data.is_broken else 0
        if output is Format.JSON:
            findings = [finding_to_json(problem) for problem in site_data.verification.problems]
            print_json(
                to_answer({"folder": str(out), "pages": sorted(page_texts), "findings": findings}, code=code)
            )
        else:
            print(f"{count_text(len(page_texts), 'page')} in {out}: open {out / INDEX}")
    for problem in site_data.verification.problems:
        print_error(f"error: {problem}")
    raise typer.Exit(code)
