"""A broken list file holds back only itself: the others' opt-outs go live, and nothing is taken off."""

import pytest

from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

A, B, C, D, E = (phone(n) for n in range(5))
BROKEN = "dnc-lists/broken.yaml"
HEAD = f"listId: {LIST}\n"


def item(number: str, reason: str = "LOCAL", more: str = "") -> str:
    return (
        f'  - phone: "{number}"\n    reasonCode: {reason}\n    expirationPolicy: NEVER\n    source: x\n{more}'
    )


def text(*items: str, head: str = HEAD) -> str:
    return f"{head}entries:\n{''.join(items)}"


# What the file becomes, and which of B (applied before) and C (new beside the error) are then live.
KINDS = {
    "no YAML": (text(item(B), item(C)) + "  foo\n : -\n", (B,), ""),
    "a tab": (f"{HEAD}entries:\n\t{item(B)}", (B,), ""),
    "empty": ("", (B,), ""),
    "no listId": (text(item(B), item(C), head=""), (B,), ""),
    "a listId that is none": (text(item(B), item(C), head="listId: a b\n"), (B,), "/listId"),
    "conflict marks": (f"<<<<<<< HEAD\n{text(item(B))}=======\n{text(item(C))}>>>>>>> x\n", (B,), ""),
    "not UTF-8": (text(item(B), item(C)).encode() + b"# \xff\n", (B,), ""),
    "a reason that is none": (text(item(B), item(C), item(D, "LOCALL")), (B, C), "/entries/2/reasonCode"),
    "a number that is none": (text(item(B), item(C), item("+1212555")), (B, C), "/entries/2/phone"),
    "its own entry is broken": (text(item(B, "LOCALL"), item(C)), (B, C), "/entries/0/reasonCode"),
    "its own number is broken": (text(item(B[:-1] + "x"), item(C)), (B, C), "/entries/0/phone"),
    "a key that nobody knows": (
        text(item(B), item(C), item(D, more="    foo: 1\n")),
        (B, C),
        "/entries/2/foo",
    ),
    "a key twice": (text(item(B), item(C), item(D, more="    source: y\n")), (B, C), ""),
    "a day to come": (
        text(item(B), item(C), item(D, more="    requestedOn: 2027-01-01\n")),
        (B, C),
        "/entries/2/",
    ),
    "a section that nobody knows": (text(item(B), item(C)) + "foo: 1\n", (B, C), "/foo"),
    "defaults": (
        text(
            item(B),
            item(C),
            f'  - phone: "{D}"\n    expirationPolicy: NEVER\n',
            head=HEAD + "defaults: {reasonCode: X}\n",
        ),
        (B, C),
        "/defaults/reasonCode",
    ),
    "numbers in one entry": (
        text(item(B).replace(f'phone: "{B}"', f'phones: ["{B}", "+1212555", "{C}", 7]')),
        (B, C),
        "/entries/0/phones/1",
    ),
    "a number twice": (text(item(B), item(C), item(C, "NATIONAL"), item(C)), (B, C), "/entries/2/phone"),
    "entries that are no list": (f"{HEAD}entries: {{a: 1}}\n", (B,), "/entries"),
    "a file that no tenant reaches": (text(item(B), item(C)), (B, C), ""),
}


@pytest.fixture
def applied(project: Project) -> Project:
    project.list(entry(A, B, E), name="main", commit=False)
    project.list(entry(A, E), name="main", commit=False)
    project.write(BROKEN, text(item(B)))
    project.commit()
    project.apply()
    project.clock.move(days=1)
    return project


def break_file(project: Project, kind: str) -> None:
    data = KINDS[kind][0]
    if kind == "a file that no tenant reaches":
        project.write("dnc-lists/other.yml", "listId: x\nentries: []\n")
    (project.folder / BROKEN).write_bytes(data.encode() if isinstance(data, str) else data)
    project.commit()


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_broken_is_held_back(applied: Project, kind: str):
    """The rest is sent, E's release waits, exit 8 names file and line, and B is restored."""
    _, live, pointer = KINDS[kind]
    applied.list(entry(A, D), releases=[release(E)], commit=False)
    break_file(applied, kind)
    applied.plan(code=4)
    applied.agent("remove", B)
    done = applied.apply(code=8)
    assert set(applied.live()) == {A, D, E, *live}
    report = applied.newest
    assert report["status"] == "partial"
    rows = report["invalid"]
    assert {row["file"] for row in rows} == {BROKEN if "reaches" not in kind else "dnc-lists/other.yml"}
    assert any(row["path"].startswith(pointer) for row in rows)
    assert {row["held_at"] for row in rows} == {applied.git("rev-parse", "HEAD~1")}
    assert [(row["phones"], row["blocked_by"]) for row in done.json["blocked"]] == [([E], ["invalid-files"])]
    assert [row["phones"] for row in report["restored"]] == (
        [[B]] if "number is broken" in kind or live else []
    )
    said = applied.run("apply", "--yes", CI="").out
    assert "NOT APPLIED: " in said
    assert f"  {rows[0]['file']}:" in said


