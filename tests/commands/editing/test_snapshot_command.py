"""`dnc import --snapshot`: what is gone from a registry is released, and what is in doubt stays."""

import re
from hashlib import sha256

import pytest

from reconciler.use_cases.edits import registry_snapshot
from tests.commands.editing.conftest import CONFIGURATION, HEAD
from tests.unit.list_edit.test_canonical import claims

TO = ("--list", "dnc-list-01", "--reason", "NATIONAL", "--policy", "NEVER", "--source", "ftc-registry")
PLACE = "dnc-lists/dnc-list-01/ftc-registry/"
GONE = ("212,5550107",)  # in the middle: what is missing at the end may be cut off
RELEASES = f"{PLACE}releases/dnc-list-01-ftc-registry-2026-11-20-0001.yaml"


def flat(*blocks, without=()):
    """Write the FTC's flat form: each block is an area code and how many numbers it has."""
    rows = [f"{code},55501{n:02d}" for code, count in blocks for n in range(count)]
    return "".join(f"{row}\n" for row in rows if row not in without)


def numbers(folder):
    """Read every number that the lists claim, with its terms."""
    found = {}
    for path, data in folder.files().items():
        if path.startswith("dnc-lists/") and "/releases/" not in path:
            found |= claims(data)[0]
    return found


@pytest.fixture
def snapshot(folder):
    """Give a function that takes a snapshot in."""

    def taking(table, at="2026-11-20", *options):
        folder.write("all.txt", table)
        return folder.dnc("import", "all.txt", *TO, "--snapshot", "--retrieved-at", at, *options)

    return taking


def released(folder):
    """Read every release: of each number, by day, the reason and the evidence."""
    found = {}
    for path, data in folder.files().items():
        if "/releases/" in path:
            text = data.decode()
            day, reason, evidence = (
                re.search(rf'{key}: "?([^\s"]+)', text)[1] for key in ("releasedOn", "reason", "evidence")
            )
            for number in re.findall(r'"(\+1\d{10})"', text):
                found.setdefault(number, {})[day] = (reason, evidence)
    return found


def test_an_area_code_has_a_file_with_its_registry(folder, snapshot):
    done = snapshot(flat(("212", 2), ("202", 1)))
    assert (done.code, done.out) == (0, f"{PLACE}202-0001.yaml\n{PLACE}212-0001.yaml\n"), done.err
    table = folder.files()["all.txt"]
    assert folder.read(f"{PLACE}212-0001.yaml") == (
        HEAD.replace("../", "../../../")
        + 'description: "ftc-registry, area code 212"\nregistry:\n  name: ftc-registry\n'
        f'  retrievedAt: 2026-11-20\n  sha256: "{sha256(table).hexdigest()}"\n  areaCodes: ["212"]\n'
        "entries:\n  - reasonCode: NATIONAL\n    expirationPolicy: NEVER\n    source: ftc-registry\n"
        '    phones:\n      - "+12125550100"\n      - "+12125550101"\n'
    )
    assert folder.dnc("validate").code == 0
    assert folder.dnc("fmt", "--check").code == 0


def test_what_is_gone_is_released_with_the_snapshot_as_evidence(folder, snapshot):
    snapshot(flat(("212", 50)), "2026-10-20")
    done = snapshot(flat(("212", 50), without=("212,5550107",)))
    assert done.code == 0, done.err
    assert "+12125550107" not in numbers(folder)
    digest = sha256(folder.files()["all.txt"]).hexdigest()
    evidence = f"ftc-registry:2026-11-20:sha256:{digest}"
    assert released(folder) == {"+12125550107": {"2026-11-20": ("REGISTRY_REMOVED", evidence)}}
    assert RELEASES in done.out
    assert f"1 released from dnc-list-01: REGISTRY_REMOVED, {evidence}" in done.err
    assert "49 rows read, 0 added, 49 already there, 0 refused" in done.err
    text = folder.read(f"{PLACE}212-0001.yaml")
    assert f'  retrievedAt: 2026-11-20\n  sha256: "{digest}"\n  areaCodes: ["212"]\n' in text
    assert folder.dnc("validate").code == 0
    assert folder.dnc("fmt", "--check").code == 0


def test_the_same_snapshot_twice_changes_nothing(folder, snapshot):
    snapshot(flat(("212", 50), ("213", 50)), "2026-10-20")
    table = flat(("212", 50), ("213", 20), ("214", 3), without=("212,5550107",))
    snapshot(table)
    before = folder.files()
    done = snapshot(table)
    assert (done.code, done.out) == (0, "")
    assert "nothing to do: the files have this snapshot already" in done.err
    assert folder.files() == before


