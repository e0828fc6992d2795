"""What a command loads. Most of the time of a short one is loading, and each command is to load its own."""

import importlib.util
import subprocess
import sys

import pytest

from tests.support.project import ROOT, Project, entry
from tests.support.sandbox import phone

A, B = phone(0), phone(1)

_PROGRAM = """
import os, sys
from reconciler.cli.main import main
try:
    main()
finally:
    with open(os.environ["LOADED"], "w") as file:
        file.write(" ".join(sys.modules))
"""

# Of others: typer 0.29 brings pydantic; the rest is for pages, for tables, for the built-in CXone.
_NOBODYS = frozenset({"cryptography", "deepdiff", "jinja2", "jwt", "prometheus_client", "pydantic"}) | {
    "python_calamine",
    "starlette",
    "uvicorn",
    "reconciler.cli.render.html",
    "reconciler.cli.render.site",
    "reconciler.use_cases.history.site",
    "reconciler.sandbox",
}
# What speaks to CXone or to GitLab, and what comes with it.
_SPEAKS = frozenset({"asyncio", "email", "http", "logging", "multiprocessing", "pyrate_limiter"}) | {
    "requests",
    "rich",
    "sqlite3",
    "ssl",
    "structlog",
    "tenacity",
    "urllib3",
    "xml",
    "reconciler.core.apply",
    "reconciler.cxone.http.client",
    "reconciler.cxone.entries.provider",
    "reconciler.gitlab",
    "reconciler.use_cases.workspace.connection",
    "reconciler.use_cases.reconcile.prepared_plan",
}
# The record: what asks neither the reports nor the plans stored beside them is about files alone.
_RECORD = frozenset({"filelock", "orjson", "reconciler.audit", "reconciler.core.planning"})

_OF_FILES = _NOBODYS | _SPEAKS | _RECORD | {"reconciler.git", "concurrent.futures.process"}
# What edits takes the lock of the list files, and runs no git.
_OF_AN_EDIT = _OF_FILES - {"filelock", "logging", "reconciler.git"} | {"reconciler.git.runner"}
_OF_THE_RECORD = _NOBODYS | _SPEAKS
_OF_CXONE = _NOBODYS | {"reconciler.cli.render.note", "reconciler.cli.render.lookup_at"}

_ADD = (
    *("add", B, "--list", "dnc-list-01", "--reason", "CUSTOMER_REQUESTED", "--policy", "NEVER"),
    *("--requested-on", "2026-11-02", "--evidence", "CALL-8831"),
)


def loaded(project: Project, *arguments: str) -> frozenset[str]:
    """Call `dnc` as a process of its own; name the modules that it has loaded at its end."""
    place = project.folder.parent / "loaded"
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        cwd=project.folder,
        env={**project.environment(), "PYTHONPATH": str(ROOT), "LOADED": str(place)},
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode in {0, 3}, done.stderr  # 3: it has something to tell
    return frozenset(place.read_text().split())


@pytest.mark.parametrize(
    ("arguments", "others"),
    [
        (
            ("validate",),
            _OF_FILES | {"reconciler.use_cases.workspace.opening", "reconciler.lists.edit.changes"},
        ),
        (
            ("fmt", "--check"),
            _OF_FILES | {"reconciler.use_cases.workspace.opening", "reconciler.cli.reports"},
        ),
        (_ADD, _OF_AN_EDIT | {"reconciler.use_cases.workspace.opening", "reconciler.cli.reports"}),
        (
            ("status",),
            _OF_THE_RECORD | {"reconciler.lists.edit.changes", "reconciler.use_cases.reconcile.plan"},
        ),
        (("check", A), _OF_THE_RECORD | {"reconciler.cli.render.lookup_at", "reconciler.core.planning.plan"}),
        (("check", A, "--live"), _OF_CXONE | {"reconciler.gitlab.notes"}),
        # It reads tables, and its certificate says who ran what, as a report does.
        (("scrub", "leads.csv", "--record-only"), _OF_THE_RECORD - {"email", "reconciler.core.apply", "xml"}),
        (
            ("plan",),
            _OF_CXONE | {"reconciler.gitlab.notes", "reconciler.use_cases.reconcile.auto_merge", "xml"},
        ),
        (
            ("apply",),
            _OF_CXONE | {"reconciler.gitlab.notes", "reconciler.use_cases.operations.merge_request", "xml"},
        ),
    ],
    ids=lambda value: value[0] + value[-1] * (value[-1] == "--live") if isinstance(value, tuple) else "",
)
def test_a_command_loads_what_is_its_own(project: Project, arguments, others):
    project.list(entry(A))
    project.write("leads.csv", f"Phone\n{A}\n")
    project.apply()
    found = loaded(project, *arguments)
    assert f"reconciler.cli.commands.{arguments[0]}" in found
    assert {name for name in others if name in found} == set()


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (("validate", "--changed-since", "HEAD"), {"reconciler.git.repository"}),
        (("validate", "--report", "junit=junit.xml"), {"xml"}),
        (("plan", "--report", "html=plan.html"), {"jinja2", "reconciler.cli.render.site"}),
        (("plan", "--metrics", "metrics.txt"), {"prometheus_client"}),
        (("check", A, "--live"), {"requests", "structlog", "reconciler.use_cases.reconcile.prepared_plan"}),
        (("check", A, "--at", "2026-11-23T23:00Z"), {"reconciler.cli.render.lookup_at"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_asked_for_is_loaded(project: Project, arguments, more):
    project.list(entry(A))
    project.apply()
    assert more <= loaded(project, *arguments)


@pytest.mark.parametrize("name", sorted((_OF_FILES | _OF_AN_EDIT | _OF_CXONE) - {"pydantic"}))
def test_what_is_not_to_be_loaded_is_there(name):
    """A module that was renamed would be missed by nobody."""
    assert importlib.util.find_spec(name) is not None