def test_it_stays_so_until_it_is_mended(applied: Project):
    """What it last applied stands, however many runs ago, and nothing is let off when it is mended."""
    first = applied.head
    break_file(applied, "no YAML")
    for day in range(3):
        applied.list(entry(A, E, *(phone(20 + n) for n in range(day + 1))))
        applied.apply(code=8)
        applied.clock.move(days=1)
        assert applied.newest["invalid"][0]["held_at"] == first
    drifted = applied.run("drift")
    assert (drifted.code, drifted.out.splitlines()[-1]) == (
        0,
        "production: no drift. 1 error in the files: those entries are left out.",
    )
    assert "as git says" not in applied.run("apply").err
    applied.write(BROKEN, text(item(B), item(C)))
    applied.commit()
    applied.apply()
    assert {B, C} <= set(applied.live())
    assert applied.newest["invalid"] == []
    assert applied.newest["kept"] == []


def test_what_was_refused_once_is_not_excused_by_having_stood_there(applied: Project):
    """A refused entry of the revision before was not applied: it is refused again, not called in force."""
    wrong = item(C, "CUSTOMER_REQUESTED").replace("NEVER", "ABSOLUTE") + "    expirationDate: 2027-01-01\n"
    applied.write(BROKEN, text(item(B), wrong))
    applied.commit()
    applied.apply(code=8)
    applied.list(entry(A, E, D))
    applied.apply(code=8)
    assert C not in applied.live()
    assert applied.newest["invalid"][0]["rule"] == "US-FED-03"


def test_a_line_that_vanishes_from_a_broken_file_stands(applied: Project):
    applied.write(BROKEN, text(item(D, "LOCALL")))
    applied.commit()
    applied.apply(code=8)
    assert B in applied.live()
    applied.write(BROKEN, text(item(D)))
    applied.commit()
    applied.apply(code=6)  # mended, it is a line that is gone without a release
    assert {B, D} <= set(applied.live())
    assert applied.newest["kept"][0]["blocked_by"] == ["no-release"]


def test_a_release_that_is_broken_is_left_out_and_no_more(applied: Project):
    """Exit 6: a number stays on that should come off; nobody is unprotected."""
    wrong = f'  - phone: "{B}"\n    releasedOn: 2027-01-01\n    reason: CONSENT_GIVEN\n    evidence: X\n'
    applied.write(BROKEN, text(item(C)) + "releases:\n" + wrong)
    applied.commit()
    applied.apply(code=6)
    assert {B, C} <= set(applied.live())
    applied.write(BROKEN, text(item(C)) + "releases:\n" + wrong.replace("2027-01-01", "2026-11-24"))
    applied.commit()
    applied.clock.move(days=1)
    applied.apply()
    assert B not in applied.live()


def test_a_hold_in_a_file_that_breaks_holds_on(applied: Project):
    hold = f'{HEAD}holds:\n  - matter: CASE-7\n    from: 2026-11-01\n    phones: ["{E}"]\n'
    applied.write("dnc-lists/holds.yaml", hold)
    applied.commit()
    applied.apply()
    applied.write("dnc-lists/holds.yaml", hold + "  foo\n : -\n")
    applied.list(entry(A), releases=[release(E)])
    applied.apply(code=8)
    assert E in applied.live()
    applied.clock.move(days=3)
    applied.apply(code=8)
    assert E in applied.live()
    assert applied.newest["lingering_holds"] == []


def test_nothing_held_and_a_broken_file(project: Project):
    """The first run sends what is not broken."""
    project.list(entry(A))
    project.write(BROKEN, text(item(B), item(C, "LOCALL")))
    project.commit()
    project.apply(code=8)
    assert set(project.live()) == {A, B}
    assert project.newest["invalid"][0]["held_at"] is None


def test_configuration_that_is_broken_stops_the_run(applied: Project):
    applied.write("dnc.yaml", "tenants: [\n")
    applied.commit()
    applied.apply(code=4)
