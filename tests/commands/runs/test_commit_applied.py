"""What is applied is what git has: blobs of the commit, whatever a checkout makes of them (S3, S11, B05)."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
OTHERS = [phone(n) for n in range(20, 50)]
TERMINAL = {"CI": ""}


def warned(done) -> list[str]:
    return [f["message"] for f in done.json["findings"] if f["rule"] == "GIT-TREE"]


def commit_blob(project: Project, path: str, data: bytes) -> None:
    """Commit these bytes; the disk gets what a checkout makes of them."""
    done = subprocess.run(
        ["git", "-C", str(project.folder), "hash-object", "-w", "--stdin"],
        input=data,
        capture_output=True,
        check=True,
    )
    project.git("add", "-A")
    project.git("update-index", "--add", "--cacheinfo", f"100644,{done.stdout.decode().strip()},{path}")
    project.git("commit", "-qm", "text")
    (project.folder / path).unlink(missing_ok=True)
    project.git("checkout", "--", path)
    project.git("push", "-q", "origin", "HEAD")


def encoded(path: str) -> str:
    return f"{path} working-tree-encoding=ISO646-JP\n"


HIDDEN = (
    "{listId: dnc-list-01, entries: [],\n"
    ' description: "used templates¥" #", releases: [{phone: %s, releasedOn: 2026-11-23,'
    " reason: CONSENT_GIVEN, evidence: FORM-1}]\n}\n"
)


def test_a_release_that_only_a_checkout_has_permits_nothing(project: Project):
    """S3: in git the release is a comment; an encoding of the checkout makes a release of it."""
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    project.write(".gitattributes", encoded("dnc-lists/templates.yaml"))
    project.list(entry(*OTHERS), commit=False)
    commit_blob(project, "dnc-lists/templates.yaml", (HIDDEN % A).encode())
    assert b'\\" #"' in (project.folder / "dnc-lists/templates.yaml").read_bytes()
    job = project.clone("job")
    done = job.apply(code=6)
    assert [change[3:] for change in done.changes] == [([A], ["no-release"])]
    assert A in project.live()
    assert warned(done)
    assert job.apply("--yes", code=4, **TERMINAL)
    assert A in project.live()


def test_a_hold_that_a_checkout_hides_holds(project: Project):
    """S3: the same trick hides a hold from the disk; git has it."""
    text = '{description: "a¥", holds: [{matter: M-1, from: 2026-11-02, phones: [%s]}] #"\n}\n'
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    project.write(".gitattributes", encoded("dnc-lists/hold.yaml"))
    project.list(entry(*OTHERS), releases=[release(A)], commit=False)
    commit_blob(project, "dnc-lists/hold.yaml", (text % A).encode())
    job = project.clone("job")
    assert b'a\\"' in (job.folder / "dnc-lists/hold.yaml").read_bytes()
    done = job.apply(code=6)
    assert "hold" in done.changes[0][4]
    assert A in project.live()


@pytest.mark.parametrize("how", ["smudge", "ident", "encoding", "eol"])
def test_a_number_is_sent_as_git_has_it(project: Project, how, tmp_path):
    """S3: what a filter, `ident` or an encoding writes on the disk is never sent."""
    path = "dnc-lists/other.yaml"
    data = f'listId: {LIST}\ndescription: "$Id$"\nentries:\n  - {json.dumps(entry(B))}\n'
    match how:
        case "smudge":
            project.write(".gitattributes", f"{path} filter=x\n")
            project.git("config", "filter.x.smudge", f"sed s/{B[1:]}/{C[1:]}/")
            project.git("config", "filter.x.clean", f"sed s/{C[1:]}/{B[1:]}/")
        case "ident":
            project.write(".gitattributes", f"{path} ident\n")
        case "encoding":
            project.write(".gitattributes", f"{path} working-tree-encoding=UTF-16\n")
        case _:
            project.write(".gitattributes", f"{path} eol=crlf\n")
    project.list(entry(A), commit=False)
    commit_blob(project, path, data.encode())
    assert (project.folder / path).read_bytes() != data.encode()
    done = project.apply()
    assert set(project.live()) == {A, B}
    assert bool(warned(done)) is (how != "eol")
    assert project.newest["revision"] == project.head
    again = project.run("apply", "--yes", **TERMINAL)
    assert again.code == (0 if how == "eol" else 4)


@pytest.mark.parametrize("how", ["sparse", "skip-worktree", "assume-unchanged", "deleted"])
def test_a_file_that_the_checkout_lacks_is_applied(project: Project, how):
    """B05: a sparse checkout without a list file; the commit has the number, so it goes live."""
    project.list(entry(A))
    project.list(entry(B), name="team/second")
    path = project.folder / "dnc-lists/team/second.yaml"
    match how:
        case "sparse":
            project.git("sparse-checkout", "set", "--no-cone", "/*", "!/dnc-lists/team/")
        case "skip-worktree" | "assume-unchanged":
            project.git("update-index", f"--{how}", "dnc-lists/team/second.yaml")
            path.unlink()
        case _:
            path.unlink()
    assert not path.exists()
    assert "differs from the commit" in project.plan().err
    done = project.run("apply", "--yes", "--format", "json", **TERMINAL)
    assert done.code == 4
    assert "not committed: dnc-lists/team/second.yaml" in done.err
    assert project.live() == {}
    done = project.apply()
    assert set(project.live()) == {A, B}
    assert "dnc-lists/team/second.yaml" in warned(done)[0]
    assert "GIT-TREE" in done.err


@pytest.mark.parametrize("how", ["assume-unchanged", "skip-worktree", "ignored"])
def test_a_file_that_git_does_not_look_at_is_compared(project: Project, how):
    """S3: `git status` is clean, and the disk says something else; nothing exposing goes on the quiet."""
    project.write(".gitignore", "dnc-lists/local.yaml\n")
    project.list(entry(A, B), entry(*OTHERS))
    project.apply()
    project.list(entry(*OTHERS), releases=[release(A, B)])
    if how == "ignored":
        project.list(entry(A), name="local", commit=False)
    else:
        project.git("update-index", f"--{how}", "dnc-lists/main.yaml")
        project.list(entry(*OTHERS, C), releases=[release(A, B)], commit=False)
    done = project.apply(code=6)
    assert {tuple(change[4]) for change in done.changes} == {("superseded",)}
    assert {A, B} <= set(project.live())
    assert C not in project.live()
    assert project.run("apply", "--yes", **TERMINAL).code == 4
    if how == "ignored":
        (project.folder / "dnc-lists/local.yaml").unlink()
    else:
        project.git("update-index", f"--no-{how}", "dnc-lists/main.yaml")
        project.git("checkout", "-q", "--", ".")
    project.apply()
    assert not {A, B} & set(project.live())


@pytest.mark.parametrize("broken", ["dnc-lists/main.yaml", "dnc.yaml", "schema/regulations/us.json"])
def test_what_is_broken_in_a_jobs_checkout_stops_no_protective_change(project: Project, broken):
    """S3: the checkout is not even read."""
    project.list(entry(A))
    project.write(broken, "{")
    assert project.run("validate").code == 4
    done = project.apply()
    assert set(project.live()) == {A}
    assert broken in warned(done)[0]


@pytest.mark.parametrize("index", [b"", b"garbage", None], ids=["empty", "garbage", "a folder"])
def test_a_broken_index_of_git_stops_nothing(project: Project, index: bytes | None):
    """What is planned and applied is in commits; the index of the clone is not read."""
    project.list(entry(A, B))
    project.apply()
    project.list(entry(A, B, C))
    file = project.folder / ".git/index"
    file.unlink()
    if index is None:
        file.mkdir()
    else:
        file.write_bytes(index)
    assert [c["action"] for c in project.plan().json["changes"]] == ["create"]
    project.apply()
    assert set(project.live()) == {A, B, C}
    assert project.run("audit", "verify").code == 0


def test_another_configuration_in_a_checkout_changes_no_target(project: Project):
    """S3: addresses come from the commit's dnc.yaml."""
    project.list(entry(A))
    other = json.loads((project.folder / "dnc.yaml").read_text())
    other["tenants"]["production"]["lists"] = ["others/*.yaml"]
    project.write("dnc.yaml", json.dumps(other))
    project.apply()
    assert set(project.live()) == {A}
    assert project.run("apply", "--yes", **TERMINAL).code == 4


