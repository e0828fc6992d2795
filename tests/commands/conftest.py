from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import Project, making
from tests.support.recorder import Recorder, recording


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A repository with an origin, a configuration and no list yet; an empty CXone."""
    with making(tmp_path) as made:
        yield made


@pytest.fixture
def attacker() -> Iterator[Recorder]:
    with recording() as server:
        yield server
