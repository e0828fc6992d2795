"""Nothing that comes from a file, from git or from CXone acts on a terminal; JSON says it all the same."""

import ast
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.call import LogFormat, configure
from reconciler.cli.terminal import escape_json, escape_line, escape_streams, escape_text, escaped_stderr
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.resilience.hostile_input.strings import ALL, HOSTILE, RAW, TITLE
from tests.support.project import ROOT, Project, entry, release
from tests.support.result import Result
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
ESCAPE = "\x1b[31mred\x1b[0m\x9b5m\u202e"


def clean(done: Result) -> Result:
    assert RAW.search(done.out) is None, done.out
    assert RAW.search(done.err) is None, done.err
    return done


@given(st.text())
def test_what_is_left_is_printable_and_text_is_not_touched(text):
    assert RAW.search(escape_text(text)) is None
    assert "\n" not in escape_line(text)
    if RAW.search(text) is None:
        assert escape_text(text) in {text, escape_text(text)}
    assert escape_text(escape_text(text)) == escape_text(text)


@given(st.text(st.characters(exclude_categories=())))
def test_json_says_the_same(text):
    written = json.dumps({text: [text]}, ensure_ascii=False)
    shown = escape_json(written)
    assert RAW.search(shown) is None
    assert json.loads(shown) == json.loads(written)


def test_plain_text_stays_as_it_is():
    text = "Plan für ünïcödé: +1 212 •••, 3 → 4\n\tnext\n日本語 👍"
    assert escape_text(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_whoever_writes_it(text):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), escape_streams():
        sys.stdout.write(text)
        sys.stderr.write(text)
        escaped_stderr().write("\x1b[1mmeant\x1b[0m")
    assert RAW.search(out.getvalue()) is None
    meant, _, rest = err.getvalue().partition("\x1b[1mmeant\x1b[0m")
    assert RAW.search(meant) is None
    assert rest == ""
    assert err.getvalue() != meant


def test_a_file_is_named_by_what_it_is(project: Project):
    name = f"dnc-lists/{TITLE}{ESCAPE}\n::error::x.yaml"
    project.write(name, "listId: [")
    done = clean(project.run("validate"))
    assert done.code == 4
    assert "\\x1b]0;owned\\x07" in done.out
    assert "\n::error" not in done.out
    done = clean(project.run("plan"))
    assert done.code == 4
    found = clean(project.run("plan", "--format", "json")).json["findings"]
    assert {finding["file"] for finding in found} == {name}


def test_a_name_that_is_no_utf8_is_shown_all_the_same(project: Project):
    folder = project.folder / "dnc-lists"
    folder.mkdir()
    (folder / "half\udcff.yaml").write_bytes(b"listId: [")
    options = ("--report=codequality=cq.json", "--report=junit=junit.xml")
    for arguments in (("validate",), ("validate", *options), ("validate", "--format", "json")):
        done = clean(project.run(*arguments))
        assert done.code == 4
        assert "half\\udcff.yaml" in done.out
    reports = ("--report=markdown=p.md", "--report=html=p.html", "-o", "plan.json")
    assert clean(project.run("plan", *reports)).code == 4
    assert json.loads((project.folder / "plan.json").read_bytes())["errored"] is True


def test_keys_and_values_of_files(project: Project):
    written = json.dumps(
        {"listId": ESCAPE, ESCAPE: TITLE, "entries": [{"phone": TITLE, "reasonCode": ESCAPE}]}
    )
    project.write("dnc-lists/a.yaml", written)
    project.commit()
    for command, code in (("validate", 4), ("plan", 4), ("apply", 8), ("fmt", 4)):
        assert clean(project.run(command)).code == code
    project.configure(lambda c: c["tenants"].update({f"x{ESCAPE}": {"dialect": TITLE}}))
    assert clean(project.run("validate")).code == 4
    assert clean(project.run("plan", "--tenant", f"x{ESCAPE}")).code == 4


def test_what_cxone_and_git_say(project: Project):
    project.list(entry(A, B))
    project.git("config", "user.name", f"Eve {ESCAPE}")
    environ = {"GITLAB_USER_LOGIN": f"eve{ESCAPE}", "CI_COMMIT_REF_NAME": TITLE, "CI_JOB_URL": TITLE}
    assert clean(project.run("apply", **environ)).code == 0
    project.agent("add", C, list_id=f"foreign{ESCAPE}")
    project.agent("add", C, reason=ESCAPE, policy=TITLE)
    project.sandbox.conduct.refused = {phone(9): f"NO{ESCAPE}{TITLE}"}
    project.write("dnc-lists/more.yaml", json.dumps({"listId": "dnc-list-01", "entries": [entry(phone(9))]}))
    project.git("add", "-A")
    project.git("-c", f"user.name=Eve {ESCAPE}", "commit", "-qm", f"a change {ESCAPE}")
    project.git("push", "-q", "origin", "HEAD")
    for command in ("plan", "drift", "apply", "audit list", "audit show", "audit verify", "validate"):
        for options in ((), ("--format", "json"), ("--verbose",), ("--verbose", "--log-format", "json")):
            done = clean(project.run(*command.split(), *options, **environ))
            if options == ("--format", "json"):
                json.loads(done.out)
    body = json.dumps({"message": f"{ESCAPE}{TITLE}"})
    project.sandbox.plan(Fault(FaultAction.TEXT, RequestKind.READ, times=None, status=400, body=body))
    for command in ("plan", "drift"):
        assert clean(project.run(command)).code == 5


def test_a_branch_with_an_odd_name(project: Project):
    project.list(entry(A))
    target = "origin/w\u202eeird\u200b\x85"
    done = clean(project.run("plan", "--onto", target))
    assert done.code == 4
    assert "origin/w\\u202eeird" in done.err
    done = clean(project.run("plan", CI_MERGE_REQUEST_TARGET_BRANCH_NAME=ESCAPE))
    assert done.code == 4


@pytest.mark.parametrize("form", list(LogFormat))
def test_logs(form):
    import structlog  # noqa: PLC0415

    err = io.StringIO()
    with redirect_stderr(err), escape_streams():
        configure(form, verbose=True)
        structlog.get_logger().info(f"event {ALL[:-20]}", why=ESCAPE, **{ESCAPE: TITLE})
    structlog.reset_defaults()
    assert RAW.search(err.getvalue()) is None
    assert err.getvalue().count("\n") == 1


def test_a_crash_asked_for_by_verbose(project: Project, monkeypatch):
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(ESCAPE)

    monkeypatch.setattr("reconciler.cli.commands.plan.run", breaks)
    with pytest.raises(AssertionError, match="Traceback") as caught:  # which no other run may show
        project.run("plan", "--verbose")
    assert "\x1b" not in str(caught.value)


def test_only_logs_mean_their_colours():
    """Whoever writes past the neutralised streams neutralises what it writes."""
    past = {"escaped_stderr", "__stdout__", "__stderr__"}
    users = {
        file.name
        for file in (ROOT / "reconciler").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Name | ast.Attribute)
        and (getattr(node, "id", "") or getattr(node, "attr", "")) in past
    }
    assert users == {"call.py"}


def test_a_release_and_its_evidence(project: Project):
    project.list(entry(A), releases=[release(B, evidence=ESCAPE)])
    assert clean(project.run("validate")).code == 4
