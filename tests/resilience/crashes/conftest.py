import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import Project, making
from tests.support.victim import in_real_time


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A repository and an empty CXone, both on the machine's clock; small chunks, two at a time."""
    with making(tmp_path) as made:
        in_real_time(made).tenant(chunkSize=3, concurrency=2)
        yield made


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Let an interrupt reach what a test starts, also where a shell has this run ignore it (`&`, nohup)."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
