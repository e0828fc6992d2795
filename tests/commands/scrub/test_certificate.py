"""`dnc scrub --verify`: a certificate fits its files, the audit chain and its signature, or it does not."""

import json
import shutil
from pathlib import Path

import pytest

from tests.commands.record.test_signatures import new_key, trust
from tests.support.project import Project, entry
from tests.support.result import Result

A, B = "+12125550123", "+13125550177"
CERTIFICATE = "leads.certificate.json"


def verify(project: Project, *arguments: str, code: int) -> Result:
    done = project.run("scrub", "--verify", CERTIFICATE, *arguments, "--format", "json")
    assert done.code == code, (done.code, done.out, done.err)
    return done


@pytest.fixture
def scrubbed(project: Project) -> Project:
    project.list(entry(A))
    project.apply()
    project.write("leads.csv", f"Phone\n{A}\n{B}\nx\n")
    assert project.run("scrub", "leads.csv").code == 8
    return project


def test_files_as_they_were_verify_until_the_time_is_over(scrubbed: Project):
    said = verify(scrubbed, code=0).json
    assert said["verified"] is True
    assert len(said["files"]) == 4
    scrubbed.clock.move(hours=25)
    assert verify(scrubbed, code=3).json["over"] is True
    assert "Scrub again" in scrubbed.run("scrub", "--verify", CERTIFICATE).out


@pytest.mark.parametrize(
    "name", ["leads.csv", "leads.clean.csv", "leads.blocked.csv", "leads.unreadable.csv"]
)
def test_a_changed_byte_is_found(scrubbed: Project, name):
    file = scrubbed.folder / name
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(data)
    (problem,) = verify(scrubbed, code=4).json["problems"]
    assert name in problem
    file.unlink()
    (problem,) = verify(scrubbed, code=4).json["problems"]
    assert "cannot be read" in problem


def test_a_calling_list_that_was_moved_is_named(scrubbed: Project):
    (scrubbed.folder / "leads.csv").rename(scrubbed.folder / "moved.csv")
    verify(scrubbed, code=4)
    verify(scrubbed, "moved.csv", code=0)


def test_a_report_that_is_not_in_the_chain_is_found(scrubbed: Project):
    file = scrubbed.folder / CERTIFICATE
    said = json.loads(file.read_text())
    said["basis"]["report"]["sha256"] = "0" * 64
    file.write_text(json.dumps(said))
    (problem,) = verify(scrubbed, code=4).json["problems"]
    assert "not in the audit chain" in problem


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"kind": "dnc-scrub-certificate", "format_version": "1.0"}']
)
def test_what_is_no_certificate_is_refused(scrubbed: Project, text):
    scrubbed.write(CERTIFICATE, text)
    verify(scrubbed, code=4)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on this machine")
def test_it_is_signed_where_reports_are(scrubbed: Project, tmp_path: Path):
    key = new_key(tmp_path / "key")
    trust(scrubbed, key)
    verify(scrubbed, code=4)  # from now on only a signature counts
    scrubbed.environ["DNC_SIGNING_KEY"] = str(key)
    scrubbed.apply()
    assert scrubbed.run("scrub", "leads.csv").code == 8
    assert verify(scrubbed, code=0).json["signer"] == "dnc"
    file = scrubbed.folder / CERTIFICATE
    file.write_text(file.read_text().replace('"stale_allowed": false', '"stale_allowed": true'))
    (problem,) = verify(scrubbed, code=4).json["problems"]
    assert "not a good one" in problem


def _registry(project: Project, day: str) -> None:
    content = {
        "listId": "dnc-list-02",
        "registry": {"name": "ftc-registry", "retrievedAt": day, "sha256": "0" * 64, "areaCodes": ["312"]},
        "entries": [entry("+13125550101", reason="NATIONAL", source="ftc-registry", jurisdiction="US")],
    }
    project.write("dnc-lists/registry.yaml", json.dumps(content))
    project.commit()


def test_a_stale_registry_is_refused_unless_that_is_allowed(scrubbed: Project):
    _registry(scrubbed, "2026-10-20")
    done = scrubbed.run("scrub", "leads.csv")
    assert done.code == 3
    assert "was fresh until 2026-11-20" in done.err
    assert scrubbed.run("scrub", "leads.csv", "--list", "dnc-list-01").code == 8
    assert scrubbed.run("scrub", "leads.csv", "--allow-stale").code == 8
    said = json.loads((scrubbed.folder / CERTIFICATE).read_text())
    assert said["stale_allowed"] is True
    assert [copy["stale"] for copy in said["registries"]] == [True]


def test_a_registry_must_be_fresh_on_the_last_day_of_the_calls(scrubbed: Project):
    _registry(scrubbed, "2026-10-26")  # fresh until 2026-11-26
    assert scrubbed.run("scrub", "leads.csv", "--as-of", "2026-11-27").code == 3
    assert scrubbed.run("scrub", "leads.csv", "--as-of", "2026-11-26").code == 8


def test_the_last_day_of_the_calls_is_not_over_yet(scrubbed: Project):
    _registry(scrubbed, "2026-10-20")  # it was fresh on the day that is named
    done = scrubbed.run("scrub", "leads.csv", "--as-of", "2026-11-19")
    assert done.code == 4
    assert "2026-11-19 is over" in done.err
