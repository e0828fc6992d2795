"""Reports that are signed, and `verify` with those whose signatures count."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import BRANCH, Project, entry

A, B, C = (f"+1202555010{n}" for n in range(3))

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on this machine"
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key as a pipeline's file variable has it: open to all, without a last newline."""
    return new_key(tmp_path / "key")


def new_key(file: Path) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "dnc", "-f", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text().rstrip())
    file.chmod(0o666)
    return file


def trust(project: Project, *keys: Path) -> None:
    lines = [f"dnc {file.with_name(f'{file.name}.pub').read_text()}" for file in keys]
    project.write("audit-signers", "".join(lines))
    project.configure(lambda c: c.update(audit={"signers": "audit-signers"}))


def problems(project: Project, code: int) -> list[str]:
    done = project.run("audit", "verify", "--format", "json")
    assert done.code == code, (done.out, done.err)
    return [problem["message"] for problem in done.json["problems"]]


def test_signed_reports_verify_and_unsigned_ones_after_them_do_not(project: Project, key: Path):
    project.list(entry(A))
    project.apply()  # before anybody signed
    trust(project, key)
    assert "no report is signed" in problems(project, 4)[0]
    project.environ["DNC_SIGNING_KEY"] = str(key)
    project.apply()
    assert "-----BEGIN SSH SIGNATURE-----" in project.git("cat-file", "commit", BRANCH)
    assert problems(project, 0) == []
    del project.environ["DNC_SIGNING_KEY"]
    project.list(entry(A, B))
    project.apply()
    assert [said for said in problems(project, 4) if "is not signed, and reports before it are" in said]


def test_another_key_does_not_count(project: Project, key: Path, tmp_path: Path):
    other = new_key(tmp_path / "other")
    trust(project, key)
    project.environ["DNC_SIGNING_KEY"] = str(other)
    project.list(entry(A))
    project.apply()
    assert "not among audit.signers" in problems(project, 4)[0]
    trust(project, key, other)
    assert problems(project, 0) == []


def test_signers_count_as_the_remotes_default_branch_says(project: Project, key: Path):
    trust(project, key)
    project.environ["DNC_SIGNING_KEY"] = str(key)
    project.list(entry(A))
    project.apply()
    project.write("audit-signers", "nobody ssh-ed25519 AAAA\n")  # here only, and not committed
    assert problems(project, 0) == []
    project.git("rm", "-qf", "audit-signers")
    project.commit()
    assert project.run("audit", "verify").code == 4


@pytest.mark.parametrize("broken", ["absent", "no key"])
def test_a_key_that_cannot_sign_costs_neither_protection_nor_report(project: Project, tmp_path: Path, broken):
    if broken == "no key":
        (tmp_path / broken).write_text("this is no key")
    project.environ["DNC_SIGNING_KEY"] = str(tmp_path / broken)
    project.list(entry(A))
    done = project.apply(code=9)
    assert set(project.live()) == {A}
    assert "committed and not signed" in done.err
    assert "fix: repair the key" in done.err
    assert project.tip() == project.git("rev-parse", BRANCH)
    assert project.newest["status"] == "complete"
    del project.environ["DNC_SIGNING_KEY"]
    project.apply()


def test_what_is_linked_anew_is_signed_anew(project: Project, key: Path):
    trust(project, key)
    project.environ["DNC_SIGNING_KEY"] = str(key)
    project.list(entry(A))
    project.apply()
    other = project.clone("other")
    project.list(entry(A, B))
    project.on_read[1] = lambda: other.apply(CI_PIPELINE_SOURCE="schedule")
    project.apply()
    assert [report["seq"] for report in project.reports(at=f"origin/{BRANCH}")] == [1, 2, 3]
    assert problems(project, 0) == []
    assert project.git("config", "--list", "--local").count("gpg") == 0
