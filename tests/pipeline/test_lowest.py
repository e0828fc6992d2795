"""The lowest versions that are allowed: each requirement has one, not beyond its pin, and a job runs them."""

from packaging.version import Version

from script.floors import floors, pins
from tests.pipeline.gitlab import FILE, Pipeline


def test_each_requirement_has_a_floor_that_is_not_beyond_its_pin():
    found, pinned = floors(), pins()
    assert {"typer", "requests", "pyrate-limiter", "pyjwt", "hatchling"} <= found.keys()
    for name, version in found.items():
        assert Version(version) <= Version(pinned[name]), name


def test_a_job_runs_the_pinned_and_the_lowest_versions():
    job = Pipeline(FILE.read_text(encoding="utf-8")).jobs["tests"]
    (checks,) = job["parallel"]["matrix"]
    assert checks["CHECK"] == ["test", "lowest"]
    for check in checks["CHECK"]:
        assert (FILE.parent / "script" / check).stat().st_mode & 0o100
    assert job["script"] == ["script/$CHECK"]
