"""A plan on the reading that `apply` or `drift` kept: what it costs, and when it is not used."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.model.errors import CxoneUnavailable
from tests.support.gitlab_api import serving
from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import LIST, MERGE_REQUEST, Project, dated, entry, merge_request, release
from tests.support.result import Result
from tests.support.sandbox import phone

A, B, C, D, E = (phone(n) for n in range(5))
KEY = {"DNC_READING_KEY": "0123456789abcdef"}
NOBODY = {"CXONE_CLIENT_ID": "", "CXONE_CLIENT_SECRET": "", "CXONE_ACCESS_KEY_ID": ""}


@pytest.fixture
def dear(monkeypatch) -> None:
    """Let every reading count as dear: what is cheap is read anew."""
    monkeypatch.setattr("reconciler.use_cases.reconcile.live_read.CHEAP_READ_REQUESTS", 0)


@pytest.fixture
def branch(project: Project, dear) -> Project:
    """A branch off a main that is applied: two numbers of ours, one of an agent's, and a row of nobody's.

    Every job has the key of the saved reading.
    """
    project.environ |= KEY
    project.agent("add", D)
    project.agent("add", E, list_id="foreign")
    project.list(entry(A, B))
    project.apply()
    project.git("switch", "-qc", "work")
    return project


def reading(project: Project, tenant="production") -> Path:
    return project.folder / ".dnc" / f"{tenant}.reading"


def where(planned: Result) -> str:
    return planned.json["live"].get("from", "live")


def same(one: Result, other: Result) -> None:
    """Compare two plans, but for what says where and when live was read."""
    told = []
    for document in (one.json, other.json):
        document["findings"] = [f for f in document["findings"] if f["rule"] != "CXONE-READ"]
        document["live"] = {k: v for k, v in document["live"].items() if k not in {"from", "read_at"}}
        told.append({k: v for k, v in document.items() if k not in {"created_at", "coverage_read_at"}})
    assert told[0] == told[1]


def test_the_plan_is_that_of_a_live_reading_and_asks_cxone_nothing(branch: Project):
    branch.list(entry(B, C), releases=[release(A)])
    branch.sandbox.requests.clear()
    planned = merge_request(branch, **NOBODY)
    assert branch.sandbox.requests.list_requests() == []
    assert where(planned) == "saved"
    assert planned.counts() == {"create": 1, "delete": 1, "unchanged": 1, "unmanaged": 1}
    live = merge_request(branch, "--reading", "live")
    assert where(live) == "live"
    assert len(branch.sandbox.requests.list_requests()) == 2  # the sign-in and a page
    same(planned, live)


def test_totals_that_agree_verify_a_reading_too(branch: Project, monkeypatch):
    monkeypatch.setattr("reconciler.core.apply.run.FULL_READ_BACK_PAGES", 0)
    branch.git("switch", "-q", "main")
    branch.list(entry(A, B), dated(C))
    branch.apply()
    assert branch.newest["read_back"]["how"] == "totals"
    branch.list(entry(A, B), dated(C, D))
    same(merge_request(branch, **NOBODY), merge_request(branch, "--reading", "live"))


def test_what_is_cheap_to_read_is_read(branch: Project, monkeypatch):
    monkeypatch.setattr("reconciler.use_cases.reconcile.live_read.CHEAP_READ_REQUESTS", 1)
    planned = merge_request(branch)
    assert (where(planned), planned.err) == ("live", "")


def test_outside_of_merge_requests_cxone_is_read_unless_told_otherwise(branch: Project):
    assert where(branch.plan()) == "live"
    assert where(branch.plan("--reading", "saved")) == "saved"
    assert where(branch.plan("--onto", "origin/main", CI="")) == "live"
    # A child pipeline's job knows of the merge request by this alone.
    assert where(branch.plan("--onto", "origin/main")) == "saved"


def test_its_age_is_told_everywhere(branch: Project):
    branch.clock.move(hours=5, minutes=10)
    branch.list(entry(B), releases=[release(A)])
    said = "planned on the reading of 2026-11-23T12:00Z, which is 5 h 10 min old"
    decided = "what is removed or weakened is decided on that"
    pages = [f"--report={kind}={kind}" for kind in ("markdown", "html")]
    done = branch.run("plan", *pages, **MERGE_REQUEST)
    texts = [done.out, *((branch.folder / kind).read_text() for kind in ("markdown", "html"))]
    with serving() as api:
        branch.run("plan", "--note", **api.environ())
        texts.append(api.bodies[0])
    for text in texts:
        assert said in text.replace("\\", "")
        assert decided in text.replace("\\", "")
    assert "as saved at 2026-11-23T12:00Z" in done.out
    assert branch.plan("--reading", "saved").json["live"]["read_at"].startswith("2026-11-23T12:00")


def test_an_opt_out_since_then_keeps_its_number_on(branch: Project):
    branch.git("switch", "-q", "main")
    branch.list(entry(B), releases=[release(A)])
    branch.clock.move(hours=1)
    branch.agent("modify", A)
    planned = branch.plan("--reading", "saved", "-o", "plan.json")
    assert planned.changes == [("delete", "exposing", "released", [A], [])]
    branch.apply("plan.json", code=7)
    assert A in branch.live()


def spoilt(project: Project) -> None:
    data = reading(project).read_bytes()
    reading(project).write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])


def truncated(project: Project) -> None:
    reading(project).write_bytes(reading(project).read_bytes()[:-40])


def gone(project: Project) -> None:
    reading(project).unlink()


def another_organisation(project: Project) -> None:
    project.environ["CXONE_ORG_ID"] = "another"


def another_host(project: Project) -> None:
    project.environ["CXONE_BASE_URL"] = project.url.replace("127.0.0.1", "localhost")


def too_old(project: Project) -> None:
    project.clock.move(hours=26, minutes=1)


def of_the_future(project: Project) -> None:
    project.clock.move(hours=-27)


def not_used(project: Project, said: str) -> None:
    refused = project.run("plan", "--reading", "saved", **MERGE_REQUEST)
    assert refused.code == 4
    assert said in refused.err
    assert "fix: keep a new one: dnc drift; or plan with --reading live" in refused.err
    project.sandbox.requests.clear()
    planned = project.run("plan", "--format", "json", **MERGE_REQUEST)
    assert said in planned.err
    assert "; reading CXone instead" in planned.err
    assert project.sandbox.requests.list_requests() != []
    assert "from" not in planned.json["live"]


def test_one_that_is_not_what_was_kept_or_too_old_is_never_used(branch: Project):
    data = reading(branch).read_bytes()
    for change, said in (
        (spoilt, "the saved reading is damaged"),
        (truncated, "the saved reading is damaged"),
        (gone, "there is no saved reading"),
        (another_organisation, "is of another CXone"),
        (another_host, "is of another CXone"),
        (too_old, "the saved reading is 26 h 1 min old, and 26 h is the most (readings.maxAgeHours)"),
        (of_the_future, "was read in the future"),
    ):
        change(branch)
        not_used(branch, said)
        reading(branch).write_bytes(data)
        branch.environ.clear()
        branch.environ |= KEY


def another_name_in_cxone(project: Project) -> None:
    project.tenant(listIds={LIST: "own-name"})


def a_run_since(project: Project) -> None:
    other = project.clone("other")
    other.git("switch", "-q", "main")
    other.apply(CI_PIPELINE_SOURCE="schedule")


def a_list_of_which_cxone_has_rows(project: Project) -> None:
    project.list(entry(C), name="foreign", list_id="foreign")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (another_name_in_cxone, "is of another CXone, or was read under other settings"),
        (a_run_since, "is older than the newest report"),
        (a_list_of_which_cxone_has_rows, "does not cover the list foreign"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_one_that_does_not_fit_is_never_used(branch: Project, change: Callable[[Project], None], said: str):
    change(branch)
    not_used(branch, said)


def test_how_old_it_may_be_is_configured(branch: Project):
    branch.configure(lambda c: c.update(readings={"maxAgeHours": 48}))
    branch.clock.move(hours=47)
    assert where(merge_request(branch)) == "saved"
    branch.clock.move(hours=2)
    assert "is 49 h old, and 48 h is the most" in merge_request(branch).err


def test_lists_that_come_and_go(branch: Project):
    branch.list(entry(C), name="new", list_id="new")  # of which nothing stands in CXone
    same(merge_request(branch, **NOBODY), merge_request(branch, "--reading", "live"))
    branch.git("rm", "-q", "dnc-lists/main.yaml")
    branch.commit()
    (branch.folder / ".dnc" / "production.reading").unlink()
    branch.git("switch", "-q", "main")
    branch.run("drift")
    branch.git("switch", "-q", "work")
    same(merge_request(branch, code=6, **NOBODY), merge_request(branch, "--reading", "live", code=6))


def test_a_list_that_nothing_names_any_more_is_counted_as_foreign(project: Project, dear):
    project.list(entry(A))
    project.apply()
    project.agent("add", B, list_id="other")
    project.list(entry(C), name="other", list_id="other", commit=False)
    project.run("drift")
    (project.folder / "dnc-lists" / "other.yaml").unlink()
    planned = project.plan("--reading", "saved")
    assert planned.json["live"]["foreign"] == 1
    same(planned, project.plan())


def test_drift_keeps_what_adds_up(branch: Project):
    gone(branch)
    branch.agent("add", C)
    branch.run("drift")
    assert merge_request(branch).counts()["unmanaged"] == 2
    assert reading(branch).stat().st_mode & 0o777 == 0o600
    assert branch.git("status", "--porcelain") == ""


def test_a_run_that_is_in_doubt_leaves_none(branch: Project):
    def fails() -> None:
        raise CxoneUnavailable("no answer")

    branch.git("switch", "-q", "main")
    branch.list(entry(A, B), dated(C))
    branch.on_read[2] = fails
    branch.apply(code=8)
    assert not reading(branch).exists()


def test_what_merges_by_itself_is_read_anew(branch: Project):
    branch.list(entry(A, B, C))
    with serving() as api:
        api.merge_request["sha"] = branch.head
        done = branch.run("plan", "--format", "json", "--auto-merge", **api.environ())
        assert "from" not in done.json["live"]
        assert api.merge_request["merge_when_pipeline_succeeds"]
        done = branch.run("plan", "--reading", "saved", "--auto-merge", **api.environ())
        assert "people merge this: its plan is of a saved reading" in done.err
        assert not api.merge_request["merge_when_pipeline_succeeds"]


def test_the_built_in_cxones_is_not_kept(branch: Project):
    branch.git("switch", "-q", "main")
    branch.apply("--tenant", "toy")
    assert not reading(branch, "toy").exists()
    done = branch.run("plan", "--tenant", "toy", "--reading", "saved")
    assert done.code == 4
    assert "of the built-in CXone is never kept" in done.err


def test_what_the_target_is_made_of_must_be_known(branch: Project):
    done = branch.run("plan", **{**MERGE_REQUEST, **NOBODY, "CXONE_ORG_ID": ""})
    assert done.code == 4
    assert "CXONE_ORG_ID is not set" in done.err


@pytest.fixture
def groups(tmp_path: Path, dear):
    with grouped(tmp_path) as made:
        made.list(entry(A), dated(B, until="2026-12-05"))
        made.acts("add", D)
        made.apply()
        yield made


def test_groups_are_planned_without_a_sign_in(groups: GroupsProject):
    groups.list(entry(A, C), dated(B, until="2026-12-05"))
    groups.sandbox.requests.clear()
    planned = groups.plan("--reading", "saved", **NOBODY)
    assert groups.sandbox.requests.list_requests() == []
    assert planned.counts() == {"create": 1, "unchanged": 2, "unmanaged": 1}
    same(planned, groups.plan())


def test_a_record_that_ended_since_is_not_live(groups: GroupsProject):
    groups.configure(lambda c: c.update(readings={"maxAgeHours": 720}))
    groups.clock.move(days=14)
    same(groups.plan("--reading", "saved", **NOBODY), groups.plan())
    groups.group("second")
    groups.list(entry(C), name="second", list_id="second")
    done = groups.run("plan", "--reading", "saved")
    assert done.code == 4
    assert "does not cover the list second" in done.err