def test_an_area_code_that_is_missing_or_lost_too_much_stays_and_is_named(folder, snapshot):
    snapshot(flat(("212", 50), ("213", 50), ("214", 50)), "2026-10-20")
    before = folder.files()
    done = snapshot(flat(("212", 50), ("213", 48), ("215", 1)))
    assert done.code == 0, done.err
    assert (
        "nothing of area code 213 is released: it lost 2 of 50 numbers, 4.00 %, the limit is 2 %" in done.err
    )
    assert (
        "nothing of area code 214 is released: it is missing from the file; its 50 numbers stay" in done.err
    )
    assert released(folder) == {}
    assert len(numbers(folder)) == 151
    for code in ("213", "214"):  # the block, too: the copy of these is as old as it was
        path = f"{PLACE}{code}-0001.yaml"
        assert folder.files()[path] == before[path]
    assert "retrievedAt: 2026-11-20" in folder.read(f"{PLACE}212-0001.yaml")


def test_what_is_new_goes_on_also_where_nothing_comes_off(folder, snapshot):
    snapshot(flat(("213", 50)), "2026-10-20")
    done = snapshot("213,5550199\n")
    assert "it lost 50 of 50 numbers" in done.err
    assert len(numbers(folder)) == 51


@pytest.mark.parametrize(
    ("options", "count"),
    [((), 1), (("--max-loss", "2"), 1), (("--max-loss", "1.9"), 0), (("--max-loss", "0"), 0)],
)
def test_the_limit_can_be_made_stricter(folder, snapshot, options, count):
    snapshot(flat(("212", 50)), "2026-10-20")
    assert snapshot(flat(("212", 50), without=GONE), "2026-11-20", *options).code == 0
    assert len(released(folder)) == count


def test_the_limit_can_not_be_made_looser(snapshot):
    assert snapshot(flat(("212", 1)), "2026-11-20", "--max-loss", "3").code == 2


def test_a_profile_says_how_its_snapshots_are_taken(folder):
    profile = (
        "imports:\n  ftc:\n    listId: dnc-list-01\n    registry: {freshFor: P7D, maxLossPercent: 1}\n"
        "    defaults: {reasonCode: NATIONAL, expirationPolicy: NEVER, source: ftc-registry}\n"
    )
    folder.write("dnc.yaml", CONFIGURATION + profile)
    options = ("--profile", "ftc", "--snapshot", "--max-loss", "2", "--retrieved-at")
    for gone, at in (((), "2026-10-20"), (GONE, "2026-11-20")):
        folder.write("all.txt", flat(("212", 50), without=gone))
        done = folder.dnc("import", "all.txt", *options, at)
        assert done.code == 0, done.err
    assert "freshFor: P7D" in folder.read(f"{PLACE}212-0001.yaml")
    assert "it lost 1 of 50 numbers, 2.00 %, the limit is 1 %" in done.err
    folder.write("dnc.yaml", CONFIGURATION + profile.replace("Percent: 1", "Percent: 5"))
    done = folder.dnc("import", "all.txt", *options, "2026-11-20")
    assert done.code == 4
    assert "imports.ftc.registry.maxLossPercent: maxLossPercent is 5.0: it must be at most 2" in done.err


def test_only_the_registrys_own_claims_go(folder, snapshot):
    snapshot(flat(("212", 60)), "2026-10-20")
    path = f"{PLACE}212-0001.yaml"
    theirs = (
        '  - phone: "+12125550170"\n    reasonCode: NATIONAL\n    expirationPolicy: NEVER\n    source: desk\n'
    )
    folder.write(path, folder.read(path).replace("entries:\n", f"entries:\n{theirs}"))
    company = theirs.replace("170", "107").replace("NATIONAL", "CUSTOMER_REQUESTED")
    folder.entries("company", company)
    other = HEAD.replace("list-01", "list-02") + "entries:\n" + theirs.replace("170", "108")
    folder.write("dnc-lists/other.yaml", other)
    done = snapshot(flat(("212", 60), without=("212,5550107",)))
    assert set(released(folder)) == {"+12125550107"}
    assert "+12125550107 stays on dnc-list-01: CUSTOMER_REQUESTED NEVER, dnc-lists/company.yaml" in done.err
    assert folder.read("dnc-lists/company.yaml").endswith(company)
    assert folder.read("dnc-lists/other.yaml") == other
    assert theirs in folder.read(path)


