"""script/soak: random histories of merge requests, agents' acts, faults, deaths and races.

Each ends in exact convergence, with nobody exposed at any request on the way, and a chain that verifies.
"""

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from script.soaking.story import play


def main() -> None:
    """Play the histories, print the figures; exit 1 when one went wrong."""
    asked = _options()
    seeds = range(asked.seed, asked.seed + asked.histories)
    print(
        f"{asked.histories} histories of {asked.rounds} rounds, seeds {seeds[0]} to {seeds[-1]}", flush=True
    )
    began = time.monotonic()
    figures: Counter[str] = Counter()
    failed: dict[int, str] = {}
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(play, seed, asked.rounds): seed for seed in seeds}
        for number, done in enumerate(as_completed(running), 1):
            seed = running[done]
            found, wrong = done.result()
            figures += found
            if wrong:
                failed[seed] = wrong
                print(f"seed {seed}: {wrong}", flush=True)
            if number % 20 == 0:
                print(f"{number} of {asked.histories}, {len(failed)} failed", flush=True)
    for name, count in sorted(figures.items()):
        print(f"{count:>9,}  {name}")
    print(f"{time.monotonic() - began:>9,.0f}  seconds")
    if failed:
        again = f"script/soak --rounds {asked.rounds} --histories 1 --seed SEED"
        sys.exit(f"{len(failed)} of {asked.histories} failed: seeds {sorted(failed)}; again: {again}")
    print(f"all {asked.histories} converged, with nobody exposed on the way")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__)
    parser.add_argument("--histories", type=int, default=200, help="how many")
    parser.add_argument("--rounds", type=int, default=8, help="how long each is")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the first one")
    parser.add_argument("--workers", type=int, default=2, help="how many at once")
    asked = parser.parse_args()
    if asked.histories < 1:
        parser.error("one history at least")
    return asked


if __name__ == "__main__":
    main()
