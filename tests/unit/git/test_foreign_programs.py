"""A repository's own configuration and attributes run no program, and git sees no secret (S16, S21)."""

import os
import shlex
from pathlib import Path

import pytest

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.repository import Repository
from reconciler.git.runner import Git
from tests.support.git import Clone, new_clone
from tests.support.githost import hosting
from tests.support.project import Project, entry, release
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))

# What a clone's .git/config may name; PROGRAM leaves a trace and dumps its environment.
PROGRAMS = {
    "merge driver": '[merge "x"]\n\tdriver = PROGRAM %A\n',
    "default merge driver": '[merge]\n\tdefault = x\n[merge "x"]\n\tdriver = PROGRAM %A\n',
    "renormalized merge": '[merge]\n\trenormalize = true\n[filter "x"]\n\tclean = PROGRAM\n',
    "clean filter": '[filter "x"]\n\tclean = PROGRAM\n\trequired = true\n',
    "smudge filter": '[filter "x"]\n\tsmudge = PROGRAM\n\trequired = true\n',
    "process filter": '[filter "x"]\n\tprocess = PROGRAM\n\trequired = true\n',
    "textconv": '[diff "x"]\n\ttextconv = PROGRAM\n',
    "diff command": '[diff "x"]\n\tcommand = PROGRAM\n[diff]\n\texternal = PROGRAM\n',
    "ssh": "[core]\n\tsshCommand = PROGRAM\n",
    "git proxy": "[core]\n\tgitProxy = PROGRAM\n",
    "credential helper": '[credential]\n\thelper = "!PROGRAM"\n[core]\n\taskPass = PROGRAM\n',
    "fsmonitor": "[core]\n\tfsmonitor = PROGRAM\n\tuntrackedCache = true\n",
    "hooks path": "[core]\n\thooksPath = FOLDER\n",
    "configured hook": '[hook "x"]\n\tevent = reference-transaction\n\tcommand = PROGRAM\n',
    "pager and editor": "[core]\n\tpager = PROGRAM\n\teditor = PROGRAM\n[pager]\n\tlog = PROGRAM\n",
    "alternate refs": "[core]\n\talternateRefsCommand = PROGRAM\n",
    "signature": '[gpg]\n\tprogram = PROGRAM\n[gpg "ssh"]\n\tprogram = PROGRAM\n',
    "alias": "[alias]\n\tlog = !PROGRAM\n\tls-tree = !PROGRAM\n",
}
ATTRIBUTES = "* merge=x filter=x diff=x\n"
SECRETS = {
    name: f"CANARY-{name}"
    for name in (
        "CXONE_X",
        "DNC_X",
        "DNC_FINGERPRINT_KEY",
        "GITLAB_TOKEN",
        "CI_JOB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
    )
}


def planted(folder: Path) -> Path:
    """Write a program that leaves a trace, as any hook too; return where the trace would be."""
    folder.mkdir()
    trace = folder / "trace"
    for name in ("program", "pre-push", "reference-transaction", "post-index-change", "post-checkout"):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "$0" "$@" >> {trace}\nenv >> {trace}\nexit 1\n')
        program.chmod(0o755)
    return trace


def named(text: str, folder: Path) -> str:
    return text.replace("PROGRAM", str(folder / "program")).replace("FOLDER", str(folder))


def configure(clone: Path, text: str, folder: Path) -> None:
    with (clone / ".git" / "config").open("a") as config:
        config.write(named(text, folder))


@pytest.mark.parametrize("kind", [*PROGRAMS, "all, included"])
def test_no_command_runs_what_a_clones_configuration_names(project: Project, tmp_path, kind):
    """S16: committed .gitattributes and .git/info/attributes, and a driver in .git/config."""
    project.write(".gitattributes", ATTRIBUTES)
    project.list(entry(A, B))
    project.apply()
    project.git("checkout", "-qb", "side")
    project.list(entry(A, B, C))
    project.git("checkout", "-q", "main")
    project.list(entry(A, B), releases=[release(phone(9))])
    project.git("checkout", "-q", "side")
    trace = planted(tmp_path / "planted")
    info = project.folder / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(ATTRIBUTES)
    text = PROGRAMS.get(kind)
    if text is None:
        more = tmp_path / "more"
        more.write_text(named("".join(PROGRAMS.values()), tmp_path / "planted"))
        text = f"[include]\n\tpath = {more}\n"
    configure(project.folder, text, tmp_path / "planted")
    (project.folder / "dnc-lists" / "main.yaml").touch()  # a status would read it again
    project.run("plan", "--onto", "origin/main")
    project.run("validate", "--changed-since", "origin/main")
    project.run("check", A)
    project.git("symbolic-ref", "HEAD", "refs/heads/main")
    project.run("apply")
    project.run("audit", "verify")
    project.run("plan")
    assert not trace.exists(), trace.read_text()[:2000]
    assert A in project.live()


