"""A company's proxy does not lead to this machine: what listens on loopback is asked without it."""

from collections.abc import Iterator

import pytest
import requests

from reconciler.config.connection_settings import proxy_exemption
from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.gitlab.id_token import _keys
from tests.commands.record.test_status import hook
from tests.support.gitlab_api import PROJECT, TOKEN, serving
from tests.support.project import Project, entry
from tests.support.recorder import Recorder, recording
from tests.support.sandbox import phone

A, B = phone(0), phone(1)
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture
def proxy() -> Iterator[Recorder]:
    with recording() as server:
        yield server


@pytest.fixture
def around(proxy: Recorder, tmp_path) -> dict[str, str]:
    """What a company sets for every program: a proxy, its own certificates, and passwords."""
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login me password secret\ndefault login me password secret\n"
    )
    set_names = {name: proxy.url for upper in NAMES for name in (upper, upper.lower())}
    return set_names | {"NETRC": str(tmp_path / "netrc"), "REQUESTS_CA_BUNDLE": str(tmp_path / "none.pem")}


@pytest.mark.parametrize("tenant", ["toy", "production"])
def test_every_command_reaches_a_cxone_of_this_machine(project: Project, proxy, around, tenant):
    project.list(entry(A))
    for arguments in (["plan"], ["apply", "--yes"], ["drift"], ["doctor"], ["check", A, "--live"], ["pull"]):
        done = project.run(*arguments, "--tenant", tenant, **around)
        assert done.code == 0, (arguments, done.out, done.err)
    assert proxy.told == []


def test_it_is_reached_by_its_name(project: Project, proxy, around):
    project.list(entry(A))
    project.apply(**around, CXONE_BASE_URL=project.url.replace("127.0.0.1", "localhost"))
    assert set(project.live()) == {A}
    assert proxy.told == []


def test_the_quick_start_as_a_process(project: Project):
    """With a proxy that nobody answers at."""
    project.list(entry(A))
    around = {name: "http://127.0.0.1:9" for upper in NAMES for name in (upper, upper.lower())}
    done = project.subprocess("plan", "--tenant", "toy", **around)
    assert (done.code, "1 to add" in done.out) == (0, True), done.err


def test_who_is_told_and_gitlab_likewise(project: Project, proxy, around, monkeypatch):
    project.list(entry(A))
    project.apply()
    project.agent("remove", A)
    with hook() as (url, got):
        done = project.run("apply", **around, DNC_NOTIFY_URL=url)
    assert (done.code, len(got)) == (0, 1), done.err
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    with serving() as api:
        with GitLab(api.url, PROJECT, TOKEN) as gitlab:
            assert gitlab.user_id()
        assert _keys(api.url.removesuffix("/api/v4")) == api.keys
    assert proxy.told == []


def test_certificates_that_are_not_there_are_said(project: Project, monkeypatch):
    """For what needs some: an address of https."""
    project.list(entry(A))
    done = project.plan(code=5, REQUESTS_CA_BUNDLE="/no/such.pem", CXONE_BASE_URL="https://127.0.0.1:9")
    assert "the certificates that this machine's settings name are not there" in done.err
    assert "REQUESTS_CA_BUNDLE" in done.err
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such.pem")
    with pytest.raises(GitLabProblem, match="does not answer"):
        GitLab("https://127.0.0.1:9", PROJECT, TOKEN).user_id()
    with pytest.raises(GitLabProblem, match="does not give its keys"):
        _keys("https://127.0.0.1:9")


@pytest.mark.parametrize(
    ("url", "is_exempt"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.8.8.8", True),
        ("http://localhost:8080/cx", True),
        ("https://LOCALHOST", True),
        ("http://[::1]:8080", True),
        ("https://cxone.localhost", True),
        ("http://127.1:8080", True),
        ("https://acme.my.cxone.com", False),
        ("https://localhost.example.com", False),
        ("https://127.0.0.1.example.com", False),
        ("https://10.0.0.1", False),
    ],
)
def test_what_is_exempt(monkeypatch, url, is_exempt):
    for upper in NAMES:
        for name in (upper, upper.lower()):
            monkeypatch.setenv(name, "http://proxy.example:3128")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with requests.Session() as session:
        settings = session.merge_environment_settings(url, proxy_exemption(url), None, None, None)
    assert ("http" not in settings["proxies"]) is is_exempt
    assert ("all" not in settings["proxies"]) is is_exempt
