"""script/exhaust: every history of a few events for one number on two lists; nobody is exposed in any.

The pure core (planning and apply) decides, CXone and the reports are in memory, and the oracle of the
properties knows who asked for what. Of the alphabet's core every history of so many events is played, of
the whole alphabet every history of one event fewer. Exit 1 with the shortest history that exposes the number.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from script.exhausting.events import ALPHABETS, Event
from script.exhausting.search import Found, exhaust


def main() -> None:
    """Play all, print the figures in the last line."""
    asked = _options()
    began = time.monotonic()
    parts = []
    for name, most in (("core", asked.events), ("whole", asked.events - 1)):
        alphabet = ALPHABETS[name]
        for length in range(1, most + 1):  # the shortest that goes wrong is found first
            found = exhaust(name, length, asked.workers)
            figures = f"{found.histories:,} histories, {found.states:,} states, {found.runs:,} runs"
            print(f"{name} alphabet, {length} events: {figures}", flush=True)
            if found.wrong:
                sys.exit(spell(found, alphabet))
        parts.append(f"{found.histories:,} histories of {most} of {len(alphabet)} events")
    seconds = time.monotonic() - began
    print(f"{' and '.join(parts)}: no number is off without permission; {seconds:,.0f} s")


def spell(found: Found, alphabet: Sequence[Event]) -> str:
    """Say a history in words."""
    steps = "\n".join(f"  {n}. {alphabet[place].words}" for n, place in enumerate(found.path, 1))
    return f"{found.wrong}\n{steps}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/exhaust", description=__doc__)
    parser.add_argument("--events", type=int, default=5, help="how long histories are")
    parser.add_argument("--workers", type=int, default=2, help="how many processes")
    asked = parser.parse_args()
    if asked.events < 2 or asked.workers < 1:  # noqa: PLR2004  (the whole alphabet has one event fewer)
        parser.error("two events and one worker at least")
    return asked


if __name__ == "__main__":
    main()
