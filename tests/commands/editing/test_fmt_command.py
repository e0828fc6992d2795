"""`dnc fmt`: which files, which exit code, and never half a file."""

import stat

import pytest

TERMS = "    reasonCode: LOCAL\n    expirationPolicy: NEVER\n    evidence: A\n"
TIDY = f'  - phone: "+12125550101"\n{TERMS}  - phone: "+12125550102"\n{TERMS}'
UNSORTED = f'  - phone: "+12125550102"\n{TERMS}  - phone: "+12125550101"\n{TERMS}'
WRONG = f"  - phone: 212555\n{TERMS}"


def test_files_are_put_in_order_and_named(folder):
    folder.entries("b", UNSORTED)
    folder.entries("a", TIDY)
    done = folder.dnc("fmt")
    assert (done.code, done.out) == (0, "dnc-lists/b.yaml: put in order\n")
    assert folder.read("dnc-lists/b.yaml") == folder.read("dnc-lists/a.yaml")
    again = folder.dnc("fmt", "--check")
    assert (again.code, again.out) == (0, "")


def test_check_names_what_is_not_canonical_and_changes_nothing(folder):
    folder.entries("b", UNSORTED)
    before = folder.files()
    done = folder.dnc("fmt", "--check")
    assert (done.code, done.out) == (3, "dnc-lists/b.yaml: not canonical\n")
    assert "dnc fmt puts them in order" in done.err
    assert folder.files() == before


@pytest.mark.parametrize("option", [(), ("--check",)])
def test_a_file_with_errors_is_left_alone_and_the_others_are_not(folder, option):
    folder.entries("a", WRONG)
    folder.entries("b", UNSORTED)
    before = folder.read("dnc-lists/a.yaml")
    done = folder.dnc("fmt", *option)
    assert done.code == 4
    assert "dnc-lists/a.yaml:4:12: no E.164 number" in done.err
    assert done.out.startswith("dnc-lists/b.yaml: ")
    assert folder.read("dnc-lists/a.yaml") == before


def test_files_and_folders_can_be_named(folder):
    for name in ("a", "b", "more/c", "more/d"):
        folder.entries(name, UNSORTED)
    done = folder.dnc("fmt", "dnc-lists/b.yaml", "dnc-lists/more")
    assert [line.split(":")[0] for line in done.out.splitlines()] == [
        "dnc-lists/b.yaml",
        "dnc-lists/more/c.yaml",
        "dnc-lists/more/d.yaml",
    ]


@pytest.mark.parametrize(
    ("path", "fact"),
    [("none.yaml", "there is no such file"), ("dnc.yaml", "no tenant's lists reach this path")],
)
def test_a_path_that_is_no_list_is_said(folder, path, fact):
    folder.entries("b", UNSORTED)
    done = folder.dnc("fmt", path)
    assert done.code == 4
    assert f"{path}: {fact}" in done.err


def test_what_cannot_be_edited_line_by_line_is_said(folder):
    folder.entries("a", f"  - ? phone\n    : +12125550101\n{TERMS}")
    done = folder.dnc("fmt")
    assert done.code == 4
    assert "dnc-lists/a.yaml:4: a key written with ?" in done.err


def test_a_file_keeps_its_rights(folder):
    folder.entries("b", UNSORTED)
    file = folder.path / "dnc-lists" / "b.yaml"
    file.chmod(0o640)
    folder.dnc("fmt")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [f.name for f in file.parent.iterdir()] == ["b.yaml"]


def test_a_link_that_leads_out_of_the_project_is_refused(folder, tmp_path):
    folder.entries("b", UNSORTED)
    outside = tmp_path / "outside.yaml"
    outside.write_bytes((folder.path / "dnc-lists" / "b.yaml").read_bytes())
    (folder.path / "dnc-lists" / "b.yaml").unlink()
    (folder.path / "dnc-lists" / "b.yaml").symlink_to(outside)
    before = outside.read_bytes()
    assert folder.dnc("fmt").code == 4
    assert outside.read_bytes() == before
