"""What the tests of the files share: the packaged rules, and a date to look from."""

from collections.abc import Callable
from datetime import date

import pytest

from reconciler.desired.lists import Lists, Source, read_lists
from reconciler.desired.schema import Rules, load_rules

AS_OF, LATEST = date(2026, 11, 23), date(2026, 11, 24)
RULES = load_rules({})


@pytest.fixture(scope="session")
def rules() -> Rules:
    return RULES


@pytest.fixture
def read(rules: Rules) -> Callable[..., Lists]:
    """Read texts as files a.yaml, b.yaml, …"""

    def reading(*texts: str, rules: Rules = rules) -> Lists:
        sources = [Source(f"{chr(97 + n)}.yaml", text.encode()) for n, text in enumerate(texts)]
        return read_lists(sources, rules, as_of=AS_OF, latest=LATEST)

    return reading
