"""A folder with lists, and `dnc` called in it: same process, a clock that stands."""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import pytest

from reconciler.cli.main import main
from reconciler.rules.rule_set import load_rules
from reconciler.use_cases.workspace.context import CommandContext
from tests.support.result import Result

HEAD = "# yaml-language-server: $schema=../schema/dnc-list.schema.json\nlistId: dnc-list-01\n"
CONFIGURATION = "defaultTenant: toy\ntenants:\n  toy: {dialect: entries, embedded: true}\n"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@cache
def _rules(*overrides):
    return load_rules(dict(overrides))


@dataclass
class Folder:
    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def read(self, name):
        return (self.path / name).read_bytes().decode()

    def entries(self, name, text):
        """Write a list file with these entries."""
        self.write(f"dnc-lists/{name}.yaml", f"{HEAD}entries:\n{text}")

    def files(self):
        """Read all files but those of `.dnc/`, which are none of the project's."""
        files = {f.relative_to(self.path): f for f in self.path.rglob("*") if f.is_file()}
        return {str(name): f.read_bytes() for name, f in files.items() if name.parts[0] != ".dnc"}

    def dnc(self, *arguments):
        """Call `dnc`."""
        out, err = io.StringIO(), io.StringIO()
        before = Path.cwd()
        os.chdir(self.path)
        try:
            with (
                patch.dict(os.environ, {"NO_COLOR": "1", **self.environ}, clear=True),
                patch.object(sys, "argv", ["dnc", *arguments]),
                patch("reconciler.cli.call.CommandContext", partial(CommandContext, clock=lambda: NOW)),
                patch(
                    "reconciler.use_cases.workspace.project.load_rules", lambda given: _rules(*given.items())
                ),
                redirect_stdout(out),
                redirect_stderr(err),
            ):
                code = _code()
        finally:
            os.chdir(before)
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return Result(code, out.getvalue(), err.getvalue())


def _code():
    try:
        main()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(bool(left.code))
    return 0


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path / "project")
    made.write("dnc.yaml", CONFIGURATION)
    return made
