"""The laws of the reconciler (design, section 6), each on generated stories."""

import pytest

from tests.properties.statements import LAWS

EXAMPLES = {14: 400}


@pytest.mark.parametrize("number", LAWS, ids=lambda number: f"law_{number}")
def test_law_holds(number: int) -> None:
    LAWS[number].hold(EXAMPLES.get(number, 120))
