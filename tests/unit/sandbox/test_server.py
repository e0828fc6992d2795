"""Starting, stopping, keeping, sharing."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest
import requests

from reconciler.core.model.errors import InvalidInput
from reconciler.sandbox.database import connect
from reconciler.sandbox.faults import Fault, FaultAction
from reconciler.sandbox.server import AddressUnavailable, Sandbox
from reconciler.sandbox.tenant import Settings
from tests.support.sandbox import Clock, entry, running, sent

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.entries.store import Store
store = Store(Path(sys.argv[1]))
for round in range(20):
    store.upsert([Entry(f"{sys.argv[2]}-{round}-{n}", "STATE", "NEVER", "l") for n in range(20)], "t")
    store.upsert([Entry("common", "STATE", "NEVER", "l", source=f"{sys.argv[2]}-{round}")], "t")
print(store.instance)
store.close()
"""

RUNNER = """
from datetime import UTC, datetime
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
with Sandbox(None, clock=lambda: datetime(2026, 11, 23, tzinfo=UTC), settings=Settings()) as sandbox:
    sandbox.run("127.0.0.1", 0, lambda url: print(url, flush=True))
print("done")
"""


def start(*args):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_served_sandbox_is_gone_when_its_block_ends():
    before = threading.active_count()
    with running() as server:
        server.read()
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=1)


def test_stopping_waits_for_no_answer():
    with running() as server:
        server.sandbox.plan(Fault(FaultAction.SLOW, delay=60))
        with pytest.raises(requests.ReadTimeout):
            server.call("GET", "/api/v2/dnc/entries", timeout=0.05)


def test_one_sandbox_is_served_again_with_what_it_had():
    with Sandbox(None, clock=Clock(), settings=Settings()) as sandbox:
        sandbox.load([entry()])
        for _ in range(2):
            with sandbox.serve() as url:
                assert requests.get(url, timeout=5).status_code == 404
        assert len(sandbox.entries()) == 1


def test_a_database_outlasts_its_sandbox_and_has_one_instance(tmp_path):
    path = tmp_path / "state" / "sandbox.sqlite"
    with running(path) as server:
        server.sign_in()
        server.bulk([sent(0)])
        instance = server.sandbox.instance
    with running(path) as server:
        assert server.sandbox.instance == instance
        assert len(server.sandbox.entries()) == 1


def test_a_sandbox_closes_its_database():
    with Sandbox(None, clock=Clock(), settings=Settings()) as sandbox:
        pass
    with pytest.raises(sqlite3.ProgrammingError):
        sandbox.entries()


def test_a_database_that_fails_is_a_503_and_the_server_goes_on(tmp_path):
    path = tmp_path / "sandbox.sqlite"
    with running(path) as server, closing(sqlite3.connect(path)) as vandal:
        server.sign_in()
        vandal.execute("ALTER TABLE entry RENAME TO gone")
        assert server.bulk([sent(0)]).status_code == 503
        vandal.execute("ALTER TABLE gone RENAME TO entry")
        assert server.bulk([sent(0)]).status_code == 201


def test_a_new_database_is_another_instance(tmp_path):
    with running(tmp_path / "a") as one, running(tmp_path / "b") as other, running() as third:
        assert len({one.sandbox.instance, other.sandbox.instance, third.sandbox.instance}) == 3


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "x").write_text("not a database, but long enough to be looked at as if it were one" * 20)
    for path in (tmp_path / "x", tmp_path, tmp_path / "x" / "y"):
        with pytest.raises(InvalidInput, match="cannot be used"):
            Sandbox(path, clock=Clock(), settings=Settings())


def test_several_processes_write_one_database(tmp_path):
    path = tmp_path / "common.sqlite"
    writers = [start(WRITER, str(path), str(n)) for n in range(3)]
    said = [writer.communicate(timeout=30) for writer in writers]
    assert [errors for _, errors in said] == [""] * 3
    with Sandbox(path, clock=Clock(), settings=Settings()) as sandbox:
        assert {out.strip() for out, _ in said} == {sandbox.instance}
        phones = [held.phone for held in sandbox.entries()]
    assert len(phones) == len(set(phones)) == 3 * 20 * 20 + 1


def test_a_database_that_another_process_is_about_to_write_is_waited_for(tmp_path):
    path = tmp_path / "common.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        ends = threading.Timer(0.2, other.execute, ["COMMIT"])
        ends.start()
        with closing(connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        ends.join()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_quietly_on_a_signal(sign):
    runner = start(RUNNER)
    url = runner.stdout.readline().strip()
    assert requests.get(url, timeout=5).status_code == 404
    os.kill(runner.pid, sign)
    assert (*runner.communicate(timeout=10), runner.returncode) == ("done\n", "", 0)


def test_a_port_that_is_taken_is_said():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        Sandbox(None, clock=Clock(), settings=Settings()) as sandbox,
        pytest.raises(AddressUnavailable) as caught,
    ):
        sandbox.run("127.0.0.1", taken.getsockname()[1], print)
    assert caught.value.fix


def test_latency_is_added_to_every_answer():
    with running(latency=30) as server, pytest.raises(requests.ReadTimeout):
        server.call("GET", "/api/v2/dnc/entries", timeout=0.05)