def test_each_registry_and_each_list_has_its_own_snapshots(folder, snapshot):
    snapshot(flat(("212", 50)), "2026-10-20")
    before = folder.files()
    folder.write("all.txt", flat(("212", 49)))
    for options in (("--source", "ca-dncl"), ("--list", "dnc-list-02", "--new-list")):
        done = folder.dnc("import", "all.txt", *TO, *options, "--snapshot", "--retrieved-at", "2026-11-20")
        assert done.code == 0, done.err
    after = folder.files()
    assert {path: after[path] for path in before if path != "all.txt"} == {
        path: data for path, data in before.items() if path != "all.txt"
    }
    assert released(folder) == {}


def test_rows_that_cannot_be_read_let_nothing_off(folder, snapshot):
    snapshot(flat(("212", 50), ("213", 50)), "2026-10-20")
    done = snapshot(flat(("212", 49), ("213", 50)) + "212,555014\n")
    assert done.code == 8
    assert "212 is released: it lost 1, and they may be where no number can be read: line 100" in done.err
    assert "area code 213" not in done.err
    assert released(folder) == {}
    assert len(numbers(folder)) == 100


def test_rows_that_are_refused_or_ignored_keep_their_number(folder, snapshot):
    snapshot(flat(("212", 50)), "2026-10-20")
    profile = 'imports: {ftc: {ignore: {rows: {Status: [HIDDEN, "-- end --"]}}}}\n'
    folder.write("dnc.yaml", CONFIGURATION + profile)
    rows = [f"21255501{n:02d},,NATIONAL" for n in range(48)] + ["2125550148,HIDDEN,", "2125550149,,LOCAL"]
    done = snapshot(
        "\n".join(["phone,Status,reasonCode", *rows, ",-- end --,"]), "2026-11-20", "--profile", "ftc"
    )
    assert done.code == 8
    assert "line 51: LOCAL is no registry's reason: a snapshot has NATIONAL or STATE" in done.err
    assert "51 rows read, 0 added, 48 already there, 1 refused, 2 ignored" in done.err
    assert released(folder) == {}
    assert len(numbers(folder)) == 50


def test_an_older_snapshot_lets_nothing_off(folder, snapshot):
    snapshot(flat(("212", 50)), "2026-11-20T06:00:00Z")
    done = snapshot(flat(("212", 50), without=GONE), "2026-11-20T07:59:00+02:00")
    assert "the files have a newer snapshot of it, retrieved on 2026-11-20T06:00:00Z" in done.err
    assert released(folder) == {}
    assert 'retrievedAt: "2026-11-20T06:00:00Z"' in folder.read(f"{PLACE}212-0001.yaml")
    assert snapshot(flat(("212", 50), without=GONE), "2026-11-20T08:00:00+02:00").code == 0
    assert len(released(folder)) == 1


def test_a_term_that_runs_is_let_off_by_a_later_snapshot_only(folder, snapshot):
    options = (
        "--reason",
        "STATE",
        "--policy",
        "ABSOLUTE",
        "--until",
        "2026-11-19",
        "--jurisdiction",
        "US-TX",
    )
    snapshot(flat(("212", 50)), "2026-10-20", *options)
    done = snapshot(flat(("212", 50), without=GONE), "2026-11-19", *options)
    assert "+12125550107 stays on dnc-list-01: its term in the file runs until 2026-11-19" in done.err
    assert released(folder) == {}
    assert snapshot(flat(("212", 50), without=GONE), "2026-11-20", *options).code == 0
    assert set(released(folder)) == {"+12125550107"}


def test_a_term_that_runs_in_any_of_the_files_counts(folder, snapshot):
    snapshot(flat(("212", 50)), "2026-10-20")
    text = folder.read(f"{PLACE}212-0001.yaml").partition("entries:")[0].replace("../../../", "../")
    terms = "reasonCode: STATE, expirationPolicy: ABSOLUTE, source: ftc-registry"
    for name, end in (("a", "2027-01-01"), ("z", "2026-10-30")):
        entry = f'{{phone: "+12125550107", {terms}, expirationDate: {end}}}'
        folder.write(f"dnc-lists/{name}.yaml", f"{text}entries:\n  - {entry}\n")
    done = snapshot(flat(("212", 50), without=GONE))
    assert "+12125550107 stays on dnc-list-01: its term in the file runs until 2027-01-01" in done.err
    assert released(folder) == {}


def test_a_line_that_was_put_back_stays(folder, snapshot):
    snapshot(flat(("212", 50)), "2026-10-20")
    path = f"{PLACE}212-0001.yaml"
    line = '      - "+12125550107"\n'
    snapshot(flat(("212", 50), without=GONE))
    folder.write(path, folder.read(path) + line)
    before = folder.files()
    done = snapshot(flat(("212", 50), without=GONE))
    assert "+12125550107 stays on dnc-list-01: this snapshot released it before" in done.err
    assert folder.files() == before