@pytest.mark.parametrize("key", ["remote.origin.uploadpack", "remote.origin.receivepack"])
def test_a_program_at_the_remote_is_refused(project: Project, tmp_path, key):
    """S16: of these git takes the first value, which is the clone's: nothing can undo it, so it is named."""
    project.list(entry(A))
    project.apply()
    trace = planted(tmp_path / "planted")
    project.git("config", key, str(tmp_path / "planted" / "program"))
    for command in (
        ("plan",),
        ("plan", "--onto", "origin/main"),
        ("apply",),
        ("audit", "verify"),
        ("check", A),
    ):
        done = project.run(*command)
        assert not trace.exists(), command
        assert key in done.err
    done = project.run("apply")
    assert done.code == 4
    assert f"git config --unset-all {key}" in done.err


def test_drivers_in_the_repository_change_no_merge(clone: Clone):
    """S16: what is planned is the merge of the files, whatever .gitattributes would make of it."""
    clone.commit({".gitattributes": "*.yaml merge=union\n"})
    base = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "-qb", "side")
    clone.commit({"dnc-lists/a.yaml": "one\nside\nthree\n"})
    clone.git("checkout", "-q", "-B", "main", base)
    clone.commit({"dnc-lists/a.yaml": "one\nmain\nthree\n"})
    with pytest.raises(RepositoryProblem, match="conflicts"):
        Repository.discover(clone.folder).merged_tree("side")


@pytest.mark.parametrize("key", ["url", "pushurl", "vcs", "insteadOf"])
def test_no_remote_helper_runs(clone: Clone, tmp_path, key):
    """S16: `ext::` and other helpers, even where the clone's configuration allows them."""
    trace = planted(tmp_path / "planted")
    program = tmp_path / "planted" / "program"
    clone.git("config", "protocol.allow", "always")
    clone.git("config", "protocol.ext.allow", "always")
    match key:
        case "insteadOf":
            clone.git("config", f"url.ext::{program} %S .insteadOf", "file://")
        case "vcs":
            clone.git("config", "remote.origin.vcs", "ext")
            clone.git("config", "remote.origin.url", f"{program} %S")
        case _:
            clone.git("config", f"remote.origin.{key}", f"ext::{program} %S")
    repository = Repository.discover(clone.folder)
    refused = 0
    for ask in (repository.remote_tips, lambda: repository.push_branch("other", repository.head())):
        try:
            ask()
        except RepositoryProblem:
            refused += 1
    assert refused
    assert not trace.exists()


