import pytest

from tests.unit.cxone.standin import Time, stand_in


@pytest.fixture
def script():
    with stand_in() as server:
        yield server


@pytest.fixture
def time():
    return Time()