def test_stronger_terms_take_the_place_of_weaker_ones(folder, snapshot):
    snapshot(flat(("212", 2)), "2026-10-20", "--reason", "STATE")
    done = snapshot(flat(("212", 2)))
    assert "2 rows read, 2 added, 0 already there" in done.err
    assert {terms.reason_code for terms in numbers(folder).values()} == {"NATIONAL"}
    assert folder.dnc("validate").code == 0


def test_files_hold_so_many_numbers(folder, snapshot, monkeypatch):
    monkeypatch.setattr(registry_snapshot, "MAX_FILE_NUMBERS", 40)
    snapshot(flat(("212", 60)), "2026-10-20")
    snapshot(flat(("212", 97), without=("212,5550107",)))
    sizes = {p: len(claims(d)[0]) for p, d in folder.files().items() if p.startswith(f"{PLACE}2")}
    assert sizes == {f"{PLACE}212-0001.yaml": 40, f"{PLACE}212-0002.yaml": 40, f"{PLACE}212-0003.yaml": 16}
    assert set(released(folder)) == {"+12125550107"}
    assert folder.dnc("fmt", "--check").code == 0


def test_a_file_of_several_area_codes_is_a_snapshot_too(folder, snapshot):
    listed = "".join(f'      - "+1{code}55501{n:02d}"  # of {n}\n' for code in (212, 213) for n in range(50))
    block = "registry: {name: ftc-registry, retrievedAt: 2026-10-20}  # by hand\n"
    folder.write(
        "dnc-lists/copy.yaml",
        f"{HEAD}{block}defaults: {{reasonCode: NATIONAL, expirationPolicy: NEVER, source: ftc-registry}}\n"
        f"entries:\n  - phones:\n{listed}",
    )
    done = snapshot(flat(("212", 50), without=GONE), "2026-11-01")
    assert done.code == 0, done.err
    text = folder.read("dnc-lists/copy.yaml")
    assert block in text  # area code 213 is as old as it was
    assert "+12125550107" not in text
    snapshot(flat(("212", 50), ("213", 50), without=GONE), "2026-11-20")
    text = folder.read("dnc-lists/copy.yaml")
    assert "registry: {name: ftc-registry, retrievedAt: 2026-11-20, sha256: " in text
    assert 'areaCodes: ["212", "213"]}  # by hand' in text
    assert "  # of 48" in text
    assert folder.dnc("validate").code == 0


def test_numbers_of_the_same_source_outside_any_snapshot_are_named(folder, snapshot):
    folder.write("all.txt", flat(("212", 3)))
    folder.dnc("import", "all.txt", *TO, "--batch", "old")
    done = snapshot(flat(("212", 3)))
    assert "dnc-list-01-old-0001.yaml: 3 numbers of ftc-registry are in no snapshot's file" in done.err
    assert "3 rows read, 3 added" in done.err


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        ("212,5550100\n", ("--retrieved-at", "tomorrow"), "no day or time that has come"),
        ("212,5550100\n", ("--retrieved-at", "2026-12-24"), "no day or time that has come"),
        ("212,5550100\n", ("--reason", "LOCAL"), "LOCAL is no registry's reason"),
        ("phone\n+442079460123\n", (), "no area code of +1, by which a snapshot goes"),
        ("phone,source\n2125550100,desk\n", (), "its source is another than ftc-registry"),
        ("212,5550100\n", ("--batch", "b"), "a snapshot has none"),
    ],
)
def test_what_is_no_snapshot_is_said_and_nothing_is_written(folder, snapshot, table, options, said):
    done = snapshot(table, "2026-11-20", *options)
    assert done.code in {2, 4, 8}
    assert said in " ".join(done.err.split())
    assert numbers(folder) == {}


def test_a_snapshot_names_its_registry_and_its_day(folder):
    folder.write("all.txt", "212,5550100\n")
    assert folder.dnc("import", "all.txt", *TO, "--snapshot").code == 2
    assert folder.dnc("import", "all.txt", *TO, "--retrieved-at", "2026-11-20").code == 2
    done = folder.dnc("import", "all.txt", *TO[:6], "--snapshot", "--retrieved-at", "2026-11-20")
    assert done.code == 4
    assert "name it: --source ftc-registry" in done.err


def test_a_snapshots_file_with_errors_stops_it(folder, snapshot):
    snapshot(flat(("212", 50)), "2026-10-20")
    path = f"{PLACE}212-0001.yaml"
    folder.write(path, folder.read(path).replace("    phones:", "    nonsense: 1\n    phones:"))
    before = {p: d for p, d in folder.files().items() if p != "all.txt"}
    assert snapshot(flat(("212", 49))).code == 4
    assert {p: d for p, d in folder.files().items() if p != "all.txt"} == before