def test_ssh_is_asked_as_without_the_clones_configuration(clone: Clone, tmp_path, monkeypatch):
    """S16: core.sshCommand of .git/config does not count; the ssh on PATH and GIT_SSH_COMMAND do."""
    trace = planted(tmp_path / "planted")
    ours = tmp_path / "bin" / "ssh"
    ours.parent.mkdir()
    ours.write_text(f"#!/bin/sh\nenv > {tmp_path}/environment\necho ssh >> {tmp_path}/asked\nexit 1\n")
    ours.chmod(0o755)
    clone.git("config", "core.sshCommand", str(tmp_path / "planted" / "program"))
    clone.git("remote", "set-url", "origin", "ssh://git@host.invalid/group/project.git")
    monkeypatch.setenv("PATH", f"{ours.parent}{os.pathsep}{os.environ['PATH']}")
    for name, value in (SECRETS | {"SSH_AUTH_SOCK": "/agent"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RepositoryProblem):
        Repository.discover(clone.folder).fetch_branch("main")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{shlex.quote(str(ours))} -o BatchMode=yes")
    with pytest.raises(RepositoryProblem):
        Repository.discover(clone.folder).fetch_branch("main")
    assert (tmp_path / "asked").read_text() == "ssh\nssh\n"
    seen = (tmp_path / "environment").read_text()
    assert "SSH_AUTH_SOCK=/agent" in seen
    assert "CANARY" not in seen
    assert not trace.exists()


def test_the_users_own_helper_works_and_the_clones_does_not(project: Project, tmp_path, monkeypatch):
    """S16: a credential helper of the user's own configuration answers; one of .git/config is not asked."""
    trace = planted(tmp_path / "planted")
    served = project.origin / "config"
    served.write_text(served.read_text() + "[http]\n\treceivepack = true\n")
    project.list(entry(A))
    mine = tmp_path / "mine"
    mine.write_text(f"#!/bin/sh\nenv > {tmp_path}/environment\necho username=oauth2\necho password=token-1\n")
    mine.chmod(0o755)
    (project.folder.parent / ".gitconfig").write_text(f'[credential]\n\thelper = "!{mine}"\n')
    with hosting(project.origin.parent, "token-1") as host:
        project.git("remote", "set-url", "origin", f"{host.url}/{project.origin.name}")
        project.git("config", f"credential.{host.url}.helper", f"!{tmp_path}/planted/program")
        project.apply(**SECRETS)
        assert host.expected in {given for _, given in host.asked}
    assert "CANARY" not in (tmp_path / "environment").read_text()
    assert not trace.exists()


def test_a_hook_of_the_remote_sees_no_secret(project: Project, tmp_path):
    """S16: a child of git's, wherever it comes from, has neither CXone's nor GitLab's credentials."""
    hook = project.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nenv > {tmp_path}/environment\n")
    hook.chmod(0o755)
    project.list(entry(A))
    project.apply(**SECRETS)
    seen = (tmp_path / "environment").read_text()
    assert "PATH=" in seen
    for secret in ("CANARY", project.environment()["CXONE_CLIENT_SECRET"], "CXONE_"):
        assert secret not in seen


def test_what_connects_to_a_remote_reaches_git(tmp_path, monkeypatch):
    """S16: proxies, certificates, agents and the user's configuration are passed on."""
    names = ("https_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSH_AGENT_PID", "XDG_CONFIG_HOME", "GIT_SSL_CAINFO")
    for name in names:
        monkeypatch.setenv(name, f"/value/{name}")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/environment\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    Git(tmp_path).run_unchecked("version")
    seen = (tmp_path / "environment").read_text()
    for name in names:
        assert f"{name}=/value/{name}\n" in seen


OPTIONS = ["--output=written", "--upload-pack=PROGRAM", "-O/dev/null", "--exec=PROGRAM"]


@pytest.mark.parametrize("name", OPTIONS)
def test_a_name_that_looks_like_an_option_is_a_name(project: Project, tmp_path, name):
    """S21: --onto, --changed-since and the like never become options of git's."""
    project.list(entry(A))
    project.apply()
    trace = planted(tmp_path / "planted")
    name = name.replace("PROGRAM", str(tmp_path / "planted" / "program"))
    for where in ("refs/heads", "refs/tags"):
        file = project.folder / ".git" / where / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{project.head}\n")
    for command in (
        *(("plan", f"--onto={name}"), ("plan", f"--onto=origin/{name}"), ("confirm", "1", f"--onto={name}")),
        *(("validate", f"--changed-since={name}"), ("fmt", "--check", f"--changed-since={name}")),
        *(
            ("ci", "tenants", f"--changed-since={name}"),
            ("export", "--list", "dnc-list-01", f"--since={name}"),
        ),
    ):
        done = project.run(*command)
        assert done.code in {0, 2, 3, 4}, (command, done.err)
        assert "unexpected" not in done.err
    assert project.plan(f"--onto={name}").changes == []
    assert not trace.exists()
    assert list(project.folder.rglob("written*")) == [
        file for file in project.folder.rglob("written*") if ".git" in file.parts
    ]


def test_a_remote_named_like_an_option_is_none(tmp_path):
    """S21: a section of .git/config names it, and no command gets it."""
    clone = new_clone(tmp_path / "clone")
    clone.commit({"x": "x"})
    trace = planted(tmp_path / "planted")
    configure(
        clone.folder, '[remote "--upload-pack=PROGRAM"]\n\turl = file:///nowhere\n', tmp_path / "planted"
    )
    assert Repository.discover(clone.folder).remote() is None
    assert not trace.exists()
