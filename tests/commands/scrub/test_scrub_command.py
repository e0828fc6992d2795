"""`dnc scrub`: what is on a list is not dialled, whatever a calling list writes it like."""

import hashlib
import json
import stat

import pytest

from tests.support.project import LIST, Project, entry, release
from tests.support.result import Result

A, B, C, D = (f"+121255501{n:02}" for n in range(23, 27))
OTHER = "dnc-list-02"
SCHEDULED = {"CI_PIPELINE_SOURCE": "schedule"}
LEADS = f"Name,Phone,Note\r\nAnn,(212) 555-0123,x\r\nBob,{B},y\r\n\r\nLee,12,z\r\n"


@pytest.fixture
def listing(project: Project) -> Project:
    """A project whose list has A, applied and read."""
    project.list(entry(A))
    project.apply(**SCHEDULED)
    return project


def scrub(
    project: Project, text: str | bytes | None = None, *arguments: str, code=0, **environ: str
) -> Result:
    if text is not None:
        data = text.encode() if isinstance(text, str) else text
        (project.folder / "leads.csv").write_bytes(data)
    done = project.run("scrub", "leads.csv", *arguments, **environ)
    assert done.code == code, (done.code, done.out, done.err)
    return done


def clean(project: Project) -> str:
    return (project.folder / "leads.clean.csv").read_bytes().decode()


def certificate(project: Project) -> dict:
    return json.loads((project.folder / "leads.certificate.json").read_text())


def outputs(project: Project) -> set[str]:
    return {path.name for path in project.folder.iterdir() if path.name.startswith(("leads.", ".dnc-scrub"))}


def test_rows_are_parted_and_clean_is_the_input_byte_for_byte(listing: Project):
    done = scrub(listing, LEADS, code=8)
    assert clean(listing) == f"Name,Phone,Note\r\nBob,{B},y\r\n"
    blocked = (listing.folder / "leads.blocked.csv").read_text()
    assert blocked == (
        "line,lists,reasons,columns,Name,Phone,Note\n"
        f"2,{LIST},CUSTOMER_REQUESTED,Phone,Ann,(212) 555-0123,x\n"
    )
    unreadable = (listing.folder / "leads.unreadable.csv").read_text().splitlines()
    assert unreadable[0] == "line,why,Name,Phone,Note"
    assert unreadable[1].startswith("5,")
    assert unreadable[1].endswith(",Lee,12,z")
    for name in outputs(listing) - {"leads.csv"}:
        assert stat.S_IMODE((listing.folder / name).stat().st_mode) == 0o600
    assert "555" not in done.out + done.err


