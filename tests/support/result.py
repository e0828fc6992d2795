"""What a call of `dnc` left behind, and how a test reads it."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """What a call of `dnc` left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def changes(self) -> list[tuple[Any, ...]]:
        """The plan's changes: action, direction, reason, numbers, and what blocks them."""
        return [
            (c["action"], c["direction"], c["reason"], c["phones"], c["blocked_by"])
            for c in self.json["changes"]
        ]

    @property
    def drift(self) -> list[tuple[str, list[str]]]:
        return [(d["kind"], d["phones"]) for d in self.json["drift"]]

    @property
    def outcomes(self) -> dict[str, int]:
        """What became of an apply's numbers."""
        return self.json["outcomes"]

    def counts(self) -> dict[str, int]:
        """The plan's summary, without zeros."""
        return {name: number for name, number in self.json["summary"].items() if number}
