"""`dnc sandbox` as a process of its own, as a script that reads its first line would run it."""

import subprocess
import sys

import requests


def test_it_says_where_it_listens_before_anybody_asks(tmp_path) -> None:
    command = [sys.executable, "-m", "reconciler.cli.main", "sandbox", "--port", "0"]
    environ = {"PATH": "/usr/bin:/bin"}  # no PYTHONUNBUFFERED: the line must come by itself
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environ | {"PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            line = server.stdout.readline()
            url = next(word for word in line.split() if word.startswith("http")).rstrip(";")
            assert requests.get(f"{url}/api/v2/dnc/entries", timeout=5).status_code == 401
            told = [server.stdout.readline().split() for _ in range(5)]
            assert told[1][:6] == ["baseUrl:", url, "clientId:", "dnc", "clientSecret:", "built-in"]
            assert told[3] == ["authUrl:", url, "discoveryUrl:", url]
            assert told[4] == ["accessKeyId:", "dnc", "accessKeySecret:", "built-in"]
            key = {told[4][0].rstrip(":"): told[4][1], told[4][2].rstrip(":"): told[4][3]}
            signed_in = requests.post(f"{url}/authentication/v1/token/access-key", json=key, timeout=5)
            assert signed_in.status_code == 200
        finally:
            server.terminate()
            server.stdout.read()
    assert server.returncode == 0