def test_the_certificate_says_what_was_done(listing: Project):
    scrub(listing, LEADS, code=8)
    said = certificate(listing)
    assert said["rows"] == {"read": 3, "clean": 1, "blocked": 1, "unreadable": 1}
    for kind in ("clean", "blocked", "unreadable"):
        data = (listing.folder / f"leads.{kind}.csv").read_bytes()
        assert said["outputs"][kind] == {
            "file": f"leads.{kind}.csv",
            "rows": 1,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    assert said["input"]["sha256"] == hashlib.sha256(LEADS.encode()).hexdigest()
    assert said["blocked"] == {"by_list": {LIST: 1}, "by_reason": {"CUSTOMER_REQUESTED": 1}}
    assert said["lists"]["looked_at"] == [{"list_id": LIST, "numbers": 1}]
    assert said["revision"] == listing.head
    assert said["basis"]["report"]["seq"] == 1
    assert said["basis"]["reading"] == "report 1"
    assert said["tenant"] == "production"
    assert said["columns"] == {"read": ["Phone"], "left_out": []}
    assert said["registries"] == []
    assert said["valid_until"] > said["created_at"]
    assert "5550123" not in json.dumps(said)


def _not_applied(project: Project) -> None:
    project.list(entry(A, B))


def _not_committed(project: Project) -> None:
    project.list(entry(A, B), commit=False)


def _not_pulled(project: Project) -> None:
    other = project.clone("other")
    other.list(entry(A, B))


def _vanished_and_kept(project: Project) -> None:
    project.list(entry(A, B))
    project.apply(**SCHEDULED)
    project.list(entry(A))
    project.apply(**SCHEDULED, code=6)


def _by_hand(project: Project) -> None:
    project.tenant(removal="none")
    project.list(entry(A, B))
    project.apply(**SCHEDULED)
    project.list(entry(A), releases=[release(B)])
    project.apply(**SCHEDULED)


def _unmanaged(project: Project) -> None:
    project.agent("add", B)
    project.apply(**SCHEDULED)


def _broken(project: Project) -> None:
    project.list(
        entry(A), {"phone": B, "reasonCode": "NO_SUCH_CODE", "expirationPolicy": "NEVER"}, commit=False
    )


def _broken_number(project: Project) -> None:
    project.list(entry(A), entry("+1 212 555 0124"), commit=False)


@pytest.mark.parametrize(
    "situation",
    [
        _not_applied,
        _not_committed,
        _not_pulled,
        _vanished_and_kept,
        _by_hand,
        _unmanaged,
        _broken,
        _broken_number,
    ],
)
def test_everything_that_has_a_number_counts(listing: Project, situation):
    situation(listing)
    scrub(listing, f"Phone\n{B}\n{C}\n")
    assert clean(listing) == f"Phone\n{C}\n"


def test_live_reads_cxone_now(listing: Project):
    listing.agent("add", B)
    scrub(listing, f"Phone\n{B}\n{C}\n")
    assert clean(listing) == f"Phone\n{B}\n{C}\n"
    scrub(listing, None, "--live")
    assert clean(listing) == f"Phone\n{C}\n"
    assert certificate(listing)["basis"]["how"] == "live"


def test_without_a_young_reading_it_asks_for_live_or_record_only(listing: Project):
    listing.clock.move(hours=27)
    done = scrub(listing, LEADS, code=4)
    assert "--live" in done.err
    assert "--record-only" in done.err
    assert outputs(listing) == {"leads.csv"}
    scrub(listing, None, "--record-only", code=8)
    assert certificate(listing)["basis"]["record_only"] is True


def test_without_any_run_nothing_is_known_of_cxone(project: Project):
    project.list(entry(A))
    assert "no run has read" in scrub(project, LEADS, code=4).err
    scrub(project, None, "--record-only", code=8)
    assert certificate(project)["basis"]["report"] is None


def test_a_list_that_is_unknown_or_empty_is_refused(listing: Project):
    listing.list(name="empty", list_id=OTHER)
    assert "there is no list custom" in scrub(listing, LEADS, "--list", "custom", code=4).err
    assert "has no number" in scrub(listing, LEADS, "--list", OTHER, code=4).err


def test_lists_that_are_not_asked_for_are_named(listing: Project):
    listing.list(entry(B), name="other", list_id=OTHER)
    scrub(listing, f"Phone\n{A}\n{B}\n{C}\n", "--list", OTHER)
    assert clean(listing) == f"Phone\n{A}\n{C}\n"
    left = certificate(listing)["lists"]["not_looked_at"]
    assert left == [{"list_id": LIST, "numbers": 1, "why": "not asked for"}]


def test_a_project_without_numbers_cleans_nothing(project: Project):
    project.list(entry(A), releases=())
    project.list(commit=True)
    assert "no list of tenant production has a number" in scrub(project, LEADS, "--record-only", code=4).err


def test_a_file_that_cannot_be_read_is_refused(listing: Project):
    listing.write("dnc-lists/broken.yaml", "listId: [\n")
    assert "cannot be read" in scrub(listing, LEADS, code=4).err


def test_an_audit_branch_in_doubt_is_refused(listing: Project):
    listing.git("push", "-q", "origin", "--delete", "dnc-audit")
    assert "dnc-audit" in scrub(listing, LEADS, "--record-only", code=4).err


def test_earlier_outputs_do_not_outlive_a_run_that_fails(listing: Project):
    scrub(listing, LEADS, code=8)
    listing.clock.move(hours=27)
    scrub(listing, None, code=4)
    assert outputs(listing) == {"leads.csv", "leads.certificate.json"}


def test_a_file_of_somebody_else_is_not_written_over(listing: Project):
    (listing.folder / "leads.clean.csv").write_text("mine")
    assert "no certificate shows" in scrub(listing, LEADS, code=4).err
    assert clean(listing) == "mine"


def test_an_output_that_was_changed_is_not_written_over_and_the_others_go(listing: Project):
    scrub(listing, LEADS, code=8)
    (listing.folder / "leads.blocked.csv").write_text("changed")
    scrub(listing, None, code=4)
    assert outputs(listing) == {"leads.csv", "leads.blocked.csv", "leads.certificate.json"}


def test_the_same_again_gives_the_same(listing: Project):
    scrub(listing, LEADS, code=8)
    before = certificate(listing)["outputs"]
    scrub(listing, None, code=8)
    assert certificate(listing)["outputs"] == before


def test_an_output_is_never_the_input(listing: Project):
    assert "one name" in scrub(listing, LEADS, "-o", "leads.csv", code=4).err
    assert (listing.folder / "leads.csv").read_bytes() == LEADS.encode()


def test_columns_left_out_are_named_and_block(listing: Project):
    text = f"Phone,Mobile\n{B},{A}\n{C},{D}\n"
    scrub(listing, text, "--column", "Phone")
    assert clean(listing) == f"Phone,Mobile\n{C},{D}\n"
    assert certificate(listing)["columns"] == {"read": ["Phone"], "left_out": ["Mobile"]}
    assert "no column Tel" in scrub(listing, text, "--column", "Tel", code=4).err


def test_a_reading_that_was_kept_is_young_enough(listing: Project):
    listing.clock.move(hours=27)
    listing.agent("add", B)
    assert listing.run("drift", CI="").code == 3
    scrub(listing, f"Phone\n{B}\n{C}\n", code=4)  # in a pipeline nobody knows who wrote that file
    scrub(listing, None, CI="")
    assert clean(listing) == f"Phone\n{C}\n"
    assert certificate(listing)["basis"]["reading"] == "the reading kept here"
