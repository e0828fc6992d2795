"""Python's cycle collector, kept from walking what has no cycles to find: modules, and a million claims."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """Switch the collector off for the length of a block: it would walk all that grows, again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def loading_modules() -> Iterator[None]:
    """Load modules in a block: what they make stays for good, so it is never walked, not even at the end.

    Walking it takes a sixth of the time of a small plan.
    """
    with collector_off():
        yield
    gc.freeze()
