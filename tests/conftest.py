"""What holds for every test."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_as_at_the_start() -> Iterator[None]:
    """Undo what a call of `dnc` in this process configured: it would silence the logs of the next test."""
    yield
    structlog.reset_defaults()
