"""A68: whatever damage a snapshot's file has, it releases no number that is not really gone."""

import random

import pytest

from tests.commands.editing.test_snapshot_command import TO, numbers, released
from tests.commands.editing.test_snapshot_doubt import text

CODES = ("212", "213", "214")
NOTES = ("ok", "see file", '"a, b"', '"said ""no"""', "", "2026-11-20")


def draw(rng):
    """Draw a registry's table, in one of the forms, and its next snapshot with the numbers really gone."""
    style = rng.choice([{}, {"end": "\r\n"}, {"end": "\r"}, {"delimiter": "\t"}, {"delimiter": ";"}])
    is_flat = rng.random() < 0.3
    if is_flat:
        style = {"end": rng.choice(["\n", "\r\n"])}
    everything = [f"{code}55501{n:02d}" for code in CODES for n in range(60)]
    gone = {rng.choice([n for n in everything[:-1] if n.startswith(code)]) for code in CODES[:2]}

    def row(number):
        return [number[:3], number[3:]] if is_flat else [number, rng.choice(NOTES)]

    head = [] if is_flat else [["Phone", "Note"]]
    before = text([*head, *map(row, everything)], **style)
    return before, text([*head, *(row(n) for n in everything if n not in gone)], **style), gone


def quotes(rng, data):
    """Insert an odd number of quotes: not every one of them can be one of a pair."""
    for _ in range(rng.choice([1, 1, 3])):
        at = rng.randrange(len(data))
        data = data[:at] + b'"' + data[at:]
    return data


def opened(rng, data):
    """Let a cell open a quote, and a later one close it, or none."""
    places = [at for at, byte in enumerate(data[:-1]) if byte in b",;\t\r\n"]
    first, last = sorted(rng.sample(places, 2))
    closed = data[:last] + b'"' + data[last:] if rng.random() < 0.5 else data
    return closed[: first + 1] + b'"' + closed[first + 1 :]


def cut(rng, data):
    return data[: rng.randrange(len(data) // 2, len(data))]


def cut_at_a_line_end(rng, data):
    end = b"\n" if b"\n" in data else b"\r"
    kept = data.split(end)[: -1 - rng.randint(1, 3)]
    return end.join(kept) + end


def joined(rng, data):
    """Drop a line end."""
    end = next(mark for mark in (b"\r\n", b"\n", b"\r") if mark in data)
    lines = data.split(end)
    at = rng.randrange(len(lines) - 1)
    return end.join([*lines[:at], lines[at] + lines[at + 1], *lines[at + 2 :]])


def bytes_dropped(rng, data):
    """Drop fewer bytes than a line has, anywhere: it may be harmless, in a note."""
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.randint(1, 5) :]


@pytest.mark.parametrize("damage", [quotes, opened, cut, cut_at_a_line_end, joined, bytes_dropped])
@pytest.mark.parametrize("seed", range(6))
def test_damage_releases_nothing(folder, damage, seed):
    """A68: a scan of the raw bytes for digits, which knows nothing of tables, is the judge."""
    rng = random.Random(f"{damage.__name__} {seed}")
    before, after, gone = draw(rng)
    take(folder, before.encode(), "2026-10-20")
    had = set(numbers(folder))
    raw = damage(rng, after.encode())
    done = take(folder, raw, "2026-11-20")
    off = {number.removeprefix("+1") for number in released(folder)}
    assert not {number for number in off if number in digits(raw)}, done.err
    assert had - set(numbers(folder)) == {f"+1{number}" for number in off}
    assert off in (set(), gone) if damage is bytes_dropped else off == set(), done.err
    assert done.code in ({0, 4, 8} if damage is bytes_dropped else {4, 8})


@pytest.mark.parametrize("seed", range(4))
def test_without_damage_what_is_gone_is_released(folder, seed):
    """A68: the same tables without damage are accounted for."""
    before, after, gone = draw(random.Random(seed))
    take(folder, before.encode(), "2026-10-20")
    assert take(folder, after.encode(), "2026-11-20").code == 0
    assert {number.removeprefix("+1") for number in released(folder)} == gone


def digits(raw):
    return "".join(chr(byte) for byte in raw if chr(byte).isdigit())


def take(folder, raw, at):
    folder.write("all.csv", raw)
    return folder.dnc("import", "all.csv", *TO, "--snapshot", "--retrieved-at", at, "--max-loss", "2")
