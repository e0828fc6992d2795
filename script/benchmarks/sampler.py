"""Runs `dnc` and looks every few milliseconds at what its threads are doing.

python -m script.benchmarks.sampler SAMPLES.json plan --tenant production

A look counts as one, shared by the threads that work; where all wait, it is waiting. Each thread counts for
the innermost function of `reconciler` that it is in, with whatever library that called. A profiler that
hooks every call would make small functions look large, and sees one thread only. Processes that `dnc` starts
are not seen: to their parent they are waiting.
"""

import json
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

_STEP = 0.003  # seconds
# Files of the standard library whose functions are at the end of a stack only while they wait.
_WAITS = frozenset({"threading.py", "thread.py", "selectors.py", "socket.py", "subprocess.py", "ssl.py"})
_IMPORTS = "importlib._bootstrap"
WAITING, LOADING, OTHER = "waiting", "loading modules", "start and end"


class Sampler:
    """Looks on from a thread of its own, between `begin` and `end`."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def begin(self) -> None:
        """Look from now on."""
        self._thread.start()

    def end(self) -> dict[str, float]:
        """Look no more; give each place its share of all looks."""
        self._ended.set()
        self._thread.join()
        total = sum(self.seen.values())
        return {place: count / total for place, count in self.seen.most_common()}

    def _watch(self) -> None:
        own = threading.get_ident()
        while not self._ended.wait(_STEP):
            frames = [frame for thread, frame in sys._current_frames().items() if thread != own]  # noqa: SLF001  (there is no other way to see them)
            places = [place for frame in frames if (place := _place(frame)) != WAITING] or [WAITING]
            for place in places:
                self.seen[place] += 1 / len(places)  # type: ignore[assignment]  # a Counter holds shares too


def _place(frame: FrameType) -> str:
    """Name where a thread is: `package.module.function`, or what it does outside of the packages."""
    if Path(frame.f_code.co_filename).name in _WAITS:
        return WAITING
    step: FrameType | None = frame
    while step is not None:
        module = step.f_globals.get("__name__", "")
        if module.startswith(_IMPORTS):
            return LOADING
        if module.startswith("reconciler.") and not module.startswith("reconciler.cli.main"):
            return f"{module.removeprefix('reconciler.')}.{step.f_code.co_qualname.replace('.<locals>', '')}"
        step = step.f_back
    return OTHER


def main(out: str, arguments: list[str]) -> None:
    """Run `dnc` with these arguments, and write what was seen."""
    sampler = Sampler()
    sampler.begin()
    sys.argv = ["dnc", *arguments]
    from reconciler.cli.main import main as dnc  # noqa: PLC0415  (what loading takes is to be seen)

    code: object = 0
    try:
        dnc()
    except SystemExit as left:
        code = left.code
    finally:
        Path(out).write_text(json.dumps(sampler.end()))
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
