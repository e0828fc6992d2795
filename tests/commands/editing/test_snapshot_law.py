"""Whatever snapshots follow each other: nothing is let off that the newest has, or that is in doubt."""

import random

import pytest

from tests.commands.editing.test_snapshot_command import TO, numbers, released

CODES = ("212", "213", "214")
MOST_LOSS = 2


@pytest.mark.parametrize("seed", range(6))
def test_nothing_comes_off_that_the_newest_snapshot_has_or_that_is_in_doubt(folder, seed):
    rng = random.Random(seed)
    now = {code: set(range(rng.randint(50, 96))) for code in CODES}
    take(folder, now, 1)
    for day in range(2, 6):
        had, out = set(numbers(folder)), by_day(folder)
        now = {code: after(rng, now[code]) for code in CODES}
        take(folder, now, day)
        has = set(numbers(folder))
        listed = {phone(code, n) for code in CODES for n in now[code]} | {phone("415", 0)}
        gone = had - has
        assert not gone & listed
        assert listed <= has <= had | listed
        may_be_cut = cut(had - listed, now)
        for code in CODES:
            before = {number for number in had if number[2:5] == code}
            lost = before - listed
            is_sure = now[code] and len(lost) * 100 <= MOST_LOSS * len(before)
            assert gone & before == (lost if is_sure and not may_be_cut else set())
        assert by_day(folder) - out == {(number, f"2026-11-{day:02d}") for number in gone}
        assert folder.dnc("validate").code == 0


def phone(code, n):
    return f"+1{code}55501{n:02d}"


def after(rng, now):
    """Draw the next snapshot of an area code: without some of its numbers, or all, and with some more."""
    if rng.random() < 0.15:
        return set()
    fewer = min(len(now), rng.choice([0, 1, 1, 1, 2, 3]))
    return (now - set(rng.sample(sorted(now), fewer))) | set(rng.sample(range(100), rng.choice([0, 0, 2])))


def cut(lost, now):
    """Tell whether a number is missing that would stand after the last one, in its area code."""
    last = max((phone(code, n) for code in CODES for n in now[code]), default="")
    return any(number > last and number[:5] == last[:5] for number in lost)


def take(folder, now, day):
    """Take a snapshot in, twice: the second time changes nothing."""
    rows = [f"{code},55501{n:02d}\n" for code in CODES for n in sorted(now[code])]
    folder.write("all.txt", "".join(["415,5550100\n", *rows]))
    options = (*TO, "--snapshot", "--retrieved-at", f"2026-11-{day:02d}")
    assert folder.dnc("import", "all.txt", *options).code in {0, 8}
    before = folder.files()
    assert folder.dnc("import", "all.txt", *options).code in {0, 8}
    assert folder.files() == before


def by_day(folder):
    """Give every release with its day."""
    return {(number, day) for number, days in released(folder).items() for day in days}
