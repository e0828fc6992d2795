"""A new list repository validates, plans on the built-in CXone, and has a pipeline that GitLab takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.pipeline.gitlab import FILE, component

FILES = {
    ".gitignore",
    ".gitlab-ci.yml",
    ".pre-commit-config.yaml",
    "CODEOWNERS",
    "dnc-lists/company.yaml",
    "dnc.yaml",
    "schema/dnc-list.schema.json",
    "schema/dnc.schema.json",
}


def run(folder, *words, code=0):
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CI", "GIT_", "CXONE"))} | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.org",
        "GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@example.org",
    }  # fmt: skip
    done = subprocess.run(
        words, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def below(folder):
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.fixture
def made(tmp_path):
    run(tmp_path, "dnc", "init", "lists")
    return tmp_path / "lists"


def test_it_validates_and_is_canonical(made):
    assert set(below(made)) == FILES
    run(made, "dnc", "validate")
    run(made, "dnc", "fmt", "--check")


@pytest.mark.parametrize("dialect", ["entries", "dnc-groups"])
def test_the_dialect_of_the_tenant_is_written(tmp_path, dialect):
    run(tmp_path, "dnc", "init", "lists", "--dialect", dialect)
    made = tmp_path / "lists"
    tenants = yaml.safe_load((made / "dnc.yaml").read_text())["tenants"]
    assert {tenant["dialect"] for tenant in tenants.values()} == {dialect}
    run(made, "dnc", "validate")
    run(made, "git", "init", "-q", "-b", "main")
    run(made, "git", "add", "-A")
    run(made, "git", "commit", "-qm", "The lists")
    assert "no changes, CXone matches git" in run(made, "dnc", "plan")


def test_without_a_terminal_the_dialect_is_said(tmp_path):
    said = run(tmp_path, "dnc", "init", "lists")
    assert "dialect: entries; the one that NICE publishes is dnc-groups" in said


def test_the_first_number_goes_all_the_way(made):
    run(made, "git", "init", "-q", "-b", "main")
    terms = ("--reason", "CUSTOMER_REQUESTED", "--policy", "NEVER", "--evidence", "CALL-1")
    asked = ("--requested-on", "2026-11-02", *terms)
    run(made, "dnc", "add", "+12125550123", "--list", "dnc-list-01", *asked)
    run(made, "git", "add", "-A")
    run(made, "git", "commit", "-qm", "first")
    assert "1 to add" in run(made, "dnc", "plan")
    assert "sandbox: complete: 1 added" in run(made, "dnc", "apply", "--yes")
    assert run(made, "git", "status", "--porcelain") == ""


def test_gitlab_takes_the_pipeline(made):
    checker = Path(sys.executable).parent / "check-jsonschema"
    schema = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    run(made, str(checker), *schema, ".gitlab-ci.yml")
    (include,) = yaml.safe_load((made / ".gitlab-ci.yml").read_text())["include"]
    template = (FILE.parent / "templates" / "dnc.yml").read_text()
    assert {"validate", "plan", "apply"} <= set(component(template, include["inputs"]))
    hooks = yaml.safe_load((made / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    shipped = yaml.safe_load((FILE.parent / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in hooks} <= {hook["id"] for hook in shipped}


def test_nothing_is_written_over(made):
    before = below(made)
    (made / "dnc.yaml").write_text("mine")
    (made / "CODEOWNERS").unlink()
    assert "dnc.yaml" in run(made, "dnc", "init", code=4)
    assert below(made) == {**{k: v for k, v in before.items() if k != "CODEOWNERS"}, "dnc.yaml": b"mine"}
    run(made, "dnc", "init", "dnc.yaml", code=4)


def test_the_schemas_are_the_packaged_ones_and_can_be_renewed(made):
    before = below(made)
    name = "schema/dnc-list.schema.json"
    (made / name).write_text((made / name).read_text().replace('"holds"', '"helds"'))
    assert "schemas: schema/dnc-list.schema.json" in run(made, "dnc", "doctor", code=4)
    assert name in run(made, "dnc", "init", "--schemas")
    assert below(made).items() >= before.items()
    assert "already" in run(made, "dnc", "init", "--schemas")
    assert "ok       schemas" in run(made, "dnc", "doctor", code=4)  # it is no repository yet


def test_what_holds_whole_numbers_is_never_committed(made):
    """B29, S18."""
    run(made, "git", "init", "-q", "-b", "main")
    for name in ("unreadable.csv", "table.rejects.csv", "plan.json"):
        (made / name).write_text("x")
        run(made, "git", "check-ignore", "-q", name)
