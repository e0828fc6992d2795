from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import Project, making
from tests.support.victim import in_real_time


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A repository and an empty CXone, both on the machine's clock."""
    with making(tmp_path) as made:
        yield in_real_time(made)
