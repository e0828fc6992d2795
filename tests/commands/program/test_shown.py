"""What is shown, where, and what must never be."""

import json

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import SECRET, Project, entry, release
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))


def test_a_literal_secret_is_refused(project: Project):
    project.tenant(clientSecret="a-literal-secret")
    done = project.run("validate")
    assert done.code == 4
    assert "a-literal-secret" not in done.out + done.err
    done = project.run("plan", "--format", "json")
    assert done.code == 4
    assert "a-literal-secret" not in done.out + done.err


def test_reports_are_written_also_on_failure(project: Project):
    project.list(entry(A))
    kinds = {"terraform": "tf.json", "markdown": "plan.md", "html": "plan.html"}
    options = [f"--report={kind}={file}" for kind, file in kinds.items()]
    assert project.run("plan", *options, "-o", "plan.json").code == 0
    for file in kinds.values():
        text = (project.folder / file).read_text()
        assert A not in text
        (project.folder / file).unlink()
    assert json.loads((project.folder / "plan.json").read_text())["changes"][0]["phones"] == [A]
    done = project.run("plan", *options, "-o", "plan.json", CXONE_CLIENT_SECRET="wrong")
    assert done.code == 5
    assert json.loads((project.folder / "plan.json").read_text())["errored"] is True
    for file in kinds.values():
        assert (project.folder / file).read_text()


def test_logs_show_no_secret_and_no_whole_number(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.sandbox.conduct.refused = {C: f"INVALID {C}"}
    project.list(entry(B, C), releases=[release(A)])
    project.sandbox.plan(
        Fault(FaultAction.REVOKE, RequestKind.BULK),
        Fault(FaultAction.STATUS, RequestKind.BULK, status=500),
        Fault(FaultAction.HTML, RequestKind.READ),
    )
    tokens = set()
    issue = project.sandbox.tokens.issue

    def noted(*arguments: str) -> str | None:
        token = issue(*arguments)
        tokens.add(token)
        return token

    project.sandbox.tokens.issue = noted
    options = ("--verbose", "--log-format", "json")
    calls = [project.run(command, *options) for command in ("plan", "apply", "drift")]
    calls.append(project.run("plan", *options, CXONE_CLIENT_SECRET="wrong secret"))
    logged = [json.loads(line) for done in calls for line in done.err.splitlines() if line.startswith("{")]
    assert {line["event"] for line in logged} >= {"cxone.request"}
    assert len(tokens - {None}) >= 3
    shown = "".join(done.err for done in calls) + "".join(done.out for done in calls)
    for secret in (SECRET, "wrong secret", *(tokens - {None})):
        assert secret not in shown
    for number in (A, B, C):
        assert number not in shown
        assert number.lstrip("+") not in shown


def test_numbers_are_whole_outside_ci(project: Project):
    project.list(entry(A))
    assert A in project.run("plan", CI="").out
    assert A not in project.run("plan", CI="true").out
    assert A in project.run("plan", CI="false").out


def test_results_go_to_stdout_and_the_rest_to_stderr(project: Project):
    project.list(entry(A), commit=False)
    done = project.run("plan", "--format", "json", "--verbose")
    assert done.json["summary"]["create"] == 1
    assert "cxone.request" in done.err
    assert "cxone.request" not in done.out


def test_as_processes_of_their_own(project: Project):
    project.list(entry(A, B))
    planned = project.subprocess("plan", "--format", "json", "-o", "plan.json")
    assert planned.code == 0
    assert planned.json == json.loads((project.folder / "plan.json").read_text())
    applied = project.subprocess("apply", "plan.json")
    assert applied.code == 0, applied.err
    assert "report: audit/production/" in applied.out
    assert set(project.live()) == {A, B}
    assert project.subprocess("plan", "--detailed-exitcode").code == 0
    assert project.subprocess("audit", "verify").code == 0


def test_an_error_that_nobody_foresaw_is_no_traceback(project: Project, monkeypatch):
    def breaks(*_: object) -> None:
        raise RuntimeError(f"a secret: {SECRET}")

    monkeypatch.setattr("reconciler.cli.commands.plan.run", breaks)
    project.list(entry(A))
    done = project.run("plan")
    assert done.code == 1
    assert SECRET not in done.err
    assert "--verbose" in done.err