def test_a_configuration_that_is_not_committed_is_named(project: Project):
    project.list(entry(A))
    project.git("rm", "-q", "--cached", "dnc.yaml")
    project.git("commit", "-qm", "gone")
    done = project.run("apply", "--yes", **TERMINAL)
    assert done.code == 4
    assert "not committed: dnc.yaml" in done.err


FOLDERS = ["node_modules", "__pycache__", ".venv", "build/node_modules"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_of_tools_below_the_lists_count(project: Project, folder):
    """S11: the plan shows the number, and apply sends it; a hidden folder is an error, and no riddle."""
    project.list(entry(*OTHERS))
    project.apply()
    project.list(entry(A), name=f"{folder}/intake", commit=False)
    hidden = folder.startswith(".")
    checked = project.run("validate", "--format", "json")
    assert checked.code == (4 if hidden else 0)
    assert ("LIST-05" in checked.out) is hidden
    assert project.run("plan").code == (4 if hidden else 0)
    if hidden:
        return
    assert project.plan().counts()["create"] == 1
    assert project.run("apply", "--yes", **TERMINAL).code == 4
    project.commit()
    assert project.plan("--onto", "origin/main").counts()["create"] == 1
    project.apply()
    assert A in project.live()
    assert not warned(project.apply())


def test_a_hold_in_such_a_folder_holds(project: Project):
    """S11: a hold that is moved into node_modules beside a release holds in plan and apply."""
    hold = {"holds": [{"matter": "M-1", "from": "2026-11-02", "phones": [A]}]}
    project.list(entry(A), entry(*OTHERS), commit=False)
    project.write("dnc-lists/hold.yaml", json.dumps(hold))
    project.commit()
    project.run("apply")
    (project.folder / "dnc-lists/node_modules").mkdir()
    project.git("mv", "dnc-lists/hold.yaml", "dnc-lists/node_modules/hold.yaml")
    project.list(entry(*OTHERS), releases=[release(A)])
    project.run("apply")
    assert A in project.live()


def test_a_state_folder_counts_where_a_glob_names_it(project: Project):
    """S11: only what no glob reaches is passed over."""
    project.tenant(lists=["dnc-lists/**/*.yaml", ".dnc/lists/*.yaml"])
    project.list(entry(A), commit=False)
    project.write(".dnc/lists/more.yaml", json.dumps({"listId": LIST, "entries": [entry(B)]}))
    project.commit()
    assert project.plan().counts() == {"create": 2}
    project.apply()
    assert set(project.live()) == {A, B}


def test_what_no_glob_reaches_is_not_walked(project: Project, monkeypatch):
    """A virtual environment beside the lists costs nothing."""
    project.list(entry(A))
    for name in (".venv/lib/deep", "node_modules/x", "docs"):
        project.write(f"{name}/file.yaml", "x")
    seen = []
    walk = os.walk
    monkeypatch.setattr("os.walk", lambda top: (seen.append(str(here[0])) or here for here in walk(top)))
    assert project.run("validate").code == 0
    below = {Path(place).relative_to(project.folder).parts[:1] for place in seen}
    assert below == {(), ("dnc-lists",)}


def test_line_ends_alone_are_no_difference(project: Project):
    """A checkout with core.autocrlf is no other tree; the blob's bytes are hashed into the report."""
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    project.list(entry(*OTHERS), releases=[release(A)])
    file = project.folder / "dnc-lists/main.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    hashes = project.clone("other").plan().json["changes"]
    assert project.plan().json["changes"] == hashes
    done = project.apply("--yes", **TERMINAL)
    assert not warned(done)
    assert A not in project.live()
    lists = project.newest["hashes"]["lists"]
    project.git("checkout", "-q", "--", ".")
    project.apply("--attest")
    assert project.newest["hashes"]["lists"] == lists


def test_a_lone_carriage_return_is_a_difference(project: Project):
    project.list(entry(A))
    file = project.folder / "dnc-lists/main.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r"))
    assert project.run("apply", "--yes", **TERMINAL).code == 4


