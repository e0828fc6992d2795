"""Where the time goes: each figure's functions by their share, and a picture by package."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from script.benchmarks import cxone
from script.benchmarks.process import run
from script.benchmarks.sampler import LOADING, OTHER, WAITING
from script.benchmarks.workload import Form, Workload, environment, make

_ROWS = 10
_LEAST = 0.01  # a share below this is drawn together with the others
_COMMANDS = {"validate": ["validate"], "plan": ["plan"], "apply": ["apply", "--yes"]}


def profiles(count: int, only: Sequence[str]) -> str:
    """Give a section for each figure that can be looked into, in Markdown."""
    parts = [_section(name, count, _sampled(name, count)) for name in only if name in _COMMANDS]
    return "\n\n".join(parts)


def _sampled(name: str, count: int) -> dict[str, float]:
    with TemporaryDirectory(prefix="dnc-bench-") as place, ExitStack() as stack:
        folder = Path(place)
        work = make(folder / "clone", count, Form.PHONES)
        url = ""
        if name != "validate":
            state = folder / "cxone.sqlite"
            if name == "plan":
                cxone.fill(state, count)
            url = stack.enter_context(cxone.serving(state))
        if name == "plan":
            run(["dnc", "apply", "--yes"], work.folder, environment(url))
        return _look(work, url, folder / "samples.json", _COMMANDS[name])


def _look(work: Workload, url: str, out: Path, arguments: Sequence[str]) -> dict[str, float]:
    command = [sys.executable, "-m", "script.benchmarks.sampler", str(out), *arguments]
    run(command, work.folder, environment(url) | {"PYTHONPATH": str(Path.cwd())})
    found: dict[str, float] = json.loads(out.read_bytes())
    return found


def _section(name: str, count: int, shares: Mapping[str, float]) -> str:
    lines = [f"#### `dnc {name}`, {count:,} numbers", "", *_picture(shares), ""]
    lines += ["| where | share |", "| --- | ---: |"]
    places = list(shares.items())
    lines += [f"| `{place}` | {share:.0%} |" for place, share in places[:_ROWS]]
    lines.append(f"| {len(places) - _ROWS} others | {sum(share for _, share in places[_ROWS:]):.0%} |")
    return "\n".join(lines)


def _picture(shares: Mapping[str, float]) -> Iterator[str]:
    """Draw the shares by package, as Mermaid, which GitLab shows."""
    rooms: Counter[str] = Counter()
    for place, share in shares.items():
        room = place if place in {WAITING, LOADING, OTHER} else place.partition(".")[0]
        rooms[room] += share  # type: ignore[assignment]  # a Counter holds shares too
    yield from ("```mermaid", "pie showData")
    for room, share in rooms.most_common():
        if share >= _LEAST:
            yield f'    "{room}" : {100 * share:.0f}'
    yield "```"
