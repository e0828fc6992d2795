"""The clone and its origin that these tests work in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clones import _nobody, _pattern, clone, origin  # noqa: F401  (fixtures)
from tests.support.project import Project, making


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A repository with an origin, a configuration and no list yet; an empty CXone."""
    with making(tmp_path) as made:
        yield made