def test_a_pipe_and_a_link_are_differences_and_not_read(project: Project):
    project.list(entry(A))
    os.mkfifo(project.folder / "dnc-lists/pipe.yaml")
    file = project.folder / "dnc-lists/main.yaml"
    file.rename(project.folder / "main.yaml")
    file.symlink_to(project.folder / "main.yaml")
    done = project.apply()
    assert "dnc-lists/main.yaml, dnc-lists/pipe.yaml" in warned(done)[0]
    assert set(project.live()) == {A}


def test_the_merge_of_a_partial_clone_is_planned(project: Project):
    """A clone without blobs fetches what the merge needs, though the merge reads no configuration."""
    project.origin.joinpath("config").write_text(
        project.origin.joinpath("config").read_text() + "[uploadpack]\n\tallowFilter = true\n"
    )
    project.list(entry(A, *OTHERS))
    project.git("checkout", "-qb", "side")
    project.list(entry(A, *OTHERS, C))
    project.git("checkout", "-q", "main")
    project.list(entry(B, *OTHERS))
    job = project.clone("job", "--filter=blob:none", "-b", "side")
    done = job.run("plan", "--onto", "origin/main", "--format", "json")
    assert done.code == 0, done.err
    assert {n for change in done.changes for n in change[3]} == {B, C, *OTHERS}


def test_the_tool_itself_in_a_subfolder_compares_its_own_folder(project: Project, tmp_path):
    """A project below the repository's root: paths are told from its folder."""
    team = project.folder / "team"
    team.mkdir()
    for name in ("dnc.yaml",):
        project.git("mv", name, f"team/{name}")
    project.write("team/dnc-lists/main.yaml", json.dumps({"listId": LIST, "entries": [entry(A)]}))
    project.commit()
    project.write("team/dnc-lists/extra.yaml", json.dumps({"listId": LIST, "entries": [entry(B)]}))
    project.write("dnc-lists/outside.yaml", "x")
    done = project.run("apply", "--config", "team/dnc.yaml", "--format", "json")
    assert done.code == 0, done.err
    assert "in dnc-lists/extra.yaml:" in warned(done)[0]
    assert set(project.live()) == {A}
