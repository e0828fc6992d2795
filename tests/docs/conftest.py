from datetime import date

import pytest

from reconciler.core.planning.plan import Heading


@pytest.fixture
def heading():
    return Heading("0", "sandbox", None, None, None, date(2026, 11, 23), "")
