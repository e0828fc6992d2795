"""What the newest reports say at a glance, and what is posted to whoever is on call."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.sandbox.groups.skills import Skill
from tests.support.groups_project import grouped
from tests.support.project import LIST, entry, making

A, B, C = "+12125550101", "+12125550102", "+12125550103"


@pytest.fixture
def applied(project):
    project.list(entry(A), entry(B))
    project.apply()
    return project


# status


def test_one_line_a_tenant(applied):
    applied.clock.move(hours=3)
    done = applied.run("status")
    assert done.code == 0, done.err
    head = applied.run("audit", "list", "--format", "json").json["reports"][0]["sha256"]
    assert done.out == (
        "  production: verified 3 hours ago (report 1), newest complete, 0 late, 0 not live, 0 blocked, "
        f"0 restored, chain 1:{head[:12]}\n"
    )


def test_older_than_it_may_be_is_exit_3(applied):
    applied.clock.move(hours=27)
    assert applied.run("status").code == 3
    assert applied.run("status", "--max-age", "2d").code == 0
    told = applied.run("status", "--max-age", "90m", "--format", "json")
    assert told.code == 3
    (one,) = told.json["tenants"]
    assert one["older"]
    assert one["age_seconds"] >= 27 * 3600
    assert one["verified"]["seq"] == 1
    assert applied.run("status", "--max-age", "soon").code == 2


def test_without_any_report_it_is_not_well(project):
    project.list(entry(A))
    done = project.run("status")
    assert done.code == 3
    assert done.out == "! production: no report yet: dnc apply writes the first\n"


def test_a_report_that_is_not_at_the_remote_is_said(applied):
    applied.list(entry(A), entry(B), entry(C))
    applied.apply("--yes", CI="")
    done = applied.run("status")
    assert done.code == 0
    line, below = done.out.splitlines()
    assert line.startswith("! production: verified 0 minutes ago (report 2)")
    assert below == "    Not at the remote: 1 report (push: dnc audit push)"
    (one,) = applied.run("status", "--format", "json").json["tenants"]
    assert one["not_at_remote"] == 1
    applied.run("audit", "push")
    done = applied.run("status")
    assert done.out.startswith("  production: ")
    assert "Not at the remote" not in done.out
    (one,) = applied.run("status", "--format", "json").json["tenants"]
    assert one["not_at_remote"] == 0


def test_each_tenant_counts_its_own_reports_that_are_only_here(applied):
    applied.apply("--yes", "--tenant", "toy", CI="")
    told = {
        one["tenant"]: one["not_at_remote"]
        for one in applied.run("status", "--format", "json").json["tenants"]
    }
    assert told == {"production": 0, "toy": 1}


def test_without_a_remote_no_report_is_missing_there(tmp_path):
    with making(tmp_path, origin=False) as project:
        project.list(entry(A))
        project.apply()
        done = project.run("status")
        assert (done.code, done.out[0], "Not at the remote" in done.out) == (0, " ", False)
        (one,) = project.run("status", "--format", "json").json["tenants"]
        assert one["not_at_remote"] is None


def test_what_is_blocked_is_said_and_marked(applied):
    applied.list(entry(A))
    applied.apply(code=6)
    done = applied.run("status")
    assert done.code == 0
    assert done.out.startswith("! production: ")
    assert "    Blocked: 1 number, in CXone and no longer in the files (see: dnc blocked)\n" in done.out


def test_a_newest_run_that_failed_is_marked_although_an_older_one_verified(applied):
    applied.apply("--attest", code=5, CXONE_CLIENT_SECRET="wrong")
    done = applied.run("status")
    assert done.code == 0
    assert done.out.startswith("! production: verified 0 minutes ago (report 1), newest failed, ")


def test_a_record_in_doubt_is_marked_and_in_json(applied):
    applied.git("-C", str(applied.origin), "update-ref", "-d", "refs/heads/dnc-audit")
    done = applied.run("status")
    assert done.code == 0
    assert done.out.startswith("! production: verified 0 minutes ago")
    assert (
        "    In doubt: the branch dnc-audit is gone from the remote origin (see: dnc audit verify)"
        in done.out
    )
    (one,) = applied.run("status", "--format", "json").json["tenants"]
    assert one["doubts"] == ["the branch dnc-audit is gone from the remote origin"]


# blocked


def test_what_is_kept_with_the_ways_out(applied):
    assert "no blocked removals on production, as of report 1" in applied.run("blocked").out
    applied.list(entry(A))
    applied.apply(code=6)
    done = applied.run("blocked", CI="")
    assert done.code == 0
    assert f"  {LIST}: 1 number, CUSTOMER_REQUESTED NEVER, from dnc-lists/main.yaml\n      {B}\n" in done.out
    assert f"`dnc restore {B} --list {LIST}`" in done.out
    (row,) = applied.run("blocked", "--format", "json").json["kept"]
    assert (row["phones"], row["blocked_by"]) == ([B], ["no-release"])
    assert B not in applied.run("blocked").out
    assert "1 blocked" in applied.run("status").out


# notify


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def hook(answer=204) -> Iterator[tuple[str, list]]:
    with HTTPServer(("127.0.0.1", 0), _Hook) as server:
        server.got, server.answer = [], answer
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/in?token=hush", server.got
        finally:
            server.shutdown()
            thread.join()


def test_nothing_to_tell_is_not_told(applied):
    with hook() as (url, got):
        applied.list(entry(A), entry(B), entry(C))
        applied.apply(DNC_NOTIFY_URL=url)
    assert got == []


def test_numbers_that_were_put_back_are_told_masked(applied):
    applied.agent("remove", A)
    with hook() as (url, got):
        applied.apply(DNC_NOTIFY_URL=url)
    (told,) = got
    assert told["restored"] == {"count": 1, "sample": [[LIST, "+1 212 ••• ••01"]]}
    assert (told["tenant"], told["exit_code"], told["status"]) == ("production", 0, "complete")
    assert A not in json.dumps(told)


def test_a_cxone_that_refuses_us_is_told(applied):
    with hook() as (url, got):
        applied.apply(code=5, DNC_NOTIFY_URL=url, CXONE_CLIENT_SECRET="wrong")
    (told,) = got
    assert (told["exit_code"], told["status"]) == (5, "failed")


@pytest.mark.parametrize("refused", [{}, {A: "INVALID_PHONE"}], ids=["live late", "not live"])
def test_a_request_past_its_day_is_told(project, refused):
    project.sandbox.conduct.refused = refused
    asked = {"reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "NEVER", "evidence": "CALL-1"}
    project.list(
        {"phone": A, **asked, "requestedOn": "2026-09-01"}, {"phone": B, **asked, "requestedOn": "2026-11-20"}
    )
    with hook() as (url, got):
        project.apply(code=8 if refused else 0, DNC_NOTIFY_URL=url)
    (told,) = got
    late = {"rule": "US-FED-05", "list_id": LIST, "due": "2026-09-15", "count": 1, "open": len(refused)}
    assert told["late_requests"] == [late]
    assert told["exit_code"] == (8 if refused else 0)


def test_numbers_that_are_not_protected_are_told(project):
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A, B))
    with hook() as (url, got):
        project.apply(code=8, DNC_NOTIFY_URL=url)
    (told,) = got
    assert (told["exit_code"], told["not_live"]["count"]) == (8, 1)
    assert told["not_protected"] == {"count": 1, "sample": [[LIST, "+1 212 ••• ••01"]]}
    assert told["message"] == (
        f"NOT PROTECTED: 1 number on {LIST} can still be called. "
        "Stop calling them by other means, then run dnc apply again"
    )
    assert A not in json.dumps(told)


def test_what_nobody_has_seen_is_told_as_unknown(project):
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=500, times=None, skip=1))
    with hook() as (url, got):
        project.apply(code=8, DNC_NOTIFY_URL=url)
    (told,) = got
    assert (told["not_protected"]["count"], told["not_verified"]["count"]) == (0, 2)
    assert told["message"].startswith(f"NOT VERIFIED: 2 numbers on {LIST}: ")
    assert told["message"].endswith("Run dnc apply again to verify. Do not call them until then")
    assert told["stopped_by"] is None


def test_a_number_that_could_not_be_put_back_is_not_told_as_put_back(applied):
    applied.agent("remove", A)
    applied.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    with hook() as (url, got):
        applied.apply(code=8, DNC_NOTIFY_URL=url)
    (told,) = got
    assert (told["restored"]["count"], told["not_protected"]["count"]) == (0, 1)


def test_coverage_is_told_where_it_is_worse_or_a_skill_was_not_added(tmp_path):
    with grouped(tmp_path) as project, hook() as (url, got):
        project.list(entry(A))
        project.apply(DNC_NOTIFY_URL=url)
        project.sandbox.groups.store.skills.add(Skill(0, "Winback"))
        project.apply(DNC_NOTIFY_URL=url)
        project.apply(DNC_NOTIFY_URL=url)  # nothing new
        project.tenant(coverage={"assign": True})
        project.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.BULK, status=403))
        project.apply(code=8, DNC_NOTIFY_URL=url)
    worse, failed = got
    assert worse["coverage"] == {"worse": True, "uncovered": {LIST: 1}, "not_added": 0}
    assert worse["message"].startswith("Coverage is worse than the report before says. list ")
    assert "does not stop 1 outbound skill that is running: Winback" in worse["message"]
    assert failed["coverage"] == {"worse": False, "uncovered": {LIST: 1}, "not_added": 1}
    assert failed["message"].startswith(f"NOT ADDED: 1 scrubbed skill, first Winback to the group of {LIST}")
    assert "403" in failed["message"]


def test_whoever_stopped_the_run_is_told(applied):
    applied.list(entry(A), entry(B), entry(C, reason="LOCAL"))
    applied.on_read[1] = lambda: os.kill(os.getpid(), signal.SIGTERM)
    with hook() as (url, got):
        applied.apply(code=5, DNC_NOTIFY_URL=url)
    (told,) = got
    assert (told["exit_code"], told["stopped_by"]) == (5, "signal")
    assert told["message"].startswith(
        "stopped by a signal (the pipeline's cancel or time limit): nothing was"
    )


def test_a_report_that_could_not_be_pushed_is_told(project):
    project.list(entry(A))
    refuse = project.origin / "hooks/pre-receive"
    refuse.write_text("#!/bin/sh\nexit 1\n")
    refuse.chmod(0o755)
    with hook() as (url, got):
        project.apply(code=9, DNC_NOTIFY_URL=url)
    (told,) = got
    assert (told["exit_code"], told["not_live"]["count"]) == (9, 0)
    assert told["message"]


@pytest.mark.parametrize("url", ["http://example.com/hook", "ftp://127.0.0.1/x", "nonsense"])
def test_an_address_that_is_not_safe_is_not_used(applied, url):
    applied.agent("remove", A)
    done = applied.run("apply", DNC_NOTIFY_URL=url)
    assert done.code == 0
    assert "warning: DNC_NOTIFY_URL is no" in done.err


def test_a_hook_that_fails_changes_nothing(applied):
    applied.agent("remove", A)
    with hook(500) as (url, _):
        done = applied.run("apply", DNC_NOTIFY_URL=url)
    assert done.code == 0
    assert "127.0.0.1 was not told (HTTPError)" in done.err
    assert "hush" not in done.err + done.out
