"""`--metrics FILE`: what a command measured, as OpenMetrics text, also where it fails."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, Project, entry
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
FILE = "metrics.txt"
TENANT = (("tenant", "production"),)


def measured(project: Project) -> dict:
    """Read the file as a scraper does: sample name and labels to value."""
    text = (project.folder / FILE).read_text()
    assert not any(number.lstrip("+") in text for number in (A, B, C, D))
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    assert len(list(plain_families(text))) > 0  # node exporter's textfile collector reads the older form
    return found


def of(found: dict, name: str, **labels: str) -> float:
    return found[name, *sorted({"tenant": "production", **labels}.items())]


def has(found: dict, name: str) -> bool:
    return any(key[0] == name for key in found)


@pytest.fixture
def project(project: Project) -> Project:
    project.list(entry(A, B))
    project.apply()
    return project


def test_apply_tells_what_it_did_and_left(project):
    project.sandbox.faults.plan(Fault(FaultAction.STATUS, RequestKind.BULK))
    project.list(entry(A, B, C))
    project.apply("--metrics", FILE)
    found = measured(project)
    assert found["dnc_run_exit_code", ("command", "apply")] == 0
    assert of(found, "dnc_run_outcome", command="apply", outcome="complete") == 1
    assert of(found, "dnc_entries", list=LIST) == 3
    assert of(found, "dnc_changes", action="create") == 1
    assert of(found, "dnc_outcomes", outcome="applied") == 1
    assert of(found, "dnc_http_retries_total") == 1
    assert of(found, "dnc_conflicts_total") == 0
    assert of(found, "dnc_http_latency_seconds_bucket", le="+Inf") == of(found, "dnc_http_requests_total") > 3
    assert 0 <= of(found, "dnc_last_verified_age_seconds") < 60
    assert (of(found, "dnc_blocked"), of(found, "dnc_not_live")) == (0, 0)


def test_drift_and_blocked_numbers(project):
    project.agent("add", C)
    project.agent("remove", A)
    project.list(entry(A))
    assert project.run("drift", "--metrics", FILE).code == 3
    found = measured(project)
    assert found["dnc_run_exit_code", ("command", "drift")] == 3
    assert of(found, "dnc_run_outcome", command="drift", outcome="done") == 1
    kinds = {kind: of(found, "dnc_drift", kind=kind) for kind in ("removed", "strengthened", "unmanaged")}
    assert kinds == {"removed": 1, "strengthened": 0, "unmanaged": 1}
    assert of(found, "dnc_blocked") == 1
    assert not has(found, "dnc_outcomes")


def test_deadlines_open_and_late(project):
    project.list(entry(A, B), entry(C, requestedOn="2026-11-20"), entry(D, requestedOn="2026-11-02"))
    project.plan("--metrics", FILE)
    found = measured(project)
    assert {word: of(found, "dnc_deadlines", state=word) for word in ("open", "late")} == {
        "open": 2,
        "late": 1,
    }


def test_status_tells_of_tenants_by_their_reports(project):
    project.clock.move(hours=30)
    assert project.run("status", "--metrics", FILE).code == 3
    found = measured(project)
    assert of(found, "dnc_last_verified_age_seconds") == pytest.approx(30 * 3600, abs=60)
    assert of(found, "dnc_run_outcome", command="status", outcome="complete") == 1
    assert of(found, "dnc_entries", list=LIST) == 2
    assert of(found, "dnc_reports_not_at_remote") == 0
    assert not has(found, "dnc_http_requests_total")


def test_status_counts_reports_that_only_this_clone_has(project):
    project.configure(lambda c: c.setdefault("audit", {}).update(push="never"))
    project.list(entry(A, B, C))
    project.apply()
    project.run("status", "--metrics", FILE)
    assert of(measured(project), "dnc_reports_not_at_remote") == 1


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_a_cxone_that_is_down_is_measured(project, command):
    project.clock.move(hours=3)
    project.sandbox.faults.plan(Fault(FaultAction.STATUS, status=503, times=None))
    done = project.run(command, "--metrics", FILE)
    assert done.code == 5
    found = measured(project)
    assert found["dnc_run_exit_code", ("command", command)] == 5
    assert of(found, "dnc_run_outcome", command=command, outcome="failed") == 1
    assert of(found, "dnc_last_verified_age_seconds") == pytest.approx(3 * 3600, abs=60)
    assert of(found, "dnc_http_retries_total") > 0
    assert not has(found, "dnc_entries")


@pytest.mark.parametrize(
    ("arguments", "code"), [(("plan",), 4), (("apply",), 8), (("plan", "-o", "no/such/folder/plan.json"), 2)]
)
def test_what_comes_to_nothing_is_told_as_well(project, arguments, code):
    if code != 2:
        project.write("dnc-lists/broken.yaml", "listId: [\n")
        project.commit()
    assert project.run(*arguments, "--metrics", FILE).code == code
    found = measured(project)
    assert found["dnc_run_exit_code", ("command", arguments[0])] == code


def test_a_file_that_can_not_be_written_holds_nothing_up(project):
    project.list(entry(A, B, C))
    (project.folder / "taken").write_text("")
    done = project.apply("--metrics", "taken/metrics.txt")
    assert "warning: taken/metrics.txt: the metrics were not written" in done.err
    assert C in project.live()


def test_the_file_changes_in_one_step_and_others_may_read_it(project):
    old = project.folder / FILE
    old.write_text("# EOF\n")
    before = old.stat().st_ino
    project.plan("--metrics", FILE)
    assert old.stat().st_ino != before
    assert old.stat().st_mode & 0o044
    assert not list(project.folder.glob(".dnc-*.tmp"))
