"""Ways out of the repository: links, other repositories, pipes, and globs; on the disk and in git's trees."""

import os
from pathlib import Path

import pytest

from tests.support.project import Project, entry
from tests.support.sandbox import phone

SECRET = "listId: dnc-list-01\nentries: []\n# outside\n"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "a.yaml").write_text(SECRET)
    (folder / "a.json").write_text("{}")
    return folder


def refused(project: Project, command: str, said: str):
    done = project.run(command)
    assert done.code == 4, (command, done.code, done.err)
    assert said in done.out + done.err, done.err
    assert "# outside" not in done.out + done.err
    assert project.asked("bulk") == 0


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("dnc-lists/link.yaml", "a.yaml"),
        ("schema/link.json", "a.json"),
        ("schema/regulations/us.json", "a.json"),
        ("dnc.yaml", "a.yaml"),
    ],
)
def test_a_link_out_of_the_repository_is_refused(project: Project, outside: Path, path: str, to: str):
    project.list(entry(phone(1)))
    link = project.folder / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(outside / to)
    project.commit()
    for command in ("validate", "plan"):
        refused(project, command, path)


def test_a_link_inside_of_it_is_refused_before_git_meets_it(project: Project):
    """Else it would be applied off the disk once, and never again be read as what is held."""
    project.list(entry(phone(1)))
    (project.folder / "dnc-lists/link.yaml").symlink_to("main.yaml")
    project.commit()
    for command in ("validate", "plan"):
        refused(project, command, "dnc-lists/link.yaml: this is a link")
    refused(project, "apply", "dnc-lists/link.yaml: not followed")


def test_a_folder_that_is_a_link_is_not_read_and_not_passed_over(project: Project, outside: Path):
    project.list(entry(phone(1)))
    (project.folder / "dnc-lists/more").symlink_to(outside)
    project.commit()
    for command in ("validate", "plan", "apply"):
        refused(project, command, "dnc-lists/more: a link to a folder, or another repository")


def test_the_list_folder_itself_may_be_no_link(project: Project, outside: Path):
    (project.folder / "dnc-lists").symlink_to(outside)
    project.commit()
    for command in ("validate", "plan", "apply"):
        refused(project, command, "dnc-lists: a link to a folder, or another repository")


def test_a_submodule_is_not_read_and_not_passed_over(project: Project, outside: Path):
    project.list(entry(phone(1)))
    project.git("init", "-q", str(outside))
    project.git("-C", str(outside), "add", "-A")
    project.git("-C", str(outside), "commit", "-qm", "lists of others")
    project.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"{outside}", "dnc-lists/sub"
    )
    project.commit()
    for command in ("validate", "plan", "apply"):
        refused(project, command, "dnc-lists/sub: a link to a folder, or another repository")


def test_links_elsewhere_do_not_matter(project: Project, outside: Path):
    project.list(entry(phone(1)))
    (project.folder / "docs").symlink_to(outside)
    (project.folder / "notes.md").symlink_to("/nowhere")
    project.commit()
    assert project.run("validate").code == 0
    project.apply()


def test_a_pipe_is_not_waited_for(project: Project):
    project.list(entry(phone(1)))
    os.mkfifo(project.folder / "dnc-lists/pipe.yaml")
    for command in ("validate", "plan"):
        refused(project, command, "dnc-lists/pipe.yaml: this is no file")


@pytest.mark.parametrize("glob", ["../**/*.yaml", "/etc/*.yaml", "dnc-lists/../../*.yaml", "a\\..\\*.yaml"])
def test_a_glob_out_of_the_repository_is_refused(project: Project, outside: Path, glob: str):
    project.tenant(lists=[glob])
    for command in ("validate", "plan", "apply"):
        refused(project, command, "CONF-05")


def test_a_file_outside_is_no_list_of_the_project(project: Project, outside: Path):
    project.list(entry(phone(1)))
    before = (outside / "a.yaml").read_text()
    for command in ("validate", "fmt"):
        done = project.run(command, f"../{outside.name}/a.yaml")
        assert "# outside" not in done.out + done.err
    assert (outside / "a.yaml").read_text() == before
