"""Every law of the reconciler, on generated stories."""

import pytest

from tests.properties.catalogue import LAWS

EXAMPLES = {"live_from_first_entry_to_last_permission": 400}


@pytest.mark.parametrize("name", LAWS)
def test_law_holds(name: str) -> None:
    LAWS[name].hold(EXAMPLES.get(name, 120))
