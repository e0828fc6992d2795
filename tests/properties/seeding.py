"""How a fault is seeded: a function gets the code of its own source with one thing changed."""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any


@dataclass(frozen=True)
class Fault:
    """In `of`, `good` becomes `bad`. `laws` are tried in turn; `tests` are `module.test` without fixtures."""

    name: str
    of: Any
    good: str
    bad: str
    laws: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@contextmanager
def seeded(fault: Fault) -> Iterator[None]:
    """Let the function run with the fault in it, wherever it has been imported to."""
    function = _function(fault.of)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(fault.good) == 1, f"{fault.name}: the code has changed, say the fault anew"
    lines = source.replace(fault.good, fault.bad).splitlines()
    while lines[0].startswith("@"):
        lines.pop(0)
    space: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + "\n".join(lines), function.__globals__.copy(), space)
    (mutant,) = [made for made in space.values() if isinstance(made, FunctionType)]
    whole = function.__code__
    function.__code__ = mutant.__code__
    try:
        yield
    finally:
        function.__code__ = whole


def _function(of: Any) -> FunctionType:
    inner: Callable[..., Any] = getattr(of, "fget", None) or getattr(of, "func", None) or of
    assert isinstance(inner, FunctionType)
    return inner
