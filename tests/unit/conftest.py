"""What the tests of the files share: the packaged rules, and a date to look from."""

import json
from collections.abc import Callable
from datetime import date

import pytest

from reconciler.lists.reader import Lists, Source, read_lists
from reconciler.rules.rule_set import Rules, _packaged, load_rules

AS_OF, LATEST = date(2026, 11, 23), date(2026, 11, 24)
RULES = load_rules({})


@pytest.fixture(scope="session")
def rules() -> Rules:
    return RULES


@pytest.fixture
def read(rules: Rules) -> Callable[..., Lists]:
    """Read texts as files a.yaml, b.yaml, … Their numbers are fictional, as those of all tests."""

    def reading(*texts: str, rules: Rules = rules, as_of=AS_OF, examples=lambda _: True) -> Lists:
        sources = [Source(f"{chr(97 + n)}.yaml", text.encode()) for n, text in enumerate(texts)]
        return read_lists(sources, rules, as_of=as_of, latest=LATEST, is_example=examples)

    return reading


def entry(**keys):
    """Write a list with one entry."""
    usual = {"phone": "+12125550101", "reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "ABSOLUTE"}
    return json.dumps({"listId": "a", "entries": [usual | keys]}, ensure_ascii=False)


def us(rule, **changes):
    """Give the packaged US rules, one of them changed."""
    content = json.loads(_packaged()["regulations/us.json"])
    next(member for member in content["allOf"] if member["id"] == rule).update(changes)
    return {"regulations/us.json": json.dumps(content).encode()}
